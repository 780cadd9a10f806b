//! What the operator looks after, in the database.

mod door;
mod jobs;
mod overview;

pub use door::{end_session, failing_endpoints, session_events, sessions};
pub use jobs::{Dead, Found, dead_jobs, discard_dead, find_dead, queues, retry_dead};
pub use overview::{figures, usage};
