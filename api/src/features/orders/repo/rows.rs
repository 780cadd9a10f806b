//! An order's row and its lines, to and from the model.

use super::super::model::{
    Buyer, Issued, Line, LineAmounts, Order, Parcel, Prices, Progress, Returned, Settled, Shipping, Sums, Taxed,
};
use crate::{
    platform::db::{DbError, part_like},
    schema::{order_lines, orders},
};
use chrono::{DateTime, NaiveDate, Utc};
use countinghouse_contract::{
    Currency, CustomerId, OrderId, OrderLineId, ProductId, Rate, UserId,
    orders::{FulfilmentStatus, OrderStatus, PaymentStatus},
};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = orders)]
pub(super) struct OrderRow {
    id: Uuid,
    number: i64,
    state: String,
    payment_status: String,
    fulfilment_status: String,
    channel: String,
    external_reference: Option<String>,
    currency: String,
    customer_id: Option<Uuid>,
    customer: Option<Value>,
    billing_address: Option<Value>,
    shipping_address: Option<Value>,
    prices_include_tax: bool,
    subtotal_minor: i64,
    discount_minor: i64,
    shipping_minor: i64,
    shipping_tax_minor: i64,
    shipping_tax_rate: i32,
    tax_minor: i64,
    total_minor: i64,
    cost_minor: i64,
    credited_minor: i64,
    paid_minor: i64,
    refunded_minor: i64,
    due_date: Option<NaiveDate>,
    sales_person_id: Option<Uuid>,
    commission_rate: i32,
    erp_synced: bool,
    note: Option<String>,
    ordered_at: DateTime<Utc>,
    created_by: Uuid,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = order_lines)]
pub(super) struct LineRow {
    order_id: Uuid,
    id: Uuid,
    product_id: Uuid,
    sku: String,
    name: String,
    quantity: i64,
    unit_price_minor: i64,
    discount_pct: i32,
    discount_minor: i64,
    tax_rate: i32,
    net_minor: i64,
    tax_minor: i64,
    cost_minor: i64,
    returned_quantity: i64,
    returned_unfulfilled: i64,
    restocked_minor: i64,
}

/// What a row can not hold, since only the service writes it.
fn corrupt(what: String) -> DbError {
    DbError::Corrupt { table: "orders", what }
}

/// A document that was kept as JSON.
pub(super) fn parse<T: DeserializeOwned>(value: Option<Value>) -> Result<Option<T>, DbError> {
    value.map(serde_json::from_value).transpose().map_err(|error| corrupt(error.to_string()))
}

impl OrderRow {
    pub(super) fn id(&self) -> Uuid {
        self.id
    }

    /// Whether anything has left the shelf.
    pub(super) fn is_fulfilled(&self) -> bool {
        self.fulfilment_status != fulfilment_status_name(FulfilmentStatus::Unfulfilled)
    }

    pub(super) fn into_order(
        self,
        lines: Vec<Line>,
        fulfilments: Vec<Parcel>,
        invoice: Option<i64>,
    ) -> Result<Order, DbError> {
        let currency = Currency::from_code(&self.currency);
        Ok(Order {
            id: OrderId(self.id),
            number: self.number,
            progress: progress(&self.state, &self.payment_status, &self.fulfilment_status)?,
            currency: currency.ok_or_else(|| corrupt(format!("currency {}", self.currency)))?,
            buyer: Buyer {
                customer: self.customer_id.map(CustomerId),
                contact: parse(self.customer)?,
                billing_address: parse(self.billing_address)?,
                shipping_address: parse(self.shipping_address)?,
            },
            lines,
            prices: if self.prices_include_tax { Prices::IncludingTax } else { Prices::BeforeTax },
            shipping: Shipping {
                amounts: Taxed { net: self.shipping_minor, tax: self.shipping_tax_minor },
                tax_rate: Rate(self.shipping_tax_rate),
            },
            sums: Sums {
                subtotal: self.subtotal_minor,
                discount: self.discount_minor,
                shipping: self.shipping_minor,
                tax: self.tax_minor,
                total: self.total_minor,
                cost: self.cost_minor,
            },
            settled: Settled { credited: self.credited_minor, paid: self.paid_minor, refunded: self.refunded_minor },
            invoice: invoice.zip(self.due_date).map(|(number, due_date)| Issued { number, due_date }),
            fulfilments,
            channel: self.channel,
            external_reference: self.external_reference,
            sales_person: self.sales_person_id.map(UserId),
            commission_rate: Rate(self.commission_rate),
            erp_synced: self.erp_synced,
            note: self.note,
            ordered_at: self.ordered_at,
            created_by: UserId(self.created_by),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl LineRow {
    pub(super) fn order_id(&self) -> Uuid {
        self.order_id
    }
}

impl From<LineRow> for Line {
    fn from(row: LineRow) -> Self {
        Self {
            id: OrderLineId(row.id),
            product: ProductId(row.product_id),
            sku: row.sku,
            name: row.name,
            quantity: row.quantity,
            unit_price: row.unit_price_minor,
            discount_pct: Rate(row.discount_pct),
            tax_rate: Rate(row.tax_rate),
            amounts: LineAmounts { discount: row.discount_minor, net: row.net_minor, tax: row.tax_minor },
            cost: row.cost_minor,
            returned: Returned {
                units: row.returned_quantity,
                unfulfilled: row.returned_unfulfilled,
                restocked_cost: row.restocked_minor,
            },
        }
    }
}

/// The three statuses, as the database derived them.
pub(super) fn progress(status: &str, payment: &str, fulfilment: &str) -> Result<Progress, DbError> {
    Ok(Progress {
        status: known(status, status_name, &STATUSES)?,
        payment: known(payment, payment_status_name, &PAYMENT_STATUSES)?,
        fulfilment: known(fulfilment, fulfilment_status_name, &FULFILMENT_STATUSES)?,
    })
}

fn known<T: Copy>(text: &str, name: fn(T) -> &'static str, all: &[T]) -> Result<T, DbError> {
    all.iter().find(|one| name(**one) == text).copied().ok_or_else(|| corrupt(format!("status {text}")))
}

const STATUSES: [OrderStatus; 4] =
    [OrderStatus::Placed, OrderStatus::Invoiced, OrderStatus::Completed, OrderStatus::Cancelled];
const PAYMENT_STATUSES: [PaymentStatus; 4] =
    [PaymentStatus::Unpaid, PaymentStatus::PartlyPaid, PaymentStatus::Paid, PaymentStatus::Refunded];
const FULFILMENT_STATUSES: [FulfilmentStatus; 3] =
    [FulfilmentStatus::Unfulfilled, FulfilmentStatus::PartlyFulfilled, FulfilmentStatus::Fulfilled];

pub(super) fn status_name(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Placed => "placed",
        OrderStatus::Invoiced => "invoiced",
        OrderStatus::Completed => "completed",
        OrderStatus::Cancelled => "cancelled",
    }
}

pub(super) fn payment_status_name(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Unpaid => "unpaid",
        PaymentStatus::PartlyPaid => "partly_paid",
        PaymentStatus::Paid => "paid",
        PaymentStatus::Refunded => "refunded",
    }
}

pub(super) fn fulfilment_status_name(status: FulfilmentStatus) -> &'static str {
    match status {
        FulfilmentStatus::Unfulfilled => "unfulfilled",
        FulfilmentStatus::PartlyFulfilled => "partly_fulfilled",
        FulfilmentStatus::Fulfilled => "fulfilled",
    }
}

/// What somebody types to find an order: its number, the seller's own, or who bought.
pub(super) fn found_by(
    q: &str,
) -> Box<dyn BoxableExpression<orders::table, Pg, SqlType = diesel::sql_types::Nullable<Bool>>> {
    let number = q.trim_start_matches("SO-").parse::<i64>().unwrap_or(-1);
    let part = part_like(q);
    let of_customer = |member: &'static str| orders::customer.retrieve_as_text(member).ilike(part.clone());
    Box::new(
        (orders::number.eq(number).nullable())
            .or(orders::external_reference.eq(q.to_owned()))
            .or(orders::customer_email.ilike(part.clone()))
            .or(of_customer("company"))
            .or(of_customer("first_name"))
            .or(of_customer("last_name")),
    )
}
