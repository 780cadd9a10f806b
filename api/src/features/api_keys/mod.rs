//! Keys of a client's software, which acts in the name of who made its key.
//!
//! Invariants: a key never may more than its maker may now; its secret is shown once and kept as a
//! hash; one that was revoked or has expired is dead on the next request. Keys are made and
//! revoked by people.

mod error;
mod http;
mod repo;
mod service;

pub use http::routes;
