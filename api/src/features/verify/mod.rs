//! Proving a database right, as of one moment and while the service runs: `countinghouse verify
//! books` reads everything that has to agree and says what does not, `verify audit` every audit log
//! and says what is not as it was sealed.
//!
//! Neither trusts a rule of the service or the database: what a trigger or CHECK keeps is looked at
//! all the same, since a restore or a hand may have gone past it.

mod audit;
mod books;
mod checks;
mod memory;
mod repo;

pub use audit::{AuditError, Report as AuditReport, audit};
pub use books::{Finding, Report, Summary, books};
