//! Countinghouse, the service: one library and one thin binary around it.
//!
//! Read in this order: `routes` is the product on one screen, `app` is what a running service
//! holds, `server` is how HTTP reaches it. `platform` has no business meaning; `features` hold
//! the business, one folder each, and their `mod.rs` is the only door.

pub mod app;
pub mod config;
pub mod features;
pub mod jobs;
pub mod mock_erp;
pub mod platform;
pub mod routes;
mod schema;
pub mod server;
