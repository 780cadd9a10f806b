//! Black-box suites: the product over HTTP, on real PostgreSQL and Valkey, as the shipped logins.

mod bad_headers;
mod bad_input;
mod bad_requests;
mod bad_values;
mod client;
mod concurrency;
mod identity;
mod inventory;
mod journal;
mod journal_backfill;
mod limits;
mod limits_without_redis;
mod operations;
mod orders;
mod process;
mod product_lists;
mod products;
mod second_factor;
mod secrets;
mod sessions;
mod suspension;
mod tenants;
mod tokens;
mod users;
mod wire;
