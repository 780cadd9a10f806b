//! What can be set, by flags or by the environment.

use crate::platform::crypto::Secret;
use clap::{Args, ValueEnum, value_parser};
use std::{net::SocketAddr, time::Duration};

/// What `countinghouse mock-erp --help` says.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLE)]
pub struct Options {
    /// Where it listens; port 0 is any free one, which its log names.
    ///
    /// Whoever reaches this address sees what was received and may set faults: leave it on loopback.
    #[arg(long, env = "MOCK_ERP_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    pub listen: SocketAddr,
    /// What callers have to send as X-API-KEY.
    #[arg(long, env = "MOCK_ERP_API_KEY", value_name = "KEY", value_parser = secret, hide_env_values = true)]
    pub api_key: Secret<String>,
    /// What both sides sign with: base64 of HMAC-SHA256 over the raw body, as X-Signature.
    ///
    /// Other users of the machine see what stands on a command line; they do not see the environment.
    #[arg(long, env = "MOCK_ERP_HMAC_SECRET", value_name = "SECRET", value_parser = secret, hide_env_values = true)]
    pub hmac_secret: Secret<String>,
    /// Where callbacks go, like http://127.0.0.1:8080/api/v1/erp/webhook/demo; without it none are sent.
    #[arg(long, env = "MOCK_ERP_CALLBACK_URL", value_name = "URL")]
    pub callback_url: Option<reqwest::Url>,
    /// Call back by itself with these statuses, one after the other, whenever an order was accepted.
    #[arg(long, value_name = "STATUS", value_delimiter = ',', requires = "callback_url")]
    pub callback_status: Vec<String>,
    /// How long before each of them.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 500, value_parser = value_parser!(u64).range(..=600_000))]
    pub callback_delay: u64,
    /// Whether orders can be looked up by their key, or how the lack of that shows.
    #[arg(long, value_name = "HOW", value_enum, default_value_t = LookUp::Answers)]
    pub look_up: LookUp,
    /// Be an ERP that makes another order each time, whatever the X-Idempotency-Key.
    #[arg(long)]
    pub ignore_keys: bool,
    /// Memory for what it received; of more, the oldest is forgotten.
    #[arg(long, value_name = "MEBIBYTES", default_value_t = 64, value_parser = value_parser!(u32).range(1..=4096))]
    pub keep: u32,
}

/// `GET /orders/by-key/{key}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LookUp {
    /// It answers: 200, or 404 with JSON.
    Answers,
    /// 404 with a page, as from a server that knows no such path.
    NoPage,
    /// 405, as from one that knows no GET there.
    NotAllowed,
}

const EXAMPLE: &str = "It answers, below the address where it listens:
  POST   /orders/sync                   an order; signed
  GET    /orders/by-key/{key}           what became of one; signed, over the empty body
  POST   /mock-update-stock             {\"items\": [{\"sku\": …, \"qty\": …}], \"orderIncrementId\", \"idempotencyKey\"}
and for whoever tries things out:
  GET    /                              a page of what it received
  GET    /mock/orders, /mock/orders/{erp_reference}, /mock/calls, /mock/stock
  POST   /mock/orders/{erp_reference}/callback   {\"status\": \"shipped\"}
  PUT    /mock/faults                   what goes wrong from now on; GET shows it, DELETE ends it
  DELETE /mock                          forget everything received; faults stay

The first rule that fits a call decides it. Two resets after the order was stored, then one 429, then all is well:
  curl -X PUT http://127.0.0.1:8090/mock/faults -H 'Content-Type: application/json' -d '{\"rules\": [
    {\"path\": \"/orders/sync\", \"times\": 2, \"fault\": \"reset\", \"stores\": true},
    {\"path\": \"/orders/sync\", \"times\": 1, \"fault\": {\"retry_after_seconds\": 3}}]}'
A tenth of all calls fails, the same ones each time, and every call takes 200 ms:
  … -d '{\"seed\": 7, \"rules\": [{\"percent\": 10, \"fault\": {\"status\": 503}}, {\"latency_ms\": 200}]}'
Faults: reset, wrong_json, no_reference, {\"status\": 400…599}, {\"plain_status\": 400…599}, {\"retry_after_seconds\": n},
{\"retry_after_date\": n}, {\"redirect\": url}, {\"slow_body_ms\": n}. A rule may have `path` and `order` (only what has
this in its path, only this order), `times`, `percent`, `latency_ms`, `fault`, and `stores` (the order is stored
although the answer is a fault).

An order in /mock/orders has one version for each key that it came with, and `created` says how many orders an ERP
would have made of it: more than one is what must never be.";

impl Options {
    /// For programs that start one within them.
    pub fn new(api_key: &str, hmac_secret: &str) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            api_key: Secret::new(api_key.to_owned()),
            hmac_secret: Secret::new(hmac_secret.to_owned()),
            callback_url: None,
            callback_status: Vec::new(),
            callback_delay: 0,
            look_up: LookUp::Answers,
            ignore_keys: false,
            keep: 64,
        }
    }

    pub(super) fn callback_delay(&self) -> Duration {
        Duration::from_millis(self.callback_delay)
    }
}

fn secret(text: &str) -> Result<Secret<String>, &'static str> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    if plain { Ok(Secret::new(text.to_owned())) } else { Err("letters, digits and signs of ASCII, and no blanks") }
}
