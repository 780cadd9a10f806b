//! Calls to other people's servers.

use super::{Times, times};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct To {
    to: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Called {
    to: &'static str,
    outcome: &'static str,
}

#[derive(Clone)]
pub struct Outbound {
    calls: Family<Called, Counter>,
    times: Times<To>,
}

impl Outbound {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let made = Self { calls: Family::default(), times: times() };
        registry.register("outbound_calls", "Calls to other people's servers", made.calls.clone());
        registry.register("outbound_call_seconds", "How long they took to answer", made.times.clone());
        made
    }

    pub fn called(&self, to: &'static str, outcome: &'static str, took: Duration) {
        self.calls.get_or_create(&Called { to, outcome }).inc();
        self.times.get_or_create(&To { to }).observe(took.as_secs_f64());
    }
}
