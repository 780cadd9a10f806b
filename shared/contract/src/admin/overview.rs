//! How the whole service is doing, on one screen.

use crate::{Decimal, TenantId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /admin/overview`: as it was a few seconds ago at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Overview {
    /// When it was read.
    pub read_at: DateTime<Utc>,
    /// How each part of the service is.
    pub parts: ServiceParts,
    /// Clients that are let in.
    pub active_tenants: i64,
    /// Clients that are stopped.
    pub suspended_tenants: i64,
    /// Jobs whose time has come.
    pub waiting_jobs: i64,
    /// Jobs that workers hold just now.
    pub running_jobs: i64,
    /// Jobs that were given up.
    pub dead_jobs: i64,
    /// Since when the oldest waiting job has been due.
    pub oldest_job_due: Option<DateTime<Utc>>,
    /// Versions of orders that failed for good on their way to an ERP.
    pub failed_syncs: i64,
    /// Since when the oldest has been due that waits to be sent to an ERP.
    pub oldest_sync_due: Option<DateTime<Utc>>,
    /// Clients whose ERP is left alone for a while.
    pub open_breakers: i64,
    /// Webhook endpoints that nothing reaches.
    pub failing_endpoints: i64,
    /// Since when the oldest waiting delivery of a webhook has been due.
    pub oldest_delivery_due: Option<DateTime<Utc>>,
    /// What happened in each minute of the last hour.
    pub rates: Rates,
    /// Clients that need somebody, those with most trouble first; a hundred at most.
    pub trouble: Vec<TenantTrouble>,
}

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartState {
    Ok,
    /// It does not answer; of workers: what is due has waited for more than a minute.
    Away,
    /// The database lacks migrations that this copy of the service needs.
    SchemaTooOld,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceParts {
    /// It answers, with the schema that is needed.
    pub database: PartState,
    /// Without it the service goes on, more slowly.
    pub redis: PartState,
    /// Whoever does the jobs.
    pub workers: PartState,
}

/// Sixty counts each, one a minute, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rates {
    /// When the first minute begins.
    pub since: DateTime<Utc>,
    /// Orders of all clients; no more than 200,000 of the hour are counted.
    pub orders: Vec<i64>,
    /// People who came in.
    pub log_ins: Vec<i64>,
    /// People who were turned away.
    pub failed_log_ins: Vec<i64>,
    /// Orders that reached an ERP, as long as somebody looks or lately did.
    pub syncs_arrived: Vec<i64>,
    /// Orders that failed for good on their way.
    pub syncs_failed: Vec<i64>,
    /// Jobs that were given up.
    pub jobs_died: Vec<i64>,
}

/// What is the matter with a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TenantTrouble {
    /// The slug of the client.
    #[schemars(example = &"demo")]
    pub tenant: String,
    /// Whether its people and software are turned away.
    pub suspended: bool,
    /// Versions of orders that failed for good.
    pub failed_syncs: i64,
    /// Jobs that were given up.
    pub dead_jobs: i64,
    /// Endpoints that nothing reaches.
    pub failing_endpoints: i64,
    /// Until when nothing is sent to its ERP.
    pub breaker_open_until: Option<DateTime<Utc>>,
}

/// `GET /admin/tenants/{slug}/usage`: counts go to ten thousand and no further, but for that of pictures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TenantUsage {
    pub id: TenantId,
    /// Users that can log in.
    pub users: i64,
    /// Products that are sold.
    pub products: i64,
    /// Orders of the last 30 days.
    pub orders_of_30_days: i64,
    /// Sessions that have not ended.
    pub open_sessions: i64,
    /// Versions of orders that failed for good.
    pub failed_syncs: i64,
    /// Jobs that were given up.
    pub dead_jobs: i64,
    /// Pictures of its products.
    pub images: i64,
    /// What their files take in the object store; a file that two pictures share is counted once.
    pub image_bytes: i64,
    pub max_discount_pct: Decimal,
    /// The part of net sales that who sold gets, as a percentage.
    pub sales_commission_pct: Decimal,
    /// Days until an invoice is due.
    pub payment_terms_days: i64,
    pub prices_include_tax: bool,
    pub auto_invoice: bool,
    pub low_stock_threshold: Option<i64>,
}
