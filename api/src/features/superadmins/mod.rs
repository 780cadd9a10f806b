//! Who runs the whole service: superadmins, their mandatory second factor and their door.
//!
//! Invariants: superadmins have tables and a database login of their own, which no tenant's
//! request can reach; there is no default account; a TOTP step counts once, and
//! five wrong codes in a row close the door for 15 minutes.

mod error;
mod http;
mod login;
mod refresh;
mod repo;
mod service;
mod sessions;

pub use http::routes;
pub use service::{Created, create};
