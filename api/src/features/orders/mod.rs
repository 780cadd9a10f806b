//! Orders: created with their stock, all or nothing; invoiced, paid and fulfilled; edited and cancelled as
//! long as nothing of them has left, and credited for what came back.
//!
//! Invariants: an order that exists has taken its goods, and goods were taken only for an order
//! that exists; the customer, product, price and tax are kept as they were when it was placed or
//! edited; an `external_reference` exists once per channel. Every event is posted to the journal in
//! its own transaction. The database derives an order's statuses from its amounts, and refuses a
//! payment of more than is due. Invoices are frozen as issued, and their numbers have no gap: the
//! number is drawn last. Locks are taken on the customer, the order, stock rows by product, and then
//! on counters.

mod error;
mod http;
mod model;
mod repo;
mod service;

pub use error::{NOT_INVOICED, OrderError};
pub use http::routes;
pub use model::{
    Credit, IssuedInvoice, Line, Order, Part, Sums, Taxed, invoice_number_text, order_number_of, order_number_text,
};
pub use repo::{
    find_all as find_all_in, find_number as find_number_in, hold as hold_in, issued as issued_in, list as list_in,
    lock as lock_in,
};
pub use service::{Filter, create_all_in, credit_in, credit_more_in, get_in};
