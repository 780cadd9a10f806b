//! Black-box suites: the product over HTTP, on real PostgreSQL and Valkey, as the shipped logins.

mod identity;
mod orders;
