//! A client's own roles, beside the built-in ones.
//!
//! Invariants: nobody puts a permission into a role that they do not hold, nor takes a role apart
//! that can do more than they can; a built-in role is never changed; a role that somebody has is
//! not deleted. A change acts on the next request of everybody who has the role.

mod error;
mod http;
mod repo;
mod service;

pub use http::routes;
pub use service::{check_permissions, hold_in};
