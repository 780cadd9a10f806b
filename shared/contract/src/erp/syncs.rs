//! Versions of orders on their way to the ERP, the calls that were made for each, and what people do about them.

use super::ErpToldUs;
use crate::{ErpSyncId, OrderId};
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a version of an order stands on its way to the ERP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErpSyncStatus {
    /// It is sent as soon as its time comes.
    Pending,
    /// It waits for the cron, or `POST /erp/run`.
    Queued,
    InProgress,
    Success,
    /// For good: somebody has to retry or discard it.
    Failed,
    Discarded,
}

/// Why the ERP is told of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErpSyncCause {
    Invoice,
    Edit,
    Cancel,
    Return,
    /// It was forced.
    Resync,
    /// Asked for by hand, of an order that was invoiced before the ERP was linked.
    Request,
}

/// One version of an order on its way to the ERP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpSync {
    pub sync_id: ErpSyncId,
    pub order_id: OrderId,
    pub order_number: String,
    /// 1: as it was invoiced; then one more for each change of which the ERP is told.
    pub order_version: i64,
    pub cause: ErpSyncCause,
    pub status: ErpSyncStatus,
    pub attempts: i64,
    pub max_attempts: i64,
    /// The last attempt ended without an answer: the ERP may have the order, and is asked before it is sent again.
    pub outcome_unknown: bool,
    pub idempotency_key: String,
    pub last_attempt_at: Option<DateTime<Utc>>,
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub erp_reference: Option<String>,
    /// What the ERP said last of the order.
    pub erp_status: Option<String>,
    pub last_error: Option<String>,
    /// What was odd about a success.
    pub warning: Option<String>,
    pub discard_reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// `GET /erp/syncs`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErpSyncQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ErpSyncStatus>,
    /// All versions of one order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_number: Option<String>,
    /// Days of the client's time zone on which the order was to be sent first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What a call of the ERP was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErpAttemptKind {
    /// `POST {base_url}/orders/sync`.
    Send,
    /// `GET {base_url}/orders/by-key/{idempotency_key}`: does it have the order?
    LookUp,
}

/// A call of the ERP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpAttempt {
    pub number: i64,
    pub kind: ErpAttemptKind,
    pub attempted_at: DateTime<Utc>,
    /// Null while it is under way, and for good where its worker was lost.
    pub duration_ms: Option<i64>,
    /// How what was sent begins.
    pub request_body: Option<String>,
    /// Of the answer.
    pub status: Option<i64>,
    /// Those of the answer.
    pub headers: Option<BTreeMap<String, String>>,
    /// How the answer begins.
    pub body: Option<String>,
    /// Why there was none.
    pub error: Option<String>,
    /// It ended without an answer: the ERP may have done what it was asked.
    pub outcome_unknown: bool,
}

/// `GET /erp/syncs/{id}`: a sync with its attempts and with what the ERP told by itself, the first one first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpSyncLog {
    #[serde(flatten)]
    pub sync: ErpSync,
    pub log: Vec<ErpAttempt>,
    pub callbacks: Vec<ErpToldUs>,
}

/// `POST /erp/syncs/{id}/discard`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscardErpSync {
    #[schemars(length(min = 1, max = 500), example = "Entered there by hand.")]
    pub reason: String,
}

/// `POST /erp/sync-order`, `POST /erp/resync-order`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncOrder {
    #[schemars(length(min = 1, max = 30))]
    pub order_number: String,
}

/// What became of it, or has until now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderSync {
    /// The ERP has it.
    pub success: bool,
    pub sync_id: ErpSyncId,
    pub order_number: String,
    pub status: ErpSyncStatus,
    /// The same in words.
    #[schemars(example = &"The ERP has the order.")]
    pub message: String,
    /// What the ERP calls the order.
    #[schemars(example = &"ERP-123")]
    pub erp_reference: Option<String>,
    /// Begun ones.
    pub attempts: i64,
    /// Why the last attempt did not go.
    #[schemars(example = &"Answered 503.")]
    pub last_error: Option<String>,
}

/// `POST /erp/run`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpRun {
    /// How many are sent now.
    pub released: i64,
}
