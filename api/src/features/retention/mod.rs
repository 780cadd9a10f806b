//! What is kept no longer than it is needed: logs, ended sessions, finished jobs, events, and the answers
//! that are given again.
//!
//! Each client has a job that purges by night, a thousand rows at a time; the operator's own tables are
//! a chore.

mod jobs;
mod repo;

pub use jobs::{Purge, purge_operators, purge_operators_events};
