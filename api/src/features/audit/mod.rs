//! Reading the audit log: a client's own, and the operator's. Entries come from
//! [`platform::audit`](crate::platform::audit), in the transaction of what they tell of.

mod http;
mod model;
mod repo;

pub use http::routes;
