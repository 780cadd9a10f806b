//! Orders: created with their stock, all or nothing; listed and read.
//!
//! Invariants: an order that exists has taken its goods, and goods were taken only for an order
//! that exists; lines keep the product as it was when it was sold; an `external_reference` exists
//! once per channel. Locks are taken on stock rows by product, nothing is locked after.

mod error;
mod http;
mod model;
mod repo;
mod service;

pub use http::routes;
