//! What is told of an order, and how it is stored.

use super::{
    answers::{Accepted, Verdict},
    breaker::{Breaker, State},
};
use crate::platform::{
    db::Named,
    outbound::{Answered, CallError},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    ErpSyncId, OrderId,
    erp::{ErpAttemptKind, ErpSyncCause, ErpSyncStatus},
    events::ErpSyncTold,
};
use std::{collections::BTreeMap, time::Duration};

impl Named for ErpSyncStatus {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Pending, "pending"),
        (Self::Queued, "queued"),
        (Self::InProgress, "in_progress"),
        (Self::Success, "success"),
        (Self::Failed, "failed"),
        (Self::Discarded, "discarded"),
    ];
}

impl Named for ErpSyncCause {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Invoice, "invoice"),
        (Self::Edit, "edit"),
        (Self::Cancel, "cancel"),
        (Self::Return, "return"),
        (Self::Resync, "resync"),
        (Self::Request, "request"),
    ];
}

impl Named for ErpAttemptKind {
    const NAMES: &'static [(Self, &'static str)] = &[(Self::Send, "send"), (Self::LookUp, "look_up")];
}

/// A version of an order that is sent, or asked for, just now.
#[derive(Debug, Clone)]
pub struct Task {
    pub sync: ErpSyncId,
    pub order: OrderId,
    pub order_number: String,
    pub order_version: i32,
    /// With this one.
    pub attempts: i32,
    pub max_attempts: i32,
    pub key: String,
    pub payload: String,
    /// Counts the calls that were made for it.
    pub number: i32,
    pub kind: ErpAttemptKind,
}

impl Task {
    /// What others are told of it.
    pub fn told(&self) -> ErpSyncTold {
        ErpSyncTold {
            sync_id: self.sync,
            order_id: self.order,
            order_number: self.order_number.clone(),
            order_version: self.order_version.into(),
            attempts: self.attempts.into(),
        }
    }
}

/// What came of a call.
#[derive(Debug)]
pub struct Called {
    pub took: Duration,
    pub answer: Result<Answered, CallError>,
}

/// A task that ended.
#[derive(Debug)]
pub struct Ended {
    pub task: Task,
    /// `None` where its worker was lost.
    pub called: Option<Called>,
    pub verdict: Verdict,
}

/// How an order stands after an attempt.
#[derive(Debug, Clone)]
pub struct Standing {
    pub status: ErpSyncStatus,
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub outcome_unknown: bool,
    pub error: Option<String>,
    pub accepted: Accepted,
}

/// What is due, and what speaks against sending it.
#[derive(Debug, Clone)]
pub struct Due {
    pub task: Task,
    /// There is another version after it.
    pub overtaken: bool,
    /// One before it is not settled.
    pub blocked: bool,
    /// The ERP may have it, or has answered once: it is settled under its own key.
    pub begun: bool,
    /// What the ERP called the order before.
    pub erp_reference: Option<String>,
}

/// How the link stands, for people.
#[derive(Debug, Clone)]
pub struct LinkState {
    pub enabled: bool,
    pub breaker: Breaker,
    pub state: State,
    /// By status; those that are not named have none.
    pub syncs: BTreeMap<&'static str, i64>,
    /// Since when the oldest that waits has been due.
    pub oldest_due: Option<DateTime<Utc>>,
}
