//! What ERPs tell by themselves; and the stock update of one that is none.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
