//! Who came in and who did not: log-ins, limits, and requests that came again.

use crate::platform::http::ApiError;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LogIn {
    who: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Quota {
    quota: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone)]
pub struct Doors {
    log_ins: Family<LogIn, Counter>,
    refusals: Family<Quota, Counter>,
    repeats: Family<Outcome, Counter>,
}

/// Who logs in.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    User,
    Superadmin,
}

/// What became of a request with an `Idempotency-Key`.
#[derive(Clone, Copy, Debug)]
pub enum Repeat {
    /// Its answer was kept for others that may come.
    First,
    /// It got the answer of the first.
    Replayed,
    /// The key was another request's.
    Reused,
}

impl Doors {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let made = Self { log_ins: Family::default(), refusals: Family::default(), repeats: Family::default() };
        registry.register("log_ins", "Tries to log in", made.log_ins.clone());
        registry.register("rate_limit_refusals", "Requests that were too many", made.refusals.clone());
        registry.register("idempotent_requests", "Requests with an Idempotency-Key", made.repeats.clone());
        made
    }

    /// Counts a log-in as `success`, or by the code of its problem.
    pub fn logged_in<T>(&self, who: Who, result: Result<T, ApiError>) -> Result<T, ApiError> {
        let who = match who {
            Who::User => "user",
            Who::Superadmin => "superadmin",
        };
        let outcome = result.as_ref().err().map_or("success", ApiError::code);
        self.log_ins.get_or_create(&LogIn { who, outcome }).inc();
        result
    }

    pub fn refused(&self, quota: &'static str) {
        self.refusals.get_or_create(&Quota { quota }).inc();
    }

    pub fn came_again(&self, repeat: Repeat) {
        let outcome = match repeat {
            Repeat::First => "first",
            Repeat::Replayed => "replayed",
            Repeat::Reused => "reused",
        };
        self.repeats.get_or_create(&Outcome { outcome }).inc();
    }
}
