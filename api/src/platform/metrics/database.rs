//! Connections to the database, by login: how they are used, and who waits for one.

use super::{Times, times};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    login: &'static str,
}

/// The metrics of all logins.
#[derive(Clone)]
pub struct Database {
    open: Family<Of, Gauge>,
    in_use: Family<Of, Gauge>,
    most: Family<Of, Gauge>,
    waits: Times<Of>,
    transactions: Times<Of>,
    turned_away: Family<Of, Counter>,
    failures: Family<Of, Counter>,
}

/// Those of one login, which its pool of connections calls.
#[derive(Clone, Debug)]
pub struct Login {
    open: Gauge,
    in_use: Gauge,
    waits: Histogram,
    transactions: Histogram,
    turned_away: Counter,
    failures: Counter,
}

impl Database {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let made = Self {
            open: Family::default(),
            in_use: Family::default(),
            most: Family::default(),
            waits: times(),
            transactions: times(),
            turned_away: Family::default(),
            failures: Family::default(),
        };
        registry.register("database_connections", "Connections that are open", made.open.clone());
        registry.register("database_connections_in_use", "Connections at work", made.in_use.clone());
        registry.register("database_connections_max", "Connections that there may be", made.most.clone());
        registry.register("database_wait_seconds", "How long work waited for its turn", made.waits.clone());
        registry.register(
            "database_transaction_seconds",
            "How long a transaction had its connection",
            made.transactions.clone(),
        );
        registry.register("database_turned_away", "Work whose turn did not come in time", made.turned_away.clone());
        registry.register("database_connect_failures", "Connections that did not come about", made.failures.clone());
        made
    }

    pub fn login(&self, login: &'static str, most: u32) -> Login {
        let of = Of { login };
        self.most.get_or_create(&of).set(most.into());
        Login {
            open: self.open.get_or_create_owned(&of),
            in_use: self.in_use.get_or_create_owned(&of),
            waits: self.waits.get_or_create_owned(&of),
            transactions: self.transactions.get_or_create_owned(&of),
            turned_away: self.turned_away.get_or_create_owned(&of),
            failures: self.failures.get_or_create_owned(&of),
        }
    }
}

impl Login {
    pub fn waited(&self, time: Duration) {
        self.waits.observe(time.as_secs_f64());
    }

    pub fn turned_away(&self) {
        self.turned_away.inc();
    }

    pub fn failed(&self) {
        self.failures.inc();
    }

    pub fn opened(&self) {
        self.open.inc();
    }

    pub fn closed(&self) {
        self.open.dec();
    }

    pub fn taken(&self) {
        self.in_use.inc();
    }

    pub fn given_back(&self, after: Duration) {
        self.in_use.dec();
        self.transactions.observe(after.as_secs_f64());
    }
}
