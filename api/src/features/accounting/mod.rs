//! The books: what every movement of goods and money comes to, in double entry.
//!
//! Invariants: an entry balances, has at least two lines, and is never changed: it is corrected by
//! further entries. Entries are numbered without a gap, in the order of their commits. None is
//! dated in a closed month, since posters share a lock that closing takes alone. Control accounts
//! are posted to by the service only. All of it is kept by the database too (the migration
//! `journal`), whoever writes.

mod error;
mod http;
mod manual;
mod model;
mod opening;
mod posting;
mod repo;
mod service;

pub use error::{AccountingError, PERIOD_CLOSED};
pub use http::routes;
pub use model::{Account, Lines, NewEntry, Source, decimal};
pub use opening::{OpeningLine, enter_opening_in};
pub use posting::{local_date, post_all_in, post_in, today};
pub use service::{balances_in, check_as_of, check_days};
