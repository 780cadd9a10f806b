//! Nginx in front, with the configuration of `deployment/nginx`: what it lets through, what it refuses,
//! and that nobody notices when a copy of the service behind it goes. Skipped, loudly, where there is no
//! Nginx; with `REQUIRE_NGINX` set, failed.

mod callers;
mod copies;
mod http2;
mod passing;
mod refusals;
mod smuggling;
mod stub;
mod tls;

/// A path of a route's pattern.
fn path_of(pattern: &str) -> String {
    pattern.split('/').map(|part| if part.starts_with('{') { "x1" } else { part }).collect::<Vec<_>>().join("/")
}
