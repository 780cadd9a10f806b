//! Imports: files of products, customers, opening stock, opening balances and past orders.
//!
//! A file is taken in at once, and read by a job; what is in it goes through the same checks as single requests
//! do, by functions at the doors of the features, and is entered in the name of whoever brought it.
//!
//! Invariants: an import that is all or nothing enters everything in one transaction, the one that ends it; one
//! that skips what is bad enters some rows at a time, and how far it is stands in the same transaction as they:
//! so a worker that dies leaves nothing half, and nothing is entered twice. A dry run enters nothing. The file is
//! deleted when the import ends.

mod error;
mod http;
mod jobs;
mod kinds;
mod model;
mod record;
mod repo;
mod service;

pub use http::routes;
pub use jobs::ReadImport;
