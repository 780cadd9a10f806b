//! The wire: what stands in requests and answers of the HTTP API, and nothing else.
//!
//! The service, the typed client, the console and the agent share these types. This crate knows
//! no database and no web server. Read `money` and `decimal` first: they hold the rules that the
//! other modules lean on.

pub mod accounting;
pub mod admin;
pub mod api_keys;
mod attributes;
pub mod audit;
pub mod auth;
pub mod client;
mod currencies;
pub mod customers;
pub mod dashboard;
pub mod decimal;
pub mod edits;
pub mod erp;
pub mod events;
pub mod exports;
pub mod fulfilments;
pub mod ids;
pub mod images;
pub mod imports;
pub mod inventory;
pub mod invoices;
pub mod money;
pub mod orders;
pub mod page;
pub mod patch;
pub mod payments;
pub mod problem;
pub mod products;
pub mod reports;
pub mod returns;
pub mod sessions;
pub mod users;
pub mod webhooks;

pub use attributes::Attributes;
pub use decimal::Decimal;
pub use ids::*;
pub use money::{Currency, Money, Rate};
pub use page::Page;
pub use patch::Patch;
pub use problem::Problem;
