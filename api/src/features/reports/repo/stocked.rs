//! What is on hand, what runs out, and what moved.

use super::{booked::Spans, whole::Whole};
use crate::platform::db::{AnyTx, DbError};
use chrono::{DateTime, Utc};
use countinghouse_contract::TenantId;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Date, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

/// What is on hand of all products. Archived ones are only part of `on_hand` and `value`.
#[derive(Debug, QueryableByName)]
pub struct Level {
    #[diesel(sql_type = BigInt)]
    pub products: i64,
    #[diesel(sql_type = BigInt)]
    pub low: i64,
    #[diesel(sql_type = BigInt)]
    pub out: i64,
    #[diesel(sql_type = Text)]
    pub on_hand: Whole,
    #[diesel(sql_type = Text)]
    pub value: Whole,
}

/// `threshold` is for products that have none of their own.
pub fn level(tx: &mut impl AnyTx, tenant: TenantId, threshold: Option<i64>) -> Result<Level, DbError> {
    let row = sql_query(
        "SELECT count(*) FILTER (WHERE p.active) AS products, \
             count(*) FILTER (WHERE p.active AND s.on_hand <= coalesce(p.low_stock_threshold, $2)) AS low, \
             count(*) FILTER (WHERE p.active AND s.on_hand = 0) AS out, \
             coalesce(sum(s.on_hand), 0)::text AS on_hand, coalesce(sum(s.value_minor), 0)::text AS value \
         FROM products p JOIN stock s ON s.tenant_id = p.tenant_id AND s.product_id = p.id WHERE p.tenant_id = $1",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Nullable<BigInt>, _>(threshold)
    .get_result(tx.any_conn())?;
    Ok(row)
}

/// A product that is low or out of stock.
#[derive(Debug, QueryableByName)]
pub struct LowRow {
    #[diesel(sql_type = SqlUuid)]
    pub product_id: Uuid,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = BigInt)]
    pub on_hand: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub threshold: Option<i64>,
    /// Sold in the last 30 days.
    #[diesel(sql_type = Text)]
    pub sold: Whole,
}

/// Those that last least, first.
pub fn lowest(
    tx: &mut impl AnyTx,
    tenant: TenantId,
    spans: Spans,
    threshold: Option<i64>,
) -> Result<Vec<LowRow>, DbError> {
    let rows = sql_query(
        "WITH sold AS ( \
             SELECT s.product_id, sum(s.quantity) AS quantity FROM product_sales($1, $2, $3) s GROUP BY s.product_id \
         ) \
         SELECT p.id AS product_id, p.sku, p.name, s.on_hand, coalesce(p.low_stock_threshold, $4) AS threshold, \
             coalesce(sold.quantity, 0)::text AS sold \
         FROM products p JOIN stock s ON s.tenant_id = p.tenant_id AND s.product_id = p.id \
         LEFT JOIN sold ON sold.product_id = p.id \
         WHERE p.tenant_id = $1 AND p.active AND (s.on_hand = 0 OR s.on_hand <= coalesce(p.low_stock_threshold, $4)) \
         ORDER BY s.on_hand / nullif(greatest(sold.quantity, 0), 0) NULLS LAST, p.sku LIMIT 20",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Date, _>(spans.recent)
    .bind::<Date, _>(spans.today)
    .bind::<Nullable<BigInt>, _>(threshold)
    .load(tx.any_conn())?;
    Ok(rows)
}

/// The movements of one kind.
#[derive(Debug, QueryableByName)]
pub struct MovedRow {
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = BigInt)]
    pub movements: i64,
    #[diesel(sql_type = Text)]
    pub quantity: Whole,
    #[diesel(sql_type = Text)]
    pub value: Whole,
}

/// What moved since a moment, by kind.
pub fn moved(tx: &mut impl AnyTx, tenant: TenantId, since: DateTime<Utc>) -> Result<Vec<MovedRow>, DbError> {
    let rows = sql_query(
        "SELECT m.kind, count(*) AS movements, sum(m.quantity)::text AS quantity, sum(m.value_minor)::text AS value \
         FROM stock_movements m WHERE m.tenant_id = $1 AND m.created_at >= $2 GROUP BY m.kind ORDER BY m.kind",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(since)
    .load(tx.any_conn())?;
    Ok(rows)
}
