//! Money that came for an order, and money that went back.

use crate::{Decimal, OrderId, PaymentId, UserId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /orders/{id}/payments`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPayment {
    pub amount: Decimal,
    /// How it was paid: `card`, `transfer`, `cash`, or a word of one's own.
    #[schemars(length(min = 1, max = 40))]
    pub method: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub reference: Option<String>,
    /// By default now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<DateTime<Utc>>,
}

/// `POST /orders/{id}/refunds`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRefund {
    pub amount: Decimal,
    #[schemars(length(min = 1, max = 40))]
    pub method: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub reference: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    Payment,
    Refund,
}

/// A payment or a refund; `amount` is positive either way.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Payment {
    pub id: PaymentId,
    pub order_id: OrderId,
    pub kind: PaymentKind,
    pub amount: Decimal,
    pub method: String,
    pub reference: Option<String>,
    pub received_at: DateTime<Utc>,
    /// What the order owes after it.
    pub amount_due: Decimal,
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
}
