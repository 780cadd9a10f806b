//! Orders, newest first, a row for each line.
//!
//! What concerns the whole order stands in the row of its first line alone, so that columns add up. Its
//! number, time, channel and reference stand in all of them, to know which order a row belongs to.

use super::{Export, Form};
use crate::{
    features::orders::{invoice_number_text, order_number_text},
    platform::sheets::Cell,
};
use chrono::{DateTime, NaiveDate, Utc};
use countinghouse_contract::Rate;
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Date, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

#[derive(QueryableByName)]
pub struct OrderRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Timestamptz)]
    ordered_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    channel: String,
    #[diesel(sql_type = Nullable<Text>)]
    external_reference: Option<String>,
    #[diesel(sql_type = Integer)]
    position: i32,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
    #[diesel(sql_type = BigInt)]
    unit_price_minor: i64,
    #[diesel(sql_type = Integer)]
    discount_pct: i32,
    #[diesel(sql_type = BigInt)]
    line_discount_minor: i64,
    #[diesel(sql_type = Integer)]
    tax_rate: i32,
    #[diesel(sql_type = BigInt)]
    line_tax_minor: i64,
    #[diesel(sql_type = BigInt)]
    net_minor: i64,
    #[diesel(sql_type = BigInt)]
    line_cost_minor: i64,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Text)]
    payment_status: String,
    #[diesel(sql_type = Text)]
    fulfilment_status: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    customer_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    first_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    last_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    company: Option<String>,
    #[diesel(sql_type = BigInt)]
    shipping_minor: i64,
    #[diesel(sql_type = BigInt)]
    total_minor: i64,
    #[diesel(sql_type = BigInt)]
    paid_minor: i64,
    #[diesel(sql_type = BigInt)]
    refunded_minor: i64,
    #[diesel(sql_type = BigInt)]
    due_minor: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    invoice_number: Option<i64>,
    #[diesel(sql_type = Nullable<Date>)]
    due_date: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Text>)]
    note: Option<String>,
}

impl Export for OrderRow {
    const NAME: &'static str = "orders";
    const COLUMNS: &'static [&'static str] = &[
        "order_number",
        "ordered_at",
        "channel",
        "external_reference",
        "sku",
        "name",
        "quantity",
        "unit_price",
        "discount_pct",
        "discount",
        "tax_rate",
        "tax",
        "line_total",
        "currency",
        "status",
        "payment_status",
        "fulfilment_status",
        "email",
        "first_name",
        "last_name",
        "company",
        "customer_id",
        "shipping",
        "grand_total",
        "amount_paid",
        "amount_refunded",
        "amount_due",
        "invoice_number",
        "due_date",
        "note",
        "id",
    ];
    const COSTS: &'static [&'static str] = &["line_cost"];
    const SQL: &'static str = "SELECT \
         o.id, o.number, o.ordered_at, o.channel, o.external_reference, l.position, l.sku, l.name, \
         l.quantity, l.unit_price_minor, l.discount_pct, l.discount_minor AS line_discount_minor, l.tax_rate, \
         l.tax_minor AS line_tax_minor, l.net_minor, l.cost_minor AS line_cost_minor, o.state, o.payment_status, \
         o.fulfilment_status, o.customer_id, o.customer ->> 'email' AS email, \
         o.customer ->> 'first_name' AS first_name, o.customer ->> 'last_name' AS last_name, \
         o.customer ->> 'company' AS company, o.shipping_minor, o.total_minor, o.paid_minor, o.refunded_minor, \
         o.due_minor, o.due_date, o.note, (SELECT max(i.number) FROM invoices i WHERE i.tenant_id = o.tenant_id \
             AND i.order_id = o.id AND i.kind = 'invoice') AS invoice_number \
         FROM orders o JOIN order_lines l ON l.tenant_id = o.tenant_id AND l.order_id = o.id \
         WHERE o.tenant_id = $1 AND ($2 IS NULL OR o.ordered_at >= $2) AND ($3 IS NULL OR o.ordered_at < $3) \
         ORDER BY o.ordered_at DESC, o.id DESC, l.position";

    fn cells(&self, form: &Form) -> Vec<Cell<'_>> {
        let rate = |rate: i32| Cell::Number(Rate(rate).to_decimal());
        let mut cells = vec![
            Cell::made(order_number_text(self.number)),
            form.moment(self.ordered_at),
            Cell::Text(&self.channel),
            self.external_reference.as_deref().into(),
            Cell::Text(&self.sku),
            Cell::Text(&self.name),
            Cell::Whole(self.quantity),
            form.money(self.unit_price_minor),
            rate(self.discount_pct),
            form.money(self.line_discount_minor),
            rate(self.tax_rate),
            form.money(self.line_tax_minor),
            form.money(self.net_minor),
            Cell::word(form.currency.code()),
        ];
        cells.extend(self.of_whole_order(form));
        if form.costs {
            cells.push(form.money(self.line_cost_minor));
        }
        cells
    }
}

impl OrderRow {
    fn of_whole_order(&self, form: &Form) -> [Cell<'_>; 17] {
        if self.position > 1 {
            return [const { Cell::Empty }; 17];
        }
        [
            Cell::word(&self.state),
            Cell::word(&self.payment_status),
            Cell::word(&self.fulfilment_status),
            self.email.as_deref().into(),
            self.first_name.as_deref().into(),
            self.last_name.as_deref().into(),
            self.company.as_deref().into(),
            self.customer_id.map_or(Cell::Empty, Cell::made),
            form.money(self.shipping_minor),
            form.money(self.total_minor),
            form.money(self.paid_minor),
            form.money(self.refunded_minor),
            form.money(self.due_minor),
            self.invoice_number.map_or(Cell::Empty, |number| Cell::made(invoice_number_text(number))),
            self.due_date.map_or(Cell::Empty, Cell::Day),
            self.note.as_deref().into(),
            Cell::made(self.id),
        ]
    }
}
