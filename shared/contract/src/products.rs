//! The catalogue.

use crate::{Attributes, Currency, Decimal, Patch, ProductId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /products`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProduct {
    #[schemars(length(min = 1, max = 64))]
    pub sku: String,
    #[schemars(length(min = 1, max = 300))]
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10_000))]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub barcode: Option<String>,
    pub price: Decimal,
    /// A percentage, `"20.00"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub low_stock_threshold: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Attributes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening_stock: Option<OpeningStock>,
}

/// What lies on the shelf when a product is entered.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpeningStock {
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub quantity: i64,
    pub unit_cost: Decimal,
}

/// `PATCH /products/{id}`: what is left out stays; `null` clears what may be empty.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductPatch {
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schemars(length(min = 1, max = 64))]
    pub sku: Patch<String>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schemars(length(min = 1, max = 300))]
    pub name: Patch<String>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schemars(length(max = 10_000))]
    pub description: Patch<String>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schemars(length(min = 1, max = 64))]
    pub barcode: Patch<String>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub price: Patch<Decimal>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub tax_rate: Patch<Decimal>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub low_stock_threshold: Patch<i64>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub attributes: Patch<Attributes>,
    /// `true` brings an archived product back.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub active: Patch<bool>,
}

/// A product with its stock. `on_hand` is free to sell; `unfulfilled` is sold but still on the
/// shelf. The cost fields are there for those with `costs:read` only.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Product {
    pub id: ProductId,
    pub sku: String,
    pub name: String,
    pub description: Option<String>,
    pub barcode: Option<String>,
    pub currency: Currency,
    pub price: Decimal,
    pub tax_rate: Decimal,
    pub on_hand: i64,
    pub unfulfilled: i64,
    /// `null` while nothing is on hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_cost: Option<Option<Decimal>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory_value: Option<Decimal>,
    pub low_stock_threshold: Option<i64>,
    pub attributes: Attributes,
    pub active: bool,
    /// Counts changes to the catalogue entry, not to its stock; the ETag.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// `GET /products`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductQuery {
    /// Words of the name, SKU, barcode or description, or parts of them, whatever the case: what has all of them,
    /// newest first. Where nothing has, what is most like it, best first, on one page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// By default `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// `true`: those of which no more is on hand than their threshold, or the client's for those
    /// that have none; `false`: the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_stock: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
