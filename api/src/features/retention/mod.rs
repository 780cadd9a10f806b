//! What is kept no longer than it is needed: logs, ended sessions, finished jobs.
//!
//! Each client has one job that purges, and that stores the next one for a day later. A worker that
//! starts stores it for clients that have none.

mod jobs;
mod repo;

pub use jobs::Purge;
