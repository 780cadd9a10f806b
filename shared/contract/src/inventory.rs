//! Stock: what comes in and goes out.

use crate::{Decimal, MovementId, OrderId, ProductId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// `POST /inventory/adjustments`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAdjustment {
    pub product_id: ProductId,
    pub kind: AdjustmentKind,
    pub quantity: i64,
    /// What one unit cost.
    pub unit_cost: Decimal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What people may enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentKind {
    /// Goods bought: positive, moves the average cost.
    Purchase,
}

/// What moves stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    Opening,
    Purchase,
    Sale,
}

/// One movement of one product's stock; `quantity` and `value` are negative for what goes out.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    pub reason: Option<String>,
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
}
