//! Requests: how many, how they ended, how long they took.

use super::{Times, times};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    /// The pattern, never the path.
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Code {
    code: &'static str,
}

/// What happened at the public port.
#[derive(Clone)]
pub struct Requests {
    answers: Family<Answer, Counter>,
    times: Times<Route>,
    problems: Family<Code, Counter>,
    in_flight: Gauge,
}

/// Counts a request as under way until it is dropped: a caller who goes away ends it too.
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Requests {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let made = Self {
            answers: Family::default(),
            times: times(),
            problems: Family::default(),
            in_flight: Gauge::default(),
        };
        registry.register("http_requests", "Requests that were answered", made.answers.clone());
        registry.register("http_request_seconds", "How long answers took", made.times.clone());
        registry.register("http_problems", "Problems that were answered, by their code", made.problems.clone());
        registry.register("http_requests_in_flight", "Requests being worked on", made.in_flight.clone());
        made
    }

    pub fn begin(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    pub fn answered(&self, method: &'static str, route: Option<String>, status: u16, took: Duration) {
        let route = route.unwrap_or_else(|| "none".to_owned());
        self.times.get_or_create(&Route { method, route: route.clone() }).observe(took.as_secs_f64());
        self.answers.get_or_create(&Answer { method, route, status }).inc();
    }

    pub fn problem(&self, code: &'static str) {
        self.problems.get_or_create(&Code { code }).inc();
    }
}
