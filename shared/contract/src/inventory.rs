//! Stock: what comes in and goes out.

use crate::{Decimal, MovementId, OrderId, ProductId, ReturnId, UserId};
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /inventory/adjustments`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAdjustment {
    pub product_id: ProductId,
    pub kind: AdjustmentKind,
    /// Units bought, damaged or corrected (the last with a sign), or all that was counted.
    #[schemars(range(max = 1_000_000_000))]
    pub quantity: i64,
    /// What one unit cost. A purchase needs it; stock that a correction or count finds takes it
    /// only where no cost is known from before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_cost: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub reason: Option<String>,
}

/// What people may enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentKind {
    /// Goods bought: positive, moves the average cost.
    Purchase,
    /// Goods spoilt: positive, taken out.
    Damage,
    /// More or fewer, with a sign.
    Correction,
    /// What lies on the shelf, sold and not yet fulfilled units among it.
    Count,
}

/// What moves stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    Opening,
    Purchase,
    /// Goods of an order: out when it is placed, and back when it is edited or cancelled.
    Sale,
    /// Sold goods that came back and can be sold again.
    Return,
    Damage,
    Correction,
    Count,
}

/// One movement of one product's stock; `quantity` and `value` are negative for what goes out.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Movement {
    pub id: MovementId,
    pub product_id: ProductId,
    pub kind: MovementKind,
    pub quantity: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_cost: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Decimal>,
    pub on_hand_after: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_after: Option<Decimal>,
    pub order_id: Option<OrderId>,
    pub return_id: Option<ReturnId>,
    pub reason: Option<String>,
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
}

/// `GET /inventory/movements`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MovementQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<MovementKind>,
    /// A day of the client's time zone, inclusive; `to` as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
