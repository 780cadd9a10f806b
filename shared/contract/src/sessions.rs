//! Sessions, and what happened at the door.

use crate::{OrderId, SessionEventId, SessionId, UserId};
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One login of a user, as long as it lasts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub username: String,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    /// Whether it is the caller's own.
    pub current: bool,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends unless it is used before.
    pub expires_at: DateTime<Utc>,
}

/// `GET /sessions`: those that have not ended, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionEventKind {
    Login,
    LoginFailed,
    Logout,
    Refresh,
    /// A refresh token was used again, which ended its session.
    RefreshReused,
    /// Somebody ended the session.
    SessionEnded,
    PasswordChanged,
    SecondFactorEnrolled,
    SecondFactorDisabled,
    /// A superadmin took it away.
    SecondFactorReset,
    SecondFactorUsed,
    /// A wrong code.
    SecondFactorFailed,
    /// The fifth wrong code in a row.
    SecondFactorLocked,
    RecoveryCodeUsed,
    RecoveryCodesRenewed,
    /// Somebody changed an order.
    OrderEdited,
    OrderCancelled,
}

/// A line of the session log.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SessionEvent {
    pub id: SessionEventId,
    pub kind: SessionEventKind,
    pub user_id: Option<UserId>,
    /// As it was typed, when it is somebody's name.
    pub username: Option<String>,
    pub session_id: Option<SessionId>,
    /// The order that was edited or cancelled.
    pub order_id: Option<OrderId>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// `GET /sessions/logs`; `from` and `to` are days in the client's time zone, inclusive.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionEventQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<SessionEventKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
