//! Returns in the database. Only added to: a trigger counts their units in the lines of the order.

use super::{
    model::{Return, ReturnLine},
    service::Filter,
};
use crate::{
    features::orders,
    platform::{
        db::{DbError, TenantTx, prepared},
        http::PageRequest,
    },
    schema::{order_lines, orders as order_rows, return_lines, returns},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{InvoiceId, OrderId, OrderLineId, ProductId, ReturnId, UserId};
use diesel::{
    dsl::exists,
    prelude::*,
    select,
    sql_types::{Array, BigInt, Bool, Nullable, Text, Uuid as SqlUuid},
};
use std::collections::HashMap;
use uuid::Uuid;

/// A return before it is entered. Its credit note follows before the transaction ends.
pub struct NewReturnRow<'a> {
    pub id: ReturnId,
    pub order: OrderId,
    pub credit_note: InvoiceId,
    pub credits_shipping: bool,
    pub lines: &'a [ReturnLine],
}

pub fn insert(tx: &mut TenantTx<'_>, row: &NewReturnRow<'_>) -> Result<(), DbError> {
    let (tenant, now, by) = (tx.tenant_id(), tx.now(), tx.actor().user_id);
    diesel::insert_into(returns::table)
        .values((
            returns::tenant_id.eq(tenant.0),
            returns::id.eq(row.id.0),
            returns::order_id.eq(row.order.0),
            returns::credit_note_id.eq(row.credit_note.0),
            returns::credits_shipping.eq(row.credits_shipping),
            returns::created_by.eq(by.0),
            returns::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    let numbers = |pick: fn(&ReturnLine) -> i64| row.lines.iter().map(pick).collect::<Vec<_>>();
    prepared(
        "INSERT INTO return_lines (tenant_id, return_id, position, order_line_id, quantity, unfulfilled, restocked, \
         cost_minor, reason) \
         SELECT $1, $2, position, line, quantity, unfulfilled, restocked, cost, reason \
         FROM unnest($3, $4, $5, $6, $7, $8) WITH ORDINALITY \
         AS l (line, quantity, unfulfilled, restocked, cost, reason, position)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(row.id.0)
    .bind::<Array<SqlUuid>, _>(row.lines.iter().map(|line| line.line.0).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(numbers(|line| line.quantity))
    .bind::<Array<BigInt>, _>(numbers(|line| line.unfulfilled))
    .bind::<Array<Bool>, _>(row.lines.iter().map(|line| line.restocked).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(numbers(|line| line.cost))
    .bind::<Array<Nullable<Text>>, _>(row.lines.iter().map(|line| line.reason.as_deref()).collect::<Vec<_>>())
    .execute(tx.conn())?;
    Ok(())
}

/// Whether an earlier return of the order credited its shipping; ask with the order locked.
pub fn shipping_is_credited(tx: &mut TenantTx<'_>, order: OrderId) -> Result<bool, DbError> {
    let tenant = tx.tenant_id();
    let credited = returns::table
        .filter(returns::tenant_id.eq(tenant.0).and(returns::order_id.eq(order.0)))
        .filter(returns::credits_shipping);
    Ok(select(exists(credited)).get_result(tx.conn())?)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = returns)]
struct ReturnRow {
    id: Uuid,
    order_id: Uuid,
    credit_note_id: Uuid,
    credits_shipping: bool,
    created_by: Uuid,
    created_at: DateTime<Utc>,
}

/// The columns of a return, and its order's number.
#[diesel::dsl::auto_type(no_type_alias)]
fn with_order() -> _ {
    let same = order_rows::tenant_id.eq(returns::tenant_id).and(order_rows::id.eq(returns::order_id));
    returns::table.inner_join(order_rows::table.on(same))
}

pub fn find(tx: &mut TenantTx<'_>, id: ReturnId) -> Result<Option<Return>, DbError> {
    let tenant = tx.tenant_id();
    let row = with_order()
        .filter(returns::tenant_id.eq(tenant.0).and(returns::id.eq(id.0)))
        .select((ReturnRow::as_select(), order_rows::number))
        .first(tx.conn())
        .optional()?;
    Ok(complete(tx, row.into_iter().collect())?.into_iter().next())
}

pub fn list(tx: &mut TenantTx<'_>, filter: &Filter, asked: PageRequest) -> Result<Vec<Return>, DbError> {
    let tenant = tx.tenant_id();
    let mut query = with_order()
        .filter(returns::tenant_id.eq(tenant.0))
        .select((ReturnRow::as_select(), order_rows::number))
        .into_boxed();
    if let Some(order) = filter.order {
        query = query.filter(returns::order_id.eq(order.0));
    }
    if let Some(from) = filter.dates.from {
        query = query.filter(returns::created_at.ge(from));
    }
    if let Some(before) = filter.dates.before {
        query = query.filter(returns::created_at.lt(before));
    }
    if let Some(after) = asked.after {
        query = query
            .filter(returns::created_at.le(after.created_at))
            .filter(returns::created_at.lt(after.created_at).or(returns::id.lt(after.id)));
    }
    let rows = query.order((returns::created_at.desc(), returns::id.desc())).limit(asked.rows()).load(tx.conn())?;
    complete(tx, rows)
}

/// The lines of all these returns, read with one query, and their credit notes, with another.
fn complete(tx: &mut TenantTx<'_>, rows: Vec<(ReturnRow, i64)>) -> Result<Vec<Return>, DbError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines_of = lines(tx, rows.iter().map(|(row, _)| row.id).collect())?;
    let notes: Vec<InvoiceId> = rows.iter().map(|(row, _)| InvoiceId(row.credit_note_id)).collect();
    let mut notes = orders::issued_in(tx, &notes)?;
    let complete = |(row, order_number): (ReturnRow, i64)| {
        let missing = || DbError::Corrupt { table: "returns", what: format!("no credit note of {}", row.id) };
        Ok(Return {
            id: ReturnId(row.id),
            order: OrderId(row.order_id),
            order_number,
            lines: lines_of.remove(&row.id).unwrap_or_default(),
            credits_shipping: row.credits_shipping,
            credit_note: notes.remove(&InvoiceId(row.credit_note_id)).ok_or_else(missing)?,
            created_by: UserId(row.created_by),
            created_at: row.created_at,
        })
    };
    rows.into_iter().map(complete).collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = return_lines)]
struct LineRow {
    return_id: Uuid,
    order_line_id: Uuid,
    quantity: i64,
    unfulfilled: i64,
    restocked: bool,
    cost_minor: i64,
    reason: Option<String>,
}

fn lines(tx: &mut TenantTx<'_>, of: Vec<Uuid>) -> Result<HashMap<Uuid, Vec<ReturnLine>>, DbError> {
    let tenant = tx.tenant_id();
    let same = order_lines::tenant_id.eq(return_lines::tenant_id).and(order_lines::id.eq(return_lines::order_line_id));
    let rows: Vec<(LineRow, Uuid, String, String)> = return_lines::table
        .inner_join(order_lines::table.on(same))
        .filter(return_lines::tenant_id.eq(tenant.0).and(return_lines::return_id.eq_any(of)))
        .order((return_lines::return_id, return_lines::position))
        .select((LineRow::as_select(), order_lines::product_id, order_lines::sku, order_lines::name))
        .load(tx.conn())?;
    let mut lines: HashMap<Uuid, Vec<ReturnLine>> = HashMap::new();
    for (row, product, sku, name) in rows {
        lines.entry(row.return_id).or_default().push(ReturnLine {
            line: OrderLineId(row.order_line_id),
            product: ProductId(product),
            sku,
            name,
            quantity: row.quantity,
            unfulfilled: row.unfulfilled,
            restocked: row.restocked,
            cost: row.cost_minor,
            reason: row.reason,
        });
    }
    Ok(lines)
}
