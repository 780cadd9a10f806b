//! Reports: what was earned, what is owned and owed, and how long stock has been lying there.
//!
//! A feature without tables of its own: it asks accounting at its door, and reads stock, each
//! report in one transaction. Amounts add up within a report: the balance sheet balances, and the
//! profit of all time is its earnings to date.

mod aging;
mod books;
mod error;
mod http;
mod repo;

pub use http::routes;
