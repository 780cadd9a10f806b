//! Customers: who buys, where they are, and when they pay.
//!
//! Invariants: an order keeps the customer as they were when it was made, so a change here changes
//! no order. Deleting erases the person, here and, by a trigger of the migration `whole_orders`,
//! on their orders in the same statement; what was printed on an issued invoice stays. An order
//! that is being made holds the customer's row, so that none keeps who was erased meanwhile.

mod bulk;
mod error;
mod http;
mod model;
mod repo;
mod service;

pub use bulk::{Checked, check_all, create_all_in};
pub use error::CustomerError;
pub use http::routes;
pub use model::{check_address, check_contact};
pub use service::{Snapshot, payment_terms_in, snapshot_in};
