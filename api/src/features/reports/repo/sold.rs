//! What was sold and what came back: by product from the sums of invoices and credit notes, by day from orders.

use super::{booked::Spans, whole::Whole};
use crate::platform::db::{AnyTx, DbError};
use chrono::{DateTime, NaiveDate, Utc};
use countinghouse_contract::{Rate, TenantId};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Date, Integer, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

/// How many products each list shows.
const BY_REVENUE: i64 = 50;
const BY_PROFIT: i64 = 10;

/// Units invoiced less units credited, within each window.
#[derive(Debug, QueryableByName)]
pub struct SoldRow {
    #[diesel(sql_type = Text)]
    pub today: Whole,
    #[diesel(sql_type = Text)]
    pub week: Whole,
    #[diesel(sql_type = Text)]
    pub month: Whole,
    #[diesel(sql_type = Text)]
    pub recent: Whole,
}

pub fn sold_units(tx: &mut impl AnyTx, tenant: TenantId, spans: Spans) -> Result<SoldRow, DbError> {
    let row = sql_query(
        "SELECT coalesce(sum(s.quantity) FILTER (WHERE s.date >= $2), 0)::text AS today, \
             coalesce(sum(s.quantity) FILTER (WHERE s.date >= $3), 0)::text AS week, \
             coalesce(sum(s.quantity) FILTER (WHERE s.date >= $4), 0)::text AS month, \
             coalesce(sum(s.quantity) FILTER (WHERE s.date >= $5), 0)::text AS recent \
         FROM product_sales($1, least($3, $4, $5), $2) s",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Date, _>(spans.today)
    .bind::<Date, _>(spans.week)
    .bind::<Date, _>(spans.month)
    .bind::<Date, _>(spans.recent)
    .get_result(tx.any_conn())?;
    Ok(row)
}

/// A product with its sales, and its places among all that were sold, from one.
#[derive(Debug, Clone, QueryableByName)]
pub struct Ranked {
    #[diesel(sql_type = SqlUuid)]
    pub product_id: Uuid,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub units: Whole,
    #[diesel(sql_type = Text)]
    pub net: Whole,
    #[diesel(sql_type = Text)]
    pub discount: Whole,
    #[diesel(sql_type = Text)]
    pub cost: Whole,
    /// The net of all products.
    #[diesel(sql_type = Text)]
    pub total: Whole,
    #[diesel(sql_type = BigInt)]
    pub by_revenue: i64,
    #[diesel(sql_type = BigInt)]
    pub by_profit: i64,
    /// By profit from the other end.
    #[diesel(sql_type = BigInt)]
    pub by_loss: i64,
}

/// The products with the most revenue, and those that earned most and least, in no order.
pub fn ranked(tx: &mut impl AnyTx, tenant: TenantId, spans: Spans) -> Result<Vec<Ranked>, DbError> {
    let rows = sql_query(
        "WITH sold AS ( \
             SELECT s.product_id, sum(s.quantity) AS units, sum(s.net) AS net, sum(s.discount) AS discount, \
                 sum(s.cost) AS cost \
             FROM product_sales($1, $2, $3) s GROUP BY s.product_id \
             HAVING sum(s.quantity) <> 0 OR sum(s.net) <> 0 OR sum(s.cost) <> 0 \
         ), ranked AS ( \
             SELECT s.*, sum(s.net) OVER () AS total, row_number() OVER (ORDER BY s.net DESC, s.product_id) AS by_revenue, \
                 row_number() OVER (ORDER BY s.net - s.cost DESC, s.product_id) AS by_profit, \
                 row_number() OVER (ORDER BY s.net - s.cost, s.product_id) AS by_loss FROM sold s \
         ) \
         SELECT r.product_id, p.sku, p.name, r.units::text AS units, r.net::text AS net, \
             r.discount::text AS discount, r.cost::text AS cost, r.total::text AS total, r.by_revenue, r.by_profit, r.by_loss \
         FROM ranked r JOIN products p ON p.tenant_id = $1 AND p.id = r.product_id \
         WHERE r.by_revenue <= $4 OR r.by_profit <= $5 OR r.by_loss <= $5",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Date, _>(spans.recent)
    .bind::<Date, _>(spans.today)
    .bind::<BigInt, _>(BY_REVENUE)
    .bind::<BigInt, _>(BY_PROFIT)
    .load(tx.any_conn())?;
    Ok(rows)
}

impl Ranked {
    pub fn is_by_revenue(&self) -> bool {
        self.by_revenue <= BY_REVENUE
    }

    pub fn is_by_profit(&self) -> bool {
        self.by_profit <= BY_PROFIT
    }

    pub fn is_by_loss(&self) -> bool {
        self.by_loss <= BY_PROFIT
    }
}

/// The products whose margin lies within ten percent of each other.
#[derive(Debug, QueryableByName)]
pub struct MarginRow {
    /// Tenths of the revenue: −1 for all losses, 9 with all of the revenue.
    #[diesel(sql_type = Integer)]
    pub bucket: i32,
    #[diesel(sql_type = BigInt)]
    pub products: i64,
    #[diesel(sql_type = Text)]
    pub net: Whole,
}

pub fn margins(tx: &mut impl AnyTx, tenant: TenantId, spans: Spans) -> Result<Vec<MarginRow>, DbError> {
    let rows = sql_query(
        "WITH sold AS ( \
             SELECT sum(s.net) AS net, sum(s.cost) AS cost FROM product_sales($1, $2, $3) s \
             GROUP BY s.product_id HAVING sum(s.net) > 0 \
         ) \
         SELECT b.bucket, count(*) AS products, sum(b.net)::text AS net \
         FROM (SELECT greatest(-1, least(9, floor((s.net - s.cost) * 10 / s.net)))::integer AS bucket, s.net \
               FROM sold s) b GROUP BY 1 ORDER BY 1",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Date, _>(spans.recent)
    .bind::<Date, _>(spans.today)
    .load(tx.any_conn())?;
    Ok(rows)
}

/// The orders of a day that were not cancelled.
#[derive(Debug, QueryableByName)]
pub struct OrdersRow {
    #[diesel(sql_type = Date)]
    pub date: NaiveDate,
    #[diesel(sql_type = BigInt)]
    pub orders: i64,
    #[diesel(sql_type = Text)]
    pub net: Whole,
    #[diesel(sql_type = BigInt)]
    pub discounted: i64,
    /// With a line whose discount is beyond the cap.
    #[diesel(sql_type = BigInt)]
    pub above_cap: i64,
    #[diesel(sql_type = Text)]
    pub subtotal: Whole,
    #[diesel(sql_type = Text)]
    pub discount: Whole,
}

/// Each of these days, which begin and end at these moments, in order.
pub fn orders_by_day(
    tx: &mut impl AnyTx,
    tenant: TenantId,
    days: &[(NaiveDate, DateTime<Utc>, DateTime<Utc>)],
    cap: Rate,
) -> Result<Vec<OrdersRow>, DbError> {
    let rows = sql_query(
        "SELECT d.date, o.orders, o.net, o.discounted, o.above_cap, o.subtotal, o.discount \
         FROM unnest($2, $3, $4) AS d (date, begins, ends) \
         CROSS JOIN LATERAL ( \
             SELECT count(*) AS orders, \
                 coalesce(sum(o.subtotal_minor - o.discount_minor + o.shipping_minor), 0)::text AS net, \
                 count(*) FILTER (WHERE o.discount_minor > 0) AS discounted, \
                 count(*) FILTER (WHERE $5 < 1000000 AND o.discount_minor > 0 AND EXISTS ( \
                     SELECT FROM order_lines l WHERE l.tenant_id = $1 AND l.order_id = o.id AND l.discount_pct > $5)) \
                     AS above_cap, \
                 coalesce(sum(o.subtotal_minor), 0)::text AS subtotal, \
                 coalesce(sum(o.discount_minor), 0)::text AS discount \
             FROM orders o WHERE o.tenant_id = $1 AND o.ordered_at >= d.begins AND o.ordered_at < d.ends \
                 AND o.cancelled_at IS NULL \
         ) o ORDER BY d.date",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<Date>, _>(days.iter().map(|day| day.0).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(days.iter().map(|day| day.1).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(days.iter().map(|day| day.2).collect::<Vec<_>>())
    .bind::<Integer, _>(cap.0)
    .load(tx.any_conn())?;
    Ok(rows)
}

/// Returns that were filed since a moment, the units of them, and what was paid back since then.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct CameBack {
    #[diesel(sql_type = BigInt)]
    pub filed: i64,
    #[diesel(sql_type = Text)]
    pub units: Whole,
    #[diesel(sql_type = Text)]
    pub refunded: Whole,
}

/// The same for each of these moments, in their order.
pub fn came_back(tx: &mut impl AnyTx, tenant: TenantId, since: &[DateTime<Utc>]) -> Result<Vec<CameBack>, DbError> {
    let rows = sql_query(
        "SELECT b.filed, b.units, (SELECT coalesce(sum(p.amount_minor), 0)::text FROM payments p \
             WHERE p.tenant_id = $1 AND p.kind = 'refund' AND p.received_at >= s.since) AS refunded \
         FROM unnest($2) WITH ORDINALITY AS s (since, place) \
         CROSS JOIN LATERAL ( \
             SELECT count(*) AS filed, coalesce(sum((SELECT sum(b.quantity) FROM return_lines b \
                 WHERE b.tenant_id = $1 AND b.return_id = r.id)), 0)::text AS units \
             FROM returns r WHERE r.tenant_id = $1 AND r.created_at >= s.since \
         ) b ORDER BY s.place",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<Timestamptz>, _>(since)
    .load(tx.any_conn())?;
    Ok(rows)
}

/// A product that came back.
#[derive(Debug, QueryableByName)]
pub struct ReturnedRow {
    #[diesel(sql_type = SqlUuid)]
    pub product_id: Uuid,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub units: Whole,
}

/// The products of which most came back since a moment, most first.
pub fn returned(tx: &mut impl AnyTx, tenant: TenantId, since: DateTime<Utc>) -> Result<Vec<ReturnedRow>, DbError> {
    let rows = sql_query(
        "SELECT p.id AS product_id, p.sku, p.name, sum(b.quantity)::text AS units \
         FROM returns r JOIN return_lines b ON b.tenant_id = r.tenant_id AND b.return_id = r.id \
         JOIN order_lines l ON l.tenant_id = r.tenant_id AND l.id = b.order_line_id \
         JOIN products p ON p.tenant_id = r.tenant_id AND p.id = l.product_id \
         WHERE r.tenant_id = $1 AND r.created_at >= $2 \
         GROUP BY p.id, p.sku, p.name ORDER BY sum(b.quantity) DESC, p.id LIMIT 10",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(since)
    .load(tx.any_conn())?;
    Ok(rows)
}
