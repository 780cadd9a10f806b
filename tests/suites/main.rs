//! Black-box suites: the product over HTTP, on real PostgreSQL and Valkey, as the shipped logins.

mod bad_input;
mod identity;
mod operations;
mod orders;
mod wire;
