//! Making orders, and moving them on.

use super::{
    super::model::{Line, Order, Progress, Settled},
    rows,
};
use crate::{
    platform::{
        authn::TenantCtx,
        db::{DbError, TenantTx, prepared},
    },
    schema::orders,
};
use chrono::NaiveDate;
use countinghouse_contract::{OrderId, orders::FulfilmentStatus};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

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
        let row: Row = prepared("SELECT number, existing FROM next_order_number($1, $2, $3, $4, $5, $6, $7, $8)")
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

/// Draws so many numbers for a job, and answers the first. Until its transaction ends, requests wait for theirs.
pub fn draw_numbers(tx: &mut TenantTx<'_>, count: i64) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        first: i64,
    }
    let tenant = tx.tenant_id();
    let row: Row = prepared(
        "INSERT INTO order_counters AS c (tenant_id, last_number) VALUES ($1, $2) \
         ON CONFLICT (tenant_id) DO UPDATE SET last_number = c.last_number + $2 \
         RETURNING last_number - $2 + 1 AS first",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<BigInt, _>(count)
    .get_result(tx.conn())?;
    Ok(row.first)
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

/// Writes an order without its lines, and answers its statuses; `None` when its reference is
/// taken, and then nothing is written.
pub fn insert(
    tx: &mut TenantTx<'_>,
    order: &Order,
    invoiced: Option<(NaiveDate, NaiveDate)>,
) -> Result<Option<Progress>, DbError> {
    let tenant = tx.tenant_id();
    let derived: Option<(String, String, String)> = diesel::insert_into(orders::table)
        .values((
            (
                orders::tenant_id.eq(tenant.0),
                orders::id.eq(order.id.0),
                orders::number.eq(order.number),
                orders::channel.eq(&order.channel),
                orders::external_reference.eq(&order.external_reference),
                orders::currency.eq(order.currency.code()),
                orders::customer_id.eq(order.buyer.customer.map(|id| id.0)),
                orders::customer.eq(document(&order.buyer.contact)),
                orders::billing_address.eq(document(&order.buyer.billing_address)),
                orders::shipping_address.eq(document(&order.buyer.shipping_address)),
            ),
            (
                orders::prices_include_tax.eq(order.prices_include_tax()),
                orders::subtotal_minor.eq(order.sums.subtotal),
                orders::discount_minor.eq(order.sums.discount),
                orders::shipping_minor.eq(order.sums.shipping),
                orders::shipping_tax_minor.eq(order.shipping.amounts.tax),
                orders::shipping_tax_rate.eq(order.shipping.tax_rate.0),
                orders::tax_minor.eq(order.sums.tax),
                orders::total_minor.eq(order.sums.total),
                orders::cost_minor.eq(order.sums.cost),
                orders::invoiced_on.eq(invoiced.map(|(date, _)| date)),
                orders::due_date.eq(invoiced.map(|(_, due)| due)),
            ),
            (
                orders::sales_person_id.eq(order.sales_person.map(|id| id.0)),
                orders::commission_rate.eq(order.commission_rate.0),
                orders::note.eq(&order.note),
                orders::ordered_at.eq(order.ordered_at),
                orders::created_by.eq(order.created_by.0),
                orders::created_at.eq(order.created_at),
                orders::updated_at.eq(order.updated_at),
            ),
        ))
        .on_conflict((orders::tenant_id, orders::channel, orders::external_reference))
        .do_nothing()
        .returning((orders::state, orders::payment_status, orders::fulfilment_status))
        .get_result(tx.conn())
        .optional()?;
    derived.map(|(status, payment, fulfilment)| rows::progress(&status, &payment, &fulfilment)).transpose()
}

pub(super) fn document<T: Serialize>(part: &Option<T>) -> Option<Value> {
    part.as_ref().map(|part| json!(part))
}

/// All lines of a new order, in one statement.
pub fn insert_lines(tx: &mut TenantTx<'_>, order: &Order) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    let lines = &order.lines;
    let ids = |pick: fn(&Line) -> Uuid| lines.iter().map(pick).collect::<Vec<_>>();
    let texts = |pick: fn(&Line) -> &str| lines.iter().map(pick).collect::<Vec<_>>();
    let rates = |pick: fn(&Line) -> i32| lines.iter().map(pick).collect::<Vec<_>>();
    let numbers = |pick: fn(&Line) -> i64| lines.iter().map(pick).collect::<Vec<_>>();
    prepared(
        "INSERT INTO order_lines (tenant_id, order_id, position, id, product_id, sku, name, quantity, \
         unit_price_minor, discount_pct, discount_minor, tax_rate, net_minor, tax_minor, cost_minor) \
         SELECT $1, $2, position, id, product_id, sku, name, quantity, price, discount_pct, discount, tax_rate, \
         net, tax, cost FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) WITH ORDINALITY \
         AS l (id, product_id, sku, name, quantity, price, discount_pct, discount, tax_rate, net, tax, cost, position)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(order.id.0)
    .bind::<Array<SqlUuid>, _>(ids(|line| line.id.0))
    .bind::<Array<SqlUuid>, _>(ids(|line| line.product.0))
    .bind::<Array<Text>, _>(texts(|line| &line.sku))
    .bind::<Array<Text>, _>(texts(|line| &line.name))
    .bind::<Array<BigInt>, _>(numbers(|line| line.quantity))
    .bind::<Array<BigInt>, _>(numbers(|line| line.unit_price))
    .bind::<Array<Integer>, _>(rates(|line| line.discount_pct.0))
    .bind::<Array<BigInt>, _>(numbers(|line| line.amounts.discount))
    .bind::<Array<Integer>, _>(rates(|line| line.tax_rate.0))
    .bind::<Array<BigInt>, _>(numbers(|line| line.amounts.net))
    .bind::<Array<BigInt>, _>(numbers(|line| line.amounts.tax))
    .bind::<Array<BigInt>, _>(numbers(|line| line.cost))
    .execute(tx.conn())?;
    Ok(())
}

/// The order's invoice is dated so.
pub fn set_invoiced(tx: &mut TenantTx<'_>, order: OrderId, date: NaiveDate, due: NaiveDate) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    let stamp = (orders::version.eq(orders::version + 1), orders::updated_at.eq(tx.now()));
    diesel::update(orders::table.find((tenant.0, order.0)))
        .set((stamp, orders::invoiced_on.eq(date), orders::due_date.eq(due)))
        .execute(tx.conn())?;
    Ok(())
}

/// What was paid and refunded, all together.
pub fn set_settled(tx: &mut TenantTx<'_>, order: OrderId, settled: Settled) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    let stamp = (orders::version.eq(orders::version + 1), orders::updated_at.eq(tx.now()));
    diesel::update(orders::table.find((tenant.0, order.0)))
        .set((stamp, orders::paid_minor.eq(settled.paid), orders::refunded_minor.eq(settled.refunded)))
        .execute(tx.conn())?;
    Ok(())
}

/// What credit notes took off, all together, and how far the order is fulfilled without what came back: not as the
/// ERP has it.
pub fn set_returned(
    tx: &mut TenantTx<'_>,
    order: OrderId,
    credited: i64,
    status: FulfilmentStatus,
) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    let stamp = (orders::version.eq(orders::version + 1), orders::updated_at.eq(tx.now()));
    let fulfilment = orders::fulfilment_status.eq(rows::fulfilment_status_name(status));
    diesel::update(orders::table.find((tenant.0, order.0)))
        .set((stamp, fulfilment, orders::credited_minor.eq(credited), orders::erp_synced.eq(false)))
        .execute(tx.conn())?;
    Ok(())
}

pub fn set_fulfilment(tx: &mut TenantTx<'_>, order: OrderId, status: FulfilmentStatus) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    let stamp = (orders::version.eq(orders::version + 1), orders::updated_at.eq(tx.now()));
    diesel::update(orders::table.find((tenant.0, order.0)))
        .set((stamp, orders::fulfilment_status.eq(rows::fulfilment_status_name(status))))
        .execute(tx.conn())?;
    Ok(())
}
