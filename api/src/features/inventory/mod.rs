//! Stock: what comes in, what goes out, and what it cost.
//!
//! Invariants: stock never goes below zero; a product's value is what its units cost at moving
//! weighted average, to the minor unit, and nothing on hand is worth nothing; every change has
//! its movement, and its entry in the journal where it is worth something: adjustments post theirs,
//! orders what they sell; and an event where it comes down to the low-stock threshold. Stock rows are
//! locked in the order of their products' ids, so that orders which cross each other wait instead of
//! deadlocking.

mod adjustments;
mod bulk;
mod error;
mod exchange;
mod http;
mod model;
mod repo;
mod service;

pub use bulk::{BulkOpening, open_all_in, open_empty_in};
pub use error::{INSUFFICIENT_STOCK, InventoryError};
pub use exchange::{Exchange, Exchanged, exchange, exchange_in, hold_in, look_in};
pub use http::routes;
pub use model::{Demand, Level, Shortage, unit_cost};
pub use repo::kind_of;
pub use service::{
    Back, Opening, Origin, PutBack, Taken, check_opening, fulfil_in, open_in, put_back_in, record_back_in,
    record_sale_in, take_in,
};
