//! What becomes of an order: invoices, payments and refunds, fulfilments. Only added to.

use super::{
    super::model::{IssuedInvoice, Parcel},
    rows::parse,
    write::document,
};
use crate::{
    platform::{
        db::{DbError, TakeFirstRows, TenantTx, prepared},
        http::PageRequest,
    },
    schema::{fulfilments, invoices, payments},
};
use chrono::{DateTime, NaiveDate, Utc};
use countinghouse_contract::{
    InvoiceId, OrderId, PaymentId,
    customers::{Address, Contact},
    invoices::{InvoiceKind, InvoiceLine},
    orders::Totals,
    payments::PaymentKind,
};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Date, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// An invoice or credit note that waits for its number.
pub struct NewInvoiceRow {
    pub id: InvoiceId,
    pub order: OrderId,
    pub kind: InvoiceKind,
    pub date: NaiveDate,
    /// Of an invoice, and of that only.
    pub due_date: Option<NaiveDate>,
    pub customer: Option<Contact>,
    pub billing_address: Option<Address>,
    pub lines: Vec<InvoiceLine>,
    pub totals: Totals,
}

/// An invoice or credit note that has got its number.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct Numbered {
    #[diesel(sql_type = BigInt)]
    pub number: i64,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

/// Issues an invoice or credit note under the next number of its series. The series' row stays locked until the
/// commit: this is the last thing that a transaction does. Of one order, which is locked, each has a later time
/// than the one before, also where a transaction that began earlier comes later: they are listed as they were
/// issued.
pub fn insert_invoice(tx: &mut TenantTx<'_>, invoice: &NewInvoiceRow) -> Result<Numbered, DbError> {
    let (tenant, now, by) = (tx.tenant_id(), tx.now(), tx.actor().user_id);
    let numbered = prepared(
        "WITH drawn AS (INSERT INTO invoice_counters AS c (tenant_id, kind, last_number) VALUES ($1, $12, 1) \
         ON CONFLICT (tenant_id, kind) DO UPDATE SET last_number = c.last_number + 1 RETURNING last_number) \
         INSERT INTO invoices (tenant_id, id, order_id, kind, number, date, due_date, customer, billing_address, \
         lines, totals, created_by, created_at) \
         SELECT $1, $2, $3, $12, last_number, $4, $5, $6, $7, $8, $9, $10, greatest($11, (SELECT max(i.created_at) \
         + interval '1 microsecond' FROM invoices i WHERE i.tenant_id = $1 AND i.order_id = $3)) \
         FROM drawn RETURNING number, created_at",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(invoice.id.0)
    .bind::<SqlUuid, _>(invoice.order.0)
    .bind::<Date, _>(invoice.date)
    .bind::<Nullable<Date>, _>(invoice.due_date)
    .bind::<Nullable<Jsonb>, _>(document(&invoice.customer))
    .bind::<Nullable<Jsonb>, _>(document(&invoice.billing_address))
    .bind::<Jsonb, _>(json!(invoice.lines))
    .bind::<Jsonb, _>(json!(invoice.totals))
    .bind::<SqlUuid, _>(by.0)
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(kind_name(invoice.kind))
    .get_result(tx.conn())?;
    Ok(numbered)
}

fn kind_name(kind: InvoiceKind) -> &'static str {
    match kind {
        InvoiceKind::Invoice => "invoice",
        InvoiceKind::CreditNote => "credit_note",
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = invoices)]
struct InvoiceRow {
    id: Uuid,
    kind: String,
    number: i64,
    date: NaiveDate,
    due_date: Option<NaiveDate>,
    customer: Option<Value>,
    billing_address: Option<Value>,
    lines: Value,
    totals: Value,
    created_at: DateTime<Utc>,
}

impl InvoiceRow {
    fn into_issued(self) -> Result<IssuedInvoice, DbError> {
        let corrupt = |what: String| DbError::Corrupt { table: "invoices", what };
        let kinds = [InvoiceKind::Invoice, InvoiceKind::CreditNote];
        let kind = kinds.into_iter().find(|kind| kind_name(*kind) == self.kind);
        Ok(IssuedInvoice {
            id: InvoiceId(self.id),
            kind: kind.ok_or_else(|| corrupt(format!("kind {}", self.kind)))?,
            number: self.number,
            date: self.date,
            due_date: self.due_date,
            customer: parse(self.customer)?,
            billing_address: parse(self.billing_address)?,
            lines: serde_json::from_value(self.lines).map_err(|error| corrupt(error.to_string()))?,
            totals: serde_json::from_value(self.totals).map_err(|error| corrupt(error.to_string()))?,
            created_at: self.created_at,
        })
    }
}

pub fn list_invoices(tx: &mut TenantTx<'_>, order: OrderId, asked: PageRequest) -> Result<Vec<IssuedInvoice>, DbError> {
    let tenant = tx.tenant_id();
    let mut query = invoices::table
        .filter(invoices::tenant_id.eq(tenant.0).and(invoices::order_id.eq(order.0)))
        .select(InvoiceRow::as_select())
        .into_boxed();
    if let Some(after) = asked.after {
        query = query
            .filter(invoices::created_at.le(after.created_at))
            .filter(invoices::created_at.lt(after.created_at).or(invoices::id.lt(after.id)));
    }
    let rows =
        query.order((invoices::created_at.desc(), invoices::id.desc())).first_rows(asked.rows()).load(tx.conn())?;
    rows.into_iter().map(InvoiceRow::into_issued).collect()
}

/// What was issued under these ids.
pub fn issued(tx: &mut TenantTx<'_>, ids: &[InvoiceId]) -> Result<HashMap<InvoiceId, IssuedInvoice>, DbError> {
    let tenant = tx.tenant_id();
    let rows: Vec<InvoiceRow> = invoices::table
        .filter(invoices::tenant_id.eq(tenant.0))
        .filter(invoices::id.eq_any(ids.iter().map(|id| id.0).collect::<Vec<_>>()))
        .select(InvoiceRow::as_select())
        .load(tx.conn())?;
    let issued = rows.into_iter().map(InvoiceRow::into_issued);
    issued.map(|one| one.map(|one| (one.id, one))).collect()
}

pub struct NewPaymentRow {
    pub id: PaymentId,
    pub order: OrderId,
    pub kind: PaymentKind,
    pub amount: i64,
    pub method: String,
    pub reference: Option<String>,
    pub received_at: DateTime<Utc>,
}

pub fn insert_payment(tx: &mut TenantTx<'_>, payment: &NewPaymentRow) -> Result<(), DbError> {
    let (tenant, now, by) = (tx.tenant_id(), tx.now(), tx.actor().user_id);
    let kind = match payment.kind {
        PaymentKind::Payment => "payment",
        PaymentKind::Refund => "refund",
    };
    diesel::insert_into(payments::table)
        .values((
            payments::tenant_id.eq(tenant.0),
            payments::id.eq(payment.id.0),
            payments::order_id.eq(payment.order.0),
            payments::kind.eq(kind),
            payments::amount_minor.eq(payment.amount),
            payments::method.eq(&payment.method),
            payments::reference.eq(&payment.reference),
            payments::received_at.eq(payment.received_at),
            payments::created_by.eq(by.0),
            payments::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// A parcel with what is in it.
pub fn insert_fulfilment(tx: &mut TenantTx<'_>, order: OrderId, parcel: &Parcel) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    diesel::insert_into(fulfilments::table)
        .values((
            fulfilments::tenant_id.eq(tenant.0),
            fulfilments::id.eq(parcel.id.0),
            fulfilments::order_id.eq(order.0),
            fulfilments::carrier.eq(&parcel.carrier),
            fulfilments::tracking_number.eq(&parcel.tracking_number),
            fulfilments::created_by.eq(parcel.created_by.0),
            fulfilments::created_at.eq(parcel.created_at),
        ))
        .execute(tx.conn())?;
    prepared(
        "INSERT INTO fulfilment_lines (tenant_id, fulfilment_id, order_line_id, quantity) \
         SELECT $1, $2, line, quantity FROM unnest($3, $4) AS l (line, quantity)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(parcel.id.0)
    .bind::<Array<SqlUuid>, _>(parcel.lines.iter().map(|(line, _)| line.0).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(parcel.lines.iter().map(|(_, quantity)| *quantity).collect::<Vec<_>>())
    .execute(tx.conn())?;
    Ok(())
}
