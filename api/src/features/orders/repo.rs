//! Orders and their lines in the database.

use super::{
    model::{Line, Order, Sums},
    service::Filter,
};
use crate::{
    platform::{
        authn::TenantCtx,
        db::{DbError, TenantTx},
        http::PageRequest,
    },
    schema::{order_lines, orders},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{Currency, OrderId, OrderLineId, ProductId, Rate, UserId, orders::OrderStatus};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use std::collections::HashMap;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = orders)]
struct OrderRow {
    id: Uuid,
    number: i64,
    status: String,
    channel: String,
    external_reference: Option<String>,
    currency: String,
    note: Option<String>,
    created_by: Uuid,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = order_lines)]
struct LineRow {
    order_id: Uuid,
    id: Uuid,
    product_id: Uuid,
    sku: String,
    name: String,
    quantity: i64,
    unit_price_minor: i64,
    tax_rate: i32,
    net_minor: i64,
    tax_minor: i64,
    cost_minor: i64,
}

impl OrderRow {
    fn into_order(self, lines: Vec<Line>) -> Result<Order, DbError> {
        let corrupt = |what: String| DbError::Corrupt { table: "orders", what };
        let status = match self.status.as_str() {
            "placed" => OrderStatus::Placed,
            other => return Err(corrupt(format!("status {other}"))),
        };
        let currency = Currency::from_code(&self.currency);
        Ok(Order {
            id: OrderId(self.id),
            number: self.number,
            status,
            channel: self.channel,
            external_reference: self.external_reference,
            currency: currency.ok_or_else(|| corrupt(format!("currency {}", self.currency)))?,
            lines,
            note: self.note,
            created_by: UserId(self.created_by),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
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
            tax_rate: Rate(row.tax_rate),
            net: row.net_minor,
            tax: row.tax_minor,
            cost: row.cost_minor,
        }
    }
}

pub fn find(tx: &mut TenantTx<'_>, id: OrderId) -> Result<Option<Order>, DbError> {
    let tenant = tx.tenant_id();
    let row = orders::table.find((tenant.0, id.0)).select(OrderRow::as_select()).first(tx.conn()).optional()?;
    Ok(with_lines(tx, row.into_iter().collect())?.into_iter().next())
}

pub fn list(tx: &mut TenantTx<'_>, filter: &Filter, asked: PageRequest) -> Result<Vec<Order>, DbError> {
    let tenant = tx.tenant_id();
    let mut query = orders::table.filter(orders::tenant_id.eq(tenant.0)).select(OrderRow::as_select()).into_boxed();
    if let Some(channel) = &filter.channel {
        query = query.filter(orders::channel.eq(channel));
    }
    if let Some(reference) = &filter.external_reference {
        query = query.filter(orders::external_reference.eq(reference));
    }
    if let Some(after) = asked.after {
        query = query
            .filter(orders::created_at.le(after.created_at))
            .filter(orders::created_at.lt(after.created_at).or(orders::id.lt(after.id)));
    }
    let rows = query.order((orders::created_at.desc(), orders::id.desc())).limit(asked.rows()).load(tx.conn())?;
    with_lines(tx, rows)
}

/// The lines of all these orders, read with one query.
fn with_lines(tx: &mut TenantTx<'_>, rows: Vec<OrderRow>) -> Result<Vec<Order>, DbError> {
    let tenant = tx.tenant_id();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let lines: Vec<LineRow> = order_lines::table
        .filter(order_lines::tenant_id.eq(tenant.0).and(order_lines::order_id.eq_any(ids)))
        .order((order_lines::order_id, order_lines::position))
        .select(LineRow::as_select())
        .load(tx.conn())?;
    let mut by_order: HashMap<Uuid, Vec<Line>> = HashMap::new();
    for line in lines {
        by_order.entry(line.order_id).or_default().push(line.into());
    }
    rows.into_iter()
        .map(|row| {
            let lines = by_order.remove(&row.id).unwrap_or_default();
            row.into_order(lines)
        })
        .collect()
}

/// A number for a new order, or the order that exists already with its reference.
pub enum Number {
    Next(i64),
    Existing(OrderId),
}

/// Draws the next number, outside any transaction.
pub async fn next_number(ctx: &TenantCtx, channel: String, reference: Option<String>) -> Result<Number, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Nullable<BigInt>)]
        number: Option<i64>,
        #[diesel(sql_type = Nullable<SqlUuid>)]
        existing: Option<Uuid>,
    }
    let drawn = ctx.db().tenant_statement(ctx, move |conn, request| {
        let row: Row = sql_query("SELECT number, existing FROM next_order_number($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind::<SqlUuid, _>(request.tenant)
            .bind::<Text, _>(request.kind)
            .bind::<SqlUuid, _>(request.credential)
            .bind::<BigInt, _>(request.user_rights)
            .bind::<BigInt, _>(request.tenant_rights)
            .bind::<Timestamptz, _>(request.at)
            .bind::<Text, _>(&channel)
            .bind::<Nullable<Text>, _>(&reference)
            .get_result(conn)?;
        let number = row.existing.map(|id| Number::Existing(OrderId(id))).or(row.number.map(Number::Next));
        number.ok_or_else(|| DbError::Corrupt { table: "order_counters", what: "no number".to_owned() })
    });
    drawn.await
}

pub fn find_reference(tx: &mut TenantTx<'_>, channel: &str, reference: &str) -> Result<Option<OrderId>, DbError> {
    let tenant = tx.tenant_id();
    let id: Option<Uuid> = orders::table
        .filter(orders::tenant_id.eq(tenant.0))
        .filter(orders::channel.eq(channel).and(orders::external_reference.eq(reference)))
        .select(orders::id)
        .first(tx.conn())
        .optional()?;
    Ok(id.map(OrderId))
}

/// Writes an order with its lines; false when its reference is taken, and then nothing is
/// written.
pub fn insert(tx: &mut TenantTx<'_>, order: &Order, sums: &Sums) -> Result<bool, DbError> {
    let tenant = tx.tenant_id();
    let OrderStatus::Placed = order.status;
    let inserted = diesel::insert_into(orders::table)
        .values((
            orders::tenant_id.eq(tenant.0),
            orders::id.eq(order.id.0),
            orders::number.eq(order.number),
            orders::status.eq("placed"),
            orders::channel.eq(&order.channel),
            orders::external_reference.eq(&order.external_reference),
            orders::currency.eq(order.currency.code()),
            orders::subtotal_minor.eq(sums.subtotal),
            orders::tax_minor.eq(sums.tax),
            orders::total_minor.eq(sums.total),
            orders::cost_minor.eq(sums.cost),
            orders::note.eq(&order.note),
            orders::created_by.eq(order.created_by.0),
            orders::created_at.eq(order.created_at),
            orders::updated_at.eq(order.updated_at),
        ))
        .on_conflict((orders::tenant_id, orders::channel, orders::external_reference))
        .do_nothing()
        .execute(tx.conn())?;
    if inserted == 1 {
        insert_lines(tx, order)?;
    }
    Ok(inserted == 1)
}

fn insert_lines(tx: &mut TenantTx<'_>, order: &Order) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    let rows: Vec<_> = (order.lines.iter().zip(1_i32..))
        .map(|(line, position)| {
            (
                order_lines::tenant_id.eq(tenant.0),
                order_lines::order_id.eq(order.id.0),
                order_lines::position.eq(position),
                order_lines::id.eq(line.id.0),
                order_lines::product_id.eq(line.product.0),
                order_lines::sku.eq(&line.sku),
                order_lines::name.eq(&line.name),
                order_lines::quantity.eq(line.quantity),
                order_lines::unit_price_minor.eq(line.unit_price),
                order_lines::tax_rate.eq(line.tax_rate.0),
                order_lines::net_minor.eq(line.net),
                order_lines::tax_minor.eq(line.tax),
                order_lines::cost_minor.eq(line.cost),
            )
        })
        .collect();
    diesel::insert_into(order_lines::table).values(rows).execute(tx.conn())?;
    Ok(())
}
