//! What superadmins look after over all clients, beside the clients themselves: the work behind the requests.
//!
//! Invariants: a list over all clients goes by an index of its own and is written down once a session; a look inside
//! one client is in that client's audit log, each time, and whatever is done there in both logs.

mod dead_jobs;
mod door;
mod error;
mod http;
mod live;
mod looks;
mod looks_http;
mod overview;
mod overview_http;
mod repo;

use crate::platform::http::Route;

pub fn routes() -> Vec<Route> {
    [overview_http::routes(), http::routes(), looks_http::routes(), live::routes()].concat()
}
