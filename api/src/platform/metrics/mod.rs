//! What an operator sees of a running process, in the form that Prometheus reads.
//!
//! Each subject makes its metrics in one struct; `deployment/metrics.md` lists them all, and a guard
//! compares that list with what a running process says. Labels are kinds of things, like routes,
//! codes and names of quotas: never a client, a person, or anything that somebody sent, for each
//! value of a label takes memory for as long as the process lives.

mod database;
mod doors;
mod jobs;
mod outbound;
mod process;
mod requests;
mod scrape;

pub use database::{Database, Login};
pub use doors::{Doors, Repeat, Who};
pub use outbound::Outbound;
pub use requests::Requests;
pub use scrape::mount;

use chrono::{DateTime, Utc};
use jobs::Jobs;
use process::Process;
use prometheus_client::{
    encoding::text::encode,
    metrics::{family::Family, histogram::Histogram},
    registry::Registry,
};
use std::{fmt, sync::Arc};
use tokio::sync::Mutex;

/// Everything that is counted and measured; cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    pub requests: Requests,
    pub database: Database,
    pub doors: Doors,
    pub jobs: Jobs,
    pub outbound: Outbound,
    process: Process,
    registry: Arc<Registry>,
    /// What is looked up for a scrape is set and read by one at a time.
    scraping: Arc<Mutex<()>>,
}

impl Metrics {
    pub fn new(started: DateTime<Utc>) -> Self {
        let mut registry = Registry::with_prefix("countinghouse");
        Self {
            requests: Requests::register(&mut registry),
            database: Database::register(&mut registry),
            doors: Doors::register(&mut registry),
            jobs: Jobs::register(&mut registry),
            outbound: Outbound::register(&mut registry),
            process: Process::register(&mut registry, started),
            registry: Arc::new(registry),
            scraping: Arc::default(),
        }
    }

    fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// A histogram of seconds for each set of labels.
type Times<L> = Family<L, Histogram, fn() -> Histogram>;

fn times<L: Clone + Eq + std::hash::Hash>() -> Times<L> {
    // From half a millisecond, within which most requests should stay, to half a minute.
    const SECONDS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
    Family::new_with_constructor(|| Histogram::new(SECONDS))
}
