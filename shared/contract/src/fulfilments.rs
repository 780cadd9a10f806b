//! What left the shelf for the customer.

use crate::{FulfilmentId, OrderLineId, UserId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /orders/{id}/fulfilments`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFulfilment {
    #[schemars(length(min = 1, max = 100))]
    pub carrier: String,
    #[schemars(length(min = 1, max = 200))]
    pub tracking_number: String,
    /// By default everything that has not left yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub lines: Option<Vec<FulfilmentLine>>,
}

/// So many units of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FulfilmentLine {
    pub order_line_id: OrderLineId,
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub quantity: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fulfilment {
    pub id: FulfilmentId,
    pub carrier: String,
    pub tracking_number: String,
    pub lines: Vec<FulfilmentLine>,
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
}
