//! A client's profile: what it says of itself, how it sells, and whose pages may call the API.
//!
//! Invariants: the currency stays once amounts are kept in it; a changed policy acts on the next
//! request, since it travels with the remembered principal.

mod error;
mod http;
mod model;
mod repo;
mod service;

pub use http::routes;
