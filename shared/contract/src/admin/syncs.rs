//! Orders on their way to ERPs, of all clients.

use crate::erp::{ErpSync, ErpSyncLog, ErpSyncStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /admin/erp-syncs`, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantErpSyncQuery {
    /// By default `failed`. What arrived is listed of one client only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ErpSyncStatus>,
    /// The slug of one client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 40))]
    pub tenant: Option<String>,
    /// A part of the last error, whatever its case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 200))]
    pub error_contains: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// One version of an order on its way, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TenantErpSync {
    /// The slug of the client.
    #[schemars(example = &"demo")]
    pub tenant: String,
    #[serde(flatten)]
    pub sync: ErpSync,
}

/// `GET /admin/erp-syncs/{id}`: with its attempts, and what the ERP told by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TenantErpSyncLog {
    /// The slug of the client.
    #[schemars(example = &"demo")]
    pub tenant: String,
    #[serde(flatten)]
    pub log: ErpSyncLog,
}

/// What can be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetriedStatus {
    /// What failed for good.
    Failed,
}

/// `POST /admin/erp-syncs/retry`: all that failed, or some of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryErpSyncs {
    pub status: RetriedStatus,
    /// The slug of one client; all active ones without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 40))]
    pub tenant: Option<String>,
    /// A part of the last error, whatever its case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 200), example = "Answered 503")]
    pub error_contains: Option<String>,
    /// Say only how many it would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = true)]
    pub dry_run: Option<bool>,
}

/// How many are sent again, or would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpSyncsToRetry {
    /// Versions of orders.
    pub syncs: i64,
    /// Clients that they belong to.
    pub tenants: i64,
    /// Whether nothing was begun.
    pub dry_run: bool,
}
