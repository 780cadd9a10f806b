//! The link to a client's ERP: every invoiced order reaches it, once, whatever happens.
//!
//! Invariants: what is told of an order is a row in the transaction of what happened to it (a trigger on `events`
//! writes it), and the same key over all its attempts. An attempt is written before its bytes leave; of one that
//! ended without an answer nobody knows, and the ERP is asked by that key before it is sent again. An order's
//! versions go one after the other. One job at a time sends for a client, and holds neither a transaction nor a
//! worker's hand while it waits: whoever is slow or dead holds up nobody else.

mod answers;
mod asking;
mod asking_http;
mod backoff;
mod breaker;
mod callbacks;
mod config;
mod cron;
mod error;
mod hands;
mod http;
mod lists;
mod many;
mod mock_stock;
mod model;
mod of_all;
mod of_all_http;
mod payload;
mod ranks;
mod repo;
mod sending;
mod syncing;
mod trying;
mod turn;

pub use cron::ReleaseErpSyncs;
pub use many::RetryFailedSyncs;
pub use sending::SyncWithErp;

use crate::platform::http::Route;

pub fn routes() -> Vec<Route> {
    [http::routes(), asking_http::routes(), of_all_http::routes()].concat()
}
