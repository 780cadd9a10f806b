//! Reports: what was earned, what is owned and owed, how long stock has been lying there, and the dashboard,
//! which shows a bit of everything at once.
//!
//! A feature without tables of its own: it asks accounting at its door, and reads stock, each
//! report in one transaction. Amounts add up within a report: the balance sheet balances, and the
//! profit of all time is its earnings to date.

mod aging;
mod books;
mod dashboard;
mod earnings;
mod error;
mod http;
mod repo;

pub use http::routes;
