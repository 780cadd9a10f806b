//! Invoices, frozen as they were issued.

use crate::{
    Currency, Decimal, InvoiceId, OrderLineId,
    customers::{Address, Contact},
    orders::Totals,
};
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /orders/{id}/invoice`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvoice {
    /// By default today; not before the order, and not in the future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceKind {
    Invoice,
    CreditNote,
}

/// An invoice or a credit note. `number` has no gap within a client's invoices.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Invoice {
    pub id: InvoiceId,
    pub number: String,
    pub kind: InvoiceKind,
    pub date: NaiveDate,
    /// Of an invoice.
    pub due_date: Option<NaiveDate>,
    pub currency: Currency,
    pub customer: Option<Contact>,
    pub billing_address: Option<Address>,
    pub lines: Vec<InvoiceLine>,
    pub totals: Totals,
    pub created_at: DateTime<Utc>,
}

/// `line_total` is after the discount, before tax; `line_gross` with it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceLine {
    pub order_line_id: OrderLineId,
    pub sku: String,
    pub name: String,
    pub quantity: i64,
    pub unit_price: Decimal,
    pub discount_pct: Decimal,
    pub discount: Decimal,
    pub tax_rate: Decimal,
    pub tax: Decimal,
    pub line_total: Decimal,
    pub line_gross: Decimal,
}

/// `GET /orders/{id}/invoices`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoiceQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
