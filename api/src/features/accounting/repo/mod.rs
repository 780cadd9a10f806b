//! The books in the database.

mod accounts;
mod balances;
mod entries;
mod periods;
mod posting;

pub use accounts::{accounts, find_account, insert_account};
pub use balances::{StatementRow, account_sums, statement};
pub use entries::{EntryFilter, find_entry, list_entries, source_of};
pub use periods::{close, closed_months, reopen};
pub use posting::{Posting, PostingLine, post};
