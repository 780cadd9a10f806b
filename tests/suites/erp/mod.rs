//! The link to clients' ERPs.
//!
//! `config` is where the ERP is, and its secrets; `sending` what it is sent, and what its answers mean; `unknown` what
//! becomes of attempts that had none; `versions` that changes of an order follow it; `crashes` that nothing is lost
//! or doubled; `privacy` how long what is told of people stays; `neighbours` that nobody waits for another's ERP;
//! `asking` what people have sent by hand, and the cron; `lists` how orders stand on their way; `callbacks` what ERPs
//! tell by themselves, and `strangers` what nobody else gets them to take;
//! `hands` what people do with what does not arrive, and `trying` what a try of the settings shows; `switches` is the
//! link as a whole, on and off, and `typed` the calls of our own client.

mod asking;
mod callbacks;
mod config;
mod crashes;
mod hands;
mod link;
mod lists;
mod neighbours;
mod privacy;
mod sending;
mod standing;
mod strangers;
mod switches;
mod trying;
mod typed;
mod unknown;
mod versions;

use countinghouse_tests::{Answer, Caller};
use reqwest::Method;
use serde_json::Value;

const SECRET: &str = "what both of us know";

async fn set(owner: &Caller, config: &Value) -> Answer {
    Answer::of(owner.request(Method::PUT, "/erp/config").json(config)).await
}
