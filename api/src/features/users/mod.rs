//! A client's people, run by the client.
//!
//! Invariants: nobody gives a role that can do more than they can, nor touches somebody who can;
//! there is always an owner who can log in; a deleted user's row stays, since what they made
//! names them. A change of role or state acts on the next request.

mod error;
mod http;
mod repo;
mod service;

pub use http::routes;
pub use repo::list as list_in;
pub use service::exists_in;
