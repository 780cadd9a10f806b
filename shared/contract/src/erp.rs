//! The link to a client's ERP: where it is, and what became of each order that it is told of.

use crate::{Currency, ErpSyncId, OrderId, orders::OrderStatus};
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a secret reads back as, and leaves it as it is where it is sent.
pub const HIDDEN: &str = "***";

/// `PUT /erp/config`: what is left out has its default, but for the secrets, which stay as they are.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewErpConfig {
    /// Whether invoiced orders are sent at all.
    pub enabled: bool,
    /// `true`, by default: sent as soon as invoiced. `false`: with the cron's next run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immediate_sync: Option<bool>,
    /// Keeps what is sent and answered whole for a day, to see what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug: Option<bool>,
    /// Whether the cron runs; by default it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron_enabled: Option<bool>,
    /// Five fields of cron, on the client's clock; by default `0 * * * *`, every hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub cron_schedule: Option<String>,
    /// Where the ERP's API begins: `{base_url}/orders/sync` is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2000), example = "https://erp.example.com/api")]
    pub base_url: Option<String>,
    /// Shown to the ERP as `X-API-KEY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500), example = "***")]
    pub api_key: Option<String>,
    /// Signs what is sent, and the ERP's callbacks. A new one: callbacks may be signed with the one before for
    /// one hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500), example = "***")]
    pub hmac_secret: Option<String>,
    /// How long an answer is waited for; by default 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 120))]
    pub timeout_seconds: Option<i64>,
    /// By default 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20))]
    pub max_attempts: Option<i64>,
    /// The wait after attempt n is 2^n times this; by default 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3600))]
    pub base_delay_seconds: Option<i64>,
}

/// `GET /erp/config`; before the first PUT, the defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpConfig {
    /// Whether invoiced orders are sent at all. What waits when it is switched off goes on when it is on again.
    pub enabled: bool,
    /// Whether they are sent as soon as invoiced, or with the cron's next run.
    pub immediate_sync: bool,
    /// Whether what is sent and answered is kept whole for a day.
    pub debug: bool,
    /// Whether the cron runs.
    pub cron_enabled: bool,
    /// Five fields of cron, on the client's clock.
    #[schemars(example = "0 * * * *")]
    pub cron_schedule: String,
    /// Where the ERP's API begins.
    #[schemars(example = "https://erp.example.com/api")]
    pub base_url: Option<String>,
    /// `"***"` where there is one.
    #[schemars(example = "***")]
    pub api_key: Option<String>,
    /// `"***"` where there is one.
    #[schemars(example = "***")]
    pub hmac_secret: Option<String>,
    /// How long an answer is waited for.
    pub timeout_seconds: i64,
    /// How often a version of an order is sent before it is `failed`.
    pub max_attempts: i64,
    /// The wait after attempt n is 2^n times this.
    pub base_delay_seconds: i64,
    /// 0 before the first PUT.
    pub version: i64,
}

/// `POST /erp/config/test`: what is given is tried in place of what is set; nothing is changed.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErpConfigTest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    /// In place of the one that is set, as the others.
    #[schemars(length(max = 2000))]
    pub base_url: Option<String>,
    /// `"***"`, or left out: the one that is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub api_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub hmac_secret: Option<String>,
}

/// What a try of the ERP showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErpTestOutcome {
    Ok,
    /// It answers, and can not be asked for an order by its key: a resend relies on the key alone.
    LookUpNotSupported,
    AddressNotAllowed,
    NotResolved,
    ConnectionRefused,
    Certificate,
    TimedOut,
    /// The connection failed in another way, or ended before there was an answer.
    ConnectionFailed,
    KeyRefused,
    SignatureRefused,
    Redirected,
    RateLimited,
    /// Another 4xx.
    Refused,
    /// 5xx.
    ServerError,
    NotJson,
    /// It says that it has an order under a key that never was.
    LookUpWrong,
}

/// What a try of the ERP showed, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpConfigTested {
    /// Whether orders can be sent so.
    pub ok: bool,
    pub outcome: ErpTestOutcome,
    /// What is wrong, and what to look at.
    #[schemars(example = "The ERP answers, takes the key, and can be asked for an order by its key.")]
    pub message: String,
    /// Of the answer, where there was one.
    pub status: Option<i64>,
    /// How the answer begins.
    #[schemars(example = &"{\"error\": \"no such order\"}")]
    pub body: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
}

/// Whether anything is sent to the ERP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErpBreakerState {
    Closed,
    /// It did not answer, and is left alone until `open_until`.
    Open,
    /// One call tries how it goes.
    HalfOpen,
}

/// What keeps a dead ERP from being called for every order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpBreaker {
    pub state: ErpBreakerState,
    /// Calls in a row that were not answered, or with a 5xx.
    pub failures: i64,
    /// When the first of them was made.
    pub failing_since: Option<DateTime<Utc>>,
    pub open_until: Option<DateTime<Utc>>,
}

/// How many versions of orders wait, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpQueue {
    /// They are sent as soon as their time comes.
    pub pending: i64,
    /// They wait for the cron, or `POST /erp/run`.
    pub queued: i64,
    pub in_progress: i64,
    /// For good, until somebody retries or discards them.
    pub failed: i64,
    /// Since when the oldest has been due.
    pub oldest_due: Option<DateTime<Utc>>,
}

/// `GET /erp/status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpStatus {
    /// Whether anything is sent at all.
    pub enabled: bool,
    pub breaker: ErpBreaker,
    pub queue: ErpQueue,
}

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

/// What became of something that the ERP told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErpCallbackOutcome {
    /// Nobody knew what had become of the order: now it is known.
    Settled,
    /// The reference or the status is noted.
    Applied,
    /// It was known, or something later was.
    Unchanged,
    /// The order has another reference: nothing was changed.
    Contradicts,
}

/// Something that the ERP told of an order by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpToldUs {
    pub erp_reference: Option<String>,
    /// In the ERP's own words.
    pub erp_status: Option<String>,
    pub outcome: ErpCallbackOutcome,
    pub received_at: DateTime<Utc>,
    /// How often it was told again.
    pub repeats: i64,
    pub repeated_at: Option<DateTime<Utc>>,
}

/// `POST /erp/webhook/{client_slug}`: what the ERP tells of an order. Each field has two spellings; fields that are
/// not known are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpCallback {
    /// As the order was called when it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), example = "SO-000042")]
    pub order_number: Option<String>,
    #[serde(default, rename = "orderIncrementId", skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub order_increment_id: Option<String>,
    /// What the ERP calls the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200), example = "ERP-123")]
    pub erp_reference: Option<String>,
    #[serde(default, rename = "erpReference", skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub erp_reference_too: Option<String>,
    /// How far the order is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100), example = &"accepted")]
    pub status: Option<String>,
    /// The `X-Idempotency-Key` of what it answers, which says which version of the order is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub idempotency_key: Option<String>,
    #[serde(default, rename = "idempotencyKey", skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub idempotency_key_too: Option<String>,
}

/// That a callback was taken, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpCallbackTaken {
    pub order_number: String,
    pub outcome: ErpCallbackOutcome,
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

/// `POST /erp/mock-update-stock`: what an ERP would be told of goods that left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MockStockUpdate {
    #[schemars(length(min = 1, max = 200))]
    pub items: Vec<MockStockItem>,
    #[serde(rename = "orderIncrementId")]
    #[schemars(length(min = 1, max = 64), example = "SO-000042")]
    pub order_increment_id: String,
    #[serde(rename = "idempotencyKey")]
    #[schemars(length(min = 1, max = 100), example = &"ERP_abc123")]
    pub idempotency_key: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MockStockItem {
    #[schemars(length(min = 1, max = 64), example = "PROD-001")]
    pub sku: String,
    /// How many left.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub qty: i64,
}

/// What a real one would have done; nothing was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MockStockUpdated {
    /// Always: a mock refuses only what it can not read.
    pub success: bool,
    #[schemars(example = "Would take 5 of PROD-001 for SO-000042; nothing was changed.")]
    pub message: String,
    #[serde(rename = "orderIncrementId")]
    #[schemars(example = "SO-000042")]
    pub order_increment_id: String,
    #[serde(rename = "idempotencyKey")]
    #[schemars(example = &"ERP_abc123")]
    pub idempotency_key: String,
    pub items: Vec<MockStockItem>,
}

/// An order as the ERP is told of it, but for who bought. `A` is an amount: a text in our own API, a number for the
/// ERP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpOrder<A> {
    /// Its number.
    pub order_increment_id: String,
    pub order_id: OrderId,
    /// 1: as it was invoiced; then one more for each change: the last one says how it stands.
    pub order_version: i64,
    pub status: OrderStatus,
    /// What the ERP called it before.
    pub erp_reference: Option<String>,
    pub invoice_number: Option<String>,
    pub currency: Currency,
    /// Whether the prices of items hold tax; row totals and the subtotal never do.
    pub prices_include_tax: bool,
    pub items: Vec<ErpItem<A>>,
    pub totals: ErpTotals<A>,
    /// What was taken off by credit notes.
    pub credited: A,
    /// In UTC, `YYYY-MM-DD HH:MM:SS`, as all times here.
    pub ordered_at: String,
    pub created_at: String,
    pub updated_at: String,
}

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpItem<A> {
    pub sku: String,
    pub name: String,
    pub qty: i64,
    pub returned_qty: i64,
    /// Of one.
    pub price: A,
    /// Before discount and tax.
    pub row_total: A,
    pub discount: A,
    pub tax: A,
}

/// `subtotal - discount + tax + shipping = grand_total`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpTotals<A> {
    pub subtotal: A,
    pub tax: A,
    pub shipping: A,
    pub discount: A,
    pub grand_total: A,
}

impl<A> ErpOrder<A> {
    /// The same with its amounts written otherwise.
    pub fn map<B>(self, amount: impl Fn(A) -> B) -> ErpOrder<B> {
        let item = |item: ErpItem<A>| ErpItem {
            sku: item.sku,
            name: item.name,
            qty: item.qty,
            returned_qty: item.returned_qty,
            price: amount(item.price),
            row_total: amount(item.row_total),
            discount: amount(item.discount),
            tax: amount(item.tax),
        };
        ErpOrder {
            items: self.items.into_iter().map(item).collect(),
            totals: ErpTotals {
                subtotal: amount(self.totals.subtotal),
                tax: amount(self.totals.tax),
                shipping: amount(self.totals.shipping),
                discount: amount(self.totals.discount),
                grand_total: amount(self.totals.grand_total),
            },
            credited: amount(self.credited),
            order_increment_id: self.order_increment_id,
            order_id: self.order_id,
            order_version: self.order_version,
            status: self.status,
            erp_reference: self.erp_reference,
            invoice_number: self.invoice_number,
            currency: self.currency,
            prices_include_tax: self.prices_include_tax,
            ordered_at: self.ordered_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
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
