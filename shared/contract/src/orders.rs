//! Orders.

use crate::{
    Currency, CustomerId, Decimal, OrderId, OrderLineId, ProductId, UserId,
    customers::{Address, Contact},
    fulfilments::Fulfilment,
};
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /orders`: all or nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    #[schemars(length(min = 1, max = 500))]
    pub lines: Vec<NewOrderLine>,
    /// A customer on record, whose details are kept with the order as they are now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// Who buys, without a record. One of the two, or neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Contact>,
    /// By default that of the customer on record; so is the shipping address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Address>,
    /// What shipping costs, meant like the prices: before tax, or with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Decimal>,
    /// Where it was sold, by default `api`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 40))]
    pub channel: Option<String>,
    /// The seller's own number, unique per channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub external_reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sales_person_id: Option<UserId>,
    /// In the past, for an order that is entered later; needs `orders:backdate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5_000))]
    pub note: Option<String>,
}

/// A product named by its id or its SKU, one of the two.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrderLine {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub sku: Option<String>,
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub quantity: i64,
    /// By default the catalogue's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount_pct: Option<Decimal>,
}

/// `completed`: paid and fulfilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    Placed,
    Invoiced,
    Completed,
    Cancelled,
}

/// `paid`: nothing is due, also of a total of zero. `refunded`: all that was paid has gone back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    Unpaid,
    PartlyPaid,
    Paid,
    Refunded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FulfilmentStatus {
    Unfulfilled,
    PartlyFulfilled,
    Fulfilled,
}

/// An order as it stands. Cost and profit are there for those with `costs:read` only.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    pub id: OrderId,
    pub order_number: String,
    pub status: OrderStatus,
    pub payment_status: PaymentStatus,
    pub fulfilment_status: FulfilmentStatus,
    pub channel: String,
    pub external_reference: Option<String>,
    pub currency: Currency,
    pub customer_id: Option<CustomerId>,
    pub customer: Option<Contact>,
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
    pub lines: Vec<OrderLine>,
    pub totals: Totals,
    /// Without those that came back into the stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_of_goods: Option<Decimal>,
    /// Sales after discounts and returns, less their cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gross_profit: Option<Decimal>,
    pub amount_paid: Decimal,
    pub amount_refunded: Decimal,
    /// Negative when the customer is owed.
    pub amount_due: Decimal,
    pub invoice_number: Option<String>,
    pub due_date: Option<NaiveDate>,
    pub erp_synced: bool,
    pub fulfilments: Vec<Fulfilment>,
    pub sales_person_id: Option<UserId>,
    /// The client's `sales_commission_pct`, as it was, of sales after discounts and returns.
    pub commission: Decimal,
    pub note: Option<String>,
    pub ordered_at: DateTime<Utc>,
    pub created_by: UserId,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// `line_total` is after the discount, before tax; `line_gross` with it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct OrderLine {
    pub id: OrderLineId,
    pub product_id: ProductId,
    pub sku: String,
    pub name: String,
    pub quantity: i64,
    /// As it was given: before tax, or with it.
    pub unit_price: Decimal,
    pub discount_pct: Decimal,
    pub discount: Decimal,
    pub tax_rate: Decimal,
    pub tax: Decimal,
    pub line_total: Decimal,
    pub line_gross: Decimal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_cost: Option<Decimal>,
    pub fulfilled_quantity: i64,
    pub returned_quantity: i64,
}

/// All but the grand total are before tax: it is `subtotal - discount + shipping + tax`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    pub subtotal: Decimal,
    pub discount: Decimal,
    /// Of the lines and of shipping.
    pub tax: Decimal,
    pub shipping: Decimal,
    pub grand_total: Decimal,
}

/// `GET /orders`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<OrderStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_status: Option<PaymentStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fulfilment_status: Option<FulfilmentStatus>,
    /// Days of the client's time zone on which it was ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// The whole address, whatever the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erp_synced: Option<bool>,
    /// The number of the order, the external reference, or part of the customer's name, company or
    /// e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
