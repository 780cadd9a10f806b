//! What the service does behind the requests, of all clients: how the queues stand, and what died.

use crate::JobId;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /admin/jobs/queues`: how the jobs of each kind stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobQueues {
    /// By kind.
    pub data: Vec<JobQueue>,
}

/// The jobs of one kind, of all clients together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobQueue {
    /// The kind of work.
    #[schemars(example = &"sync_with_erp")]
    pub kind: String,
    /// Those whose time has come.
    pub waiting: i64,
    /// Those whose time comes later.
    pub scheduled: i64,
    /// Those that wait until their client is resumed.
    pub suspended: i64,
    /// Those that workers hold just now.
    pub running: i64,
    /// Those that were given up.
    pub dead: i64,
    /// Since when the oldest of those that wait has been due.
    pub oldest_due: Option<DateTime<Utc>>,
}

/// `GET /admin/jobs`: those that were given up, the latest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadJobQuery {
    /// One kind of work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 60))]
    pub kind: Option<String>,
    /// The slug of one client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 40))]
    pub tenant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A job that was given up, after its last attempt or since nothing helps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeadJob {
    pub id: JobId,
    /// The slug of the client.
    #[schemars(example = &"demo")]
    pub tenant: String,
    /// The kind of work.
    #[schemars(example = &"sync_with_erp")]
    pub kind: String,
    /// What it was to be done with: ids, as a rule.
    pub payload: serde_json::Value,
    pub attempts: i64,
    pub max_attempts: i64,
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
    /// When it was given up.
    pub died_at: DateTime<Utc>,
}

/// What became of a dead job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobRevived {
    /// It waits again, with all its attempts before it.
    Waiting,
    /// Another waits to do the same, or it was given up.
    Cancelled,
}

/// The answer to a retry or a discard of a dead job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobMoved {
    pub id: JobId,
    /// The slug of the client.
    #[schemars(example = &"demo")]
    pub tenant: String,
    /// The kind of work.
    #[schemars(example = &"sync_with_erp")]
    pub kind: String,
    /// How it stands now.
    pub state: JobRevived,
}

/// `POST /admin/jobs/{id}/discard`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscardJob {
    #[schemars(length(min = 1, max = 500), example = "The file was brought in again.")]
    pub reason: String,
}
