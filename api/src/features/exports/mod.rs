//! Exports: what a client has, as CSV and XLSX files.
//!
//! A feature without tables of its own, like the reports. An export is read by a cursor in one transaction, so
//! it shows one moment, and written to a file as it is read; the file is sent when the transaction is over. So
//! neither the size of an export nor a slow reader costs memory or holds a connection. Costs are shown to who
//! may see them, in columns of their own at the end.

mod http;
mod repo;
mod service;

pub use http::routes;
