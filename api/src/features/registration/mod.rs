//! Clients that register themselves, where the operator switched that on (`SELF_SERVICE`).
//!
//! Invariants: what is checked is what superadmins' making of a client checks; a client and its
//! first owner are made in one step, or not at all; the app's database login does it, in a
//! transaction that is in the new client and so reaches no other.

mod http;
mod service;

pub use http::routes;
