//! Returns: sold goods that come back, in whole or in parts, over as many filings as it takes.
//!
//! Invariants: what comes back of a line, over all returns, is no more than was sold: the order is
//! locked while one is filed, and the line counts in the database what came back of it. A return is
//! there with its credit note, its entry and its movements, or not at all. Parts of a line's net, tax and
//! cost are rounded cumulatively, so that the last unit that comes back closes the line to zero; what is
//! restocked comes back at the line's own cost. Shipping is credited once. What was paid is given back by
//! a refund of the order, never more than the customer is owed. An exchange is a return and a new order.

mod error;
mod http;
mod model;
mod repo;
mod service;

pub use http::routes;
