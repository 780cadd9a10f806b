//! Jobs: what this process does of them, and what waits in the queue of all.

use super::{Times, times};
use crate::platform::jobs::QueueFigure;
use chrono::{DateTime, Utc};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Attempt {
    kind: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Queued {
    kind: String,
    state: String,
}

#[derive(Clone)]
pub struct Jobs {
    attempts: Family<Attempt, Counter>,
    times: Times<Kind>,
    queued: Family<Queued, Gauge>,
    oldest: Family<Kind, Gauge>,
}

impl Jobs {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let made =
            Self { attempts: Family::default(), times: times(), queued: Family::default(), oldest: Family::default() };
        registry.register("job_attempts", "Attempts at jobs", made.attempts.clone());
        registry.register("job_seconds", "How long attempts took", made.times.clone());
        registry.register("jobs", "Jobs in the queue", made.queued.clone());
        registry.register(
            "jobs_oldest_waiting_seconds",
            "For how long the oldest job has been due that nobody has taken",
            made.oldest.clone(),
        );
        made
    }

    pub fn attempted(&self, kind: &str, outcome: &'static str, took: Duration) {
        self.attempts.get_or_create(&Attempt { kind: kind.to_owned(), outcome }).inc();
        self.times.get_or_create(&Kind { kind: kind.to_owned() }).observe(took.as_secs_f64());
    }

    /// What stands in the queue now. Where nobody could look, nothing is said of it.
    pub(super) fn set_queue(&self, figures: &[QueueFigure], now: DateTime<Utc>) {
        self.queued.clear();
        self.oldest.clear();
        for QueueFigure { kind, state, jobs, oldest_due } in figures {
            self.queued.get_or_create(&Queued { kind: kind.clone(), state: state.clone() }).set(*jobs);
            if let Some(since) = oldest_due {
                let seconds = (now - *since).num_seconds().max(0);
                self.oldest.get_or_create(&Kind { kind: kind.clone() }).set(seconds);
            }
        }
    }
}
