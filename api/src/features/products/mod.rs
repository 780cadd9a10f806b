//! The catalogue: what a client sells. The model feature: a new one is best begun as a copy of
//! this folder's shape.
//!
//! Invariants: a SKU is unique per client and stays taken when its product is archived; products
//! are archived, never deleted; `version` counts changes to the catalogue entry and guards
//! against lost updates (`If-Match`).

mod bulk;
mod error;
mod http;
mod model;
mod repo;
mod search;
mod service;

pub use bulk::{Checked, check_all_in, create_all_in, sku_taken};
pub use error::ProductError;
pub use http::routes;
pub use model::ForSale;
pub use service::{Filter, Wanted, for_sale_in, list_in};
