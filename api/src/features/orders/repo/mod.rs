//! Orders in the database: reading them. `write` makes and changes them, `documents` adds what
//! becomes of them.

mod documents;
mod edit;
mod rows;
mod write;

pub use documents::{
    NewInvoiceRow, NewPaymentRow, Numbered, insert_fulfilment, insert_invoice, insert_payment, issued, list_invoices,
};
pub use edit::{replace_lines, set_cancelled, update_edited};
pub use write::{
    Number, draw_numbers, find_reference, insert, insert_lines, next_number, set_fulfilment, set_invoiced,
    set_returned, set_settled,
};

use super::{
    model::{Order, Parcel},
    service::Filter,
};
use crate::{
    platform::{
        db::{DbError, TakeFirstRows, TenantTx, lower},
        http::PageRequest,
    },
    schema::{fulfilment_lines, fulfilments, invoices, order_lines, orders},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{FulfilmentId, OrderId, OrderLineId, UserId};
use diesel::{dsl::AsSelect, pg::Pg, prelude::*};
use rows::{LineRow, OrderRow};
use std::collections::HashMap;
use uuid::Uuid;

/// The order's columns, and the number of the invoice that is in force: the latest.
#[diesel::dsl::auto_type(no_type_alias)]
fn shown() -> _ {
    let of_order = invoices::tenant_id.eq(orders::tenant_id).and(invoices::order_id.eq(orders::id));
    let its = invoices::table.filter(of_order).filter(invoices::kind.eq("invoice"));
    let number = its.select(invoices::number).order(invoices::number.desc()).single_value();
    let row: AsSelect<OrderRow, Pg> = OrderRow::as_select();
    (row, number)
}

pub fn find(tx: &mut TenantTx<'_>, id: OrderId) -> Result<Option<Order>, DbError> {
    let tenant = tx.tenant_id();
    let row = orders::table.find((tenant.0, id.0)).select(shown()).first(tx.conn()).optional()?;
    Ok(complete(tx, row.into_iter().collect())?.into_iter().next())
}

/// As [`find`], and nobody else changes the order until the transaction ends.
pub fn lock(tx: &mut TenantTx<'_>, id: OrderId) -> Result<Option<Order>, DbError> {
    let tenant = tx.tenant_id();
    let locked: Option<Uuid> =
        orders::table.find((tenant.0, id.0)).select(orders::id).for_no_key_update().first(tx.conn()).optional()?;
    locked.map_or(Ok(None), |_| find(tx, id))
}

/// Those of these that there are.
pub fn find_all(tx: &mut TenantTx<'_>, ids: &[OrderId]) -> Result<Vec<Order>, DbError> {
    let tenant = tx.tenant_id();
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let some = orders::table.filter(orders::tenant_id.eq(tenant.0).and(orders::id.eq_any(ids)));
    let rows = some.select(shown()).load(tx.conn())?;
    complete(tx, rows)
}

/// Locks these as [`lock`] does, in one order for all who lock several.
pub fn hold(tx: &mut TenantTx<'_>, ids: &[OrderId]) -> Result<(), DbError> {
    if ids.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant_id();
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let some = orders::table.filter(orders::tenant_id.eq(tenant.0).and(orders::id.eq_any(ids)));
    let _held: Vec<Uuid> = some.select(orders::id).order(orders::id).for_no_key_update().load(tx.conn())?;
    Ok(())
}

/// The order of a number, as people write it.
pub fn find_number(tx: &mut TenantTx<'_>, number: i64) -> Result<Option<OrderId>, DbError> {
    let tenant = tx.tenant_id();
    let by_number = orders::tenant_id.eq(tenant.0).and(orders::number.eq(number));
    let id: Option<Uuid> = orders::table.filter(by_number).select(orders::id).first(tx.conn()).optional()?;
    Ok(id.map(OrderId))
}

pub fn exists(tx: &mut TenantTx<'_>, id: OrderId) -> Result<bool, DbError> {
    let tenant = tx.tenant_id();
    let found: Option<Uuid> = orders::table.find((tenant.0, id.0)).select(orders::id).first(tx.conn()).optional()?;
    Ok(found.is_some())
}

pub fn list(tx: &mut TenantTx<'_>, filter: &Filter, asked: PageRequest) -> Result<Vec<Order>, DbError> {
    let tenant = tx.tenant_id();
    let mut query = orders::table.filter(orders::tenant_id.eq(tenant.0)).select(shown()).into_boxed();
    if let Some(status) = filter.status {
        query = query.filter(orders::state.eq(rows::status_name(status)));
    }
    if let Some(status) = filter.payment_status {
        query = query.filter(orders::payment_status.eq(rows::payment_status_name(status)));
    }
    if let Some(status) = filter.fulfilment_status {
        query = query.filter(orders::fulfilment_status.eq(rows::fulfilment_status_name(status)));
    }
    if let Some(from) = filter.dates.from {
        query = query.filter(orders::ordered_at.ge(from));
    }
    if let Some(before) = filter.dates.before {
        query = query.filter(orders::ordered_at.lt(before));
    }
    if let Some(customer) = filter.customer_id {
        query = query.filter(orders::customer_id.eq(customer.0));
    }
    if let Some(email) = &filter.customer_email {
        // As the column was made, whatever the database takes for lower case.
        query = query.filter(orders::customer_email.eq(lower(email)));
    }
    if let Some(channel) = &filter.channel {
        query = query.filter(orders::channel.eq(channel));
    }
    if let Some(reference) = &filter.external_reference {
        query = query.filter(orders::external_reference.eq(reference));
    }
    if let Some(synced) = filter.erp_synced {
        query = query.filter(orders::erp_synced.eq(synced));
    }
    if let Some(q) = &filter.q {
        query = query.filter(rows::found_by(q));
    }
    if let Some(after) = asked.after {
        query = query
            .filter(orders::ordered_at.le(after.created_at))
            .filter(orders::ordered_at.lt(after.created_at).or(orders::id.lt(after.id)));
    }
    let rows = query.order((orders::ordered_at.desc(), orders::id.desc())).first_rows(asked.rows()).load(tx.conn())?;
    complete(tx, rows)
}

/// The lines of all these orders, read with one query, and what was fulfilled, with another where
/// anything was.
fn complete(tx: &mut TenantTx<'_>, rows: Vec<(OrderRow, Option<i64>)>) -> Result<Vec<Order>, DbError> {
    let tenant = tx.tenant_id();
    let ids: Vec<Uuid> = rows.iter().map(|(row, _)| row.id()).collect();
    let fulfilled: Vec<Uuid> = rows.iter().filter(|(row, _)| row.is_fulfilled()).map(|(row, _)| row.id()).collect();
    let lines: Vec<LineRow> = order_lines::table
        .filter(order_lines::tenant_id.eq(tenant.0).and(order_lines::order_id.eq_any(ids)))
        .order((order_lines::order_id, order_lines::position))
        .select(LineRow::as_select())
        .load(tx.conn())?;
    let mut lines_of: HashMap<Uuid, Vec<_>> = HashMap::new();
    for line in lines {
        lines_of.entry(line.order_id()).or_default().push(line.into());
    }
    let mut parcels_of = if fulfilled.is_empty() { HashMap::new() } else { parcels(tx, fulfilled)? };
    rows.into_iter()
        .map(|(row, invoice)| {
            let id = row.id();
            let parcels = parcels_of.remove(&id).unwrap_or_default();
            row.into_order(lines_of.remove(&id).unwrap_or_default(), parcels, invoice)
        })
        .collect()
}

fn parcels(tx: &mut TenantTx<'_>, orders: Vec<Uuid>) -> Result<HashMap<Uuid, Vec<Parcel>>, DbError> {
    #[derive(Queryable, Selectable)]
    #[diesel(table_name = fulfilments)]
    struct Row {
        order_id: Uuid,
        id: Uuid,
        carrier: String,
        tracking_number: String,
        created_by: Uuid,
        created_at: DateTime<Utc>,
    }
    let tenant = tx.tenant_id();
    let same = fulfilment_lines::tenant_id.eq(fulfilments::tenant_id);
    let rows: Vec<(Row, Uuid, i64)> = fulfilments::table
        .inner_join(fulfilment_lines::table.on(same.and(fulfilment_lines::fulfilment_id.eq(fulfilments::id))))
        .filter(fulfilments::tenant_id.eq(tenant.0).and(fulfilments::order_id.eq_any(orders)))
        .order((fulfilments::created_at, fulfilments::id, fulfilment_lines::order_line_id))
        .select((Row::as_select(), fulfilment_lines::order_line_id, fulfilment_lines::quantity))
        .load(tx.conn())?;
    let mut parcels: HashMap<Uuid, Vec<Parcel>> = HashMap::new();
    for (row, line, quantity) in rows {
        let of_order = parcels.entry(row.order_id).or_default();
        let part = (OrderLineId(line), quantity);
        match of_order.last_mut().filter(|parcel| parcel.id.0 == row.id) {
            Some(parcel) => parcel.lines.push(part),
            None => of_order.push(Parcel {
                id: FulfilmentId(row.id),
                carrier: row.carrier,
                tracking_number: row.tracking_number,
                lines: vec![part],
                created_by: UserId(row.created_by),
                created_at: row.created_at,
            }),
        }
    }
    Ok(parcels)
}
