//! The audit log: who did what to what.

use crate::AuditEntryId;
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// An entry. There may be new kinds of actors, actions and resources at any time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AuditEntry {
    pub id: AuditEntryId,
    pub created_at: DateTime<Utc>,
    pub actor: AuditActor,
    /// `thing.what_happened`, like `user.changed`.
    pub action: String,
    pub resource: AuditResource,
    /// The members that differ, as they were; `"***"` stands for what is not kept here.
    pub before: Option<Value>,
    pub after: Option<Value>,
    /// In the operator's own log, the client that it was done to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<crate::TenantId>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AuditActor {
    /// `user`, `api_key`, `worker` (a job of the service), `superadmin` or `operator` (the command line).
    pub kind: String,
    /// `null` for a worker and the operator.
    pub id: Option<Uuid>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AuditResource {
    pub kind: String,
    /// An id or, where the thing has none, its name.
    #[schemars(example = "0199aaaa-1111-7222-8333-444455556666")]
    pub id: String,
}

/// `GET /audit`, newest first; `from` and `to` are days in the client's time zone, inclusive.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// An id, or a kind of actor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// A kind, like `user`, or one thing, like `user:0198c5d2-…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// `GET /admin/audit/chain`: whether the newest thousand entries of the operator's own log are what was sealed. All of
/// them, and the clients' logs, `countinghouse verify audit` proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditChain {
    /// The number of the last entry; 0 before the first.
    pub last: i64,
    /// Its seal, in hexadecimal digits: what can be kept elsewhere and compared.
    #[schemars(example = &"5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef")]
    pub last_seal: Option<String>,
    /// The first entry that was looked at.
    pub proved_from: i64,
    /// What somebody has changed past the service; at best nothing.
    pub faults: Vec<String>,
}

/// `GET /admin/audit`, the operator's own log; `from` and `to` are days in UTC, inclusive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorAuditQuery {
    /// The slug of the client that it was done to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
