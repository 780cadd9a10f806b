//! What happens behind the requests, on one screen: every kind of job, feature by feature.

use crate::{
    features::retention,
    platform::jobs::{Handlers, Job},
};

/// All kinds of jobs.
pub fn handlers() -> Handlers {
    Handlers::default().with::<retention::Purge>()
}

/// Jobs that every client has one of; a worker that starts stores those that are missing.
pub const DAILY: [&str; 1] = [retention::Purge::KIND];
