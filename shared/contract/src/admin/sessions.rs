//! Superadmins' own sessions.

use crate::{SessionId, SuperadminId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One login of a superadmin, as long as it lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperatorSession {
    pub id: SessionId,
    /// Whose it is.
    pub superadmin_id: SuperadminId,
    pub username: String,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    /// Whether it is the caller's own.
    pub current: bool,
    pub created_at: DateTime<Utc>,
    /// The last request.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends unless it is used before.
    pub expires_at: DateTime<Utc>,
}

/// `GET /admin/superadmins/sessions`: those that have not ended, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorSessionQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
