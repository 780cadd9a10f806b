//! Proving a database right: `countinghouse verify books` reads everything that has to agree, as
//! of one moment, and says what does not.
//!
//! It trusts no rule of the service or the database: what a trigger or CHECK keeps is looked at
//! all the same, since a restore or a hand may have gone past it.

mod books;
mod checks;
mod repo;

pub use books::{Finding, Report, Summary, books};
