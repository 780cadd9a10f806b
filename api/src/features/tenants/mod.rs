//! Clients of the service, as superadmins see them.
//!
//! Invariant: a client and its first owner are made in one step, or not at all.

mod error;
mod founding;
mod http;
mod repo;
mod service;

pub use error::{SLUG_TAKEN, TenantError};
pub use founding::Founding;
pub use http::routes;
pub use repo::find as find_in;
pub use service::{check_name, check_time_zone, founded};
