//! Goods that come back, and what is credited for them.

use crate::{
    Currency, Decimal, InvoiceId, OrderId, OrderLineId, ProductId, ReturnId, UserId,
    invoices::{InvoiceKind, InvoiceLine},
    orders::Totals,
};
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /returns`: all or nothing.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReturn {
    /// The order that the goods were sold with; it has to be invoiced.
    pub order_id: OrderId,
    #[schemars(length(min = 1, max = 500))]
    pub lines: Vec<NewReturnLine>,
    /// Whether to credit shipping too, in so far as it was not credited before.
    #[serde(default)]
    pub credit_shipping: bool,
}

/// Units of one line of the order. A line may be named twice: some of it restocked, and some not.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReturnLine {
    pub order_line_id: OrderLineId,
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub quantity: i64,
    /// Whether the units can be sold again; they come back at what they cost when they left.
    pub restock: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500))]
    pub reason: Option<String>,
}

/// Goods that came back at one time.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Return {
    pub id: ReturnId,
    pub order_id: OrderId,
    pub order_number: String,
    pub lines: Vec<ReturnLine>,
    /// Whether shipping was credited with it.
    pub shipping_credited: bool,
    pub credit_note: CreditNote,
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
}

/// What was credited, line by line and in all. `GET /orders/{id}/invoices` says to whom.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CreditNote {
    pub id: InvoiceId,
    pub number: String,
    pub kind: InvoiceKind,
    pub date: NaiveDate,
    pub currency: Currency,
    pub lines: Vec<InvoiceLine>,
    pub totals: Totals,
}

/// Units of one line, with the product as it was when it was sold.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReturnLine {
    pub order_line_id: OrderLineId,
    pub product_id: ProductId,
    pub sku: String,
    pub name: String,
    pub quantity: i64,
    /// Whether they can be sold again.
    pub restock: bool,
    /// What went back into the stock with them; for those with `costs:read` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restocked_value: Option<Decimal>,
    pub reason: Option<String>,
}

/// `GET /returns`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// Days of the client's time zone on which the goods came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
