//! What changed, for screens that show it at once.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An event of `GET /admin/events`, as its `data` holds it; its `id` is the sequence, its `event` the type.
///
/// Types: `tenant.created|changed|suspended|resumed`; `erp_sync.before_send|after_send|success|failed`, and
/// `erp_sync.retried|discarded`; `erp_breaker.opened|closed`; `job.dead|retried|discarded`;
/// `session.login|login_failed|logout|session_ended|refresh_reused|second_factor_locked`;
/// `webhook_endpoint.failing|recovered|disabled|enabled`; `audit.recorded`. More may come.
///
/// Two speak of the stream itself, and hold the sequence alone: `ready`, from where it goes on, and `reset`: something
/// was missed, and everything is to be read anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OperatorEvent {
    pub sequence: i64,
    #[serde(rename = "type")]
    pub kind: String,
    /// The slug of the client that it is about, if it is about one.
    pub tenant: Option<String>,
    /// What it happened to: a sync, a job, a session, an endpoint, an entry of the log, or the client.
    pub resource_id: String,
    /// Ids and counts.
    pub data: Value,
    pub created_at: DateTime<Utc>,
}
