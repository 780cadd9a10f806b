//! Reading stock with its receipts and the catalogue, for the age of what lies there.

use crate::platform::db::{AnyTx, DbError};
use chrono::{DateTime, Utc};
use countinghouse_contract::TenantId;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

/// A product on hand, and how much of it came in when; together the four are what is on hand.
#[derive(QueryableByName)]
pub struct AgedRow {
    #[diesel(sql_type = SqlUuid)]
    pub product_id: Uuid,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = BigInt)]
    pub on_hand: i64,
    #[diesel(sql_type = BigInt)]
    pub value: i64,
    #[diesel(sql_type = BigInt)]
    pub first: i64,
    #[diesel(sql_type = BigInt)]
    pub second: i64,
    #[diesel(sql_type = BigInt)]
    pub third: i64,
}

/// What was on hand just before a moment, taken to be the newest receipts: those since each of
/// the bounds, which go back in time. No receipt before the last bound is read: what it does not explain is older.
pub fn aged(
    tx: &mut impl AnyTx,
    tenant: TenantId,
    before: DateTime<Utc>,
    bounds: [DateTime<Utc>; 3],
) -> Result<Vec<AgedRow>, DbError> {
    let [first, second, third] = bounds;
    let rows = sql_query(
        "WITH since AS ( \
             SELECT m.product_id, sum(m.quantity) AS quantity, sum(m.value_minor) AS value FROM stock_movements m \
             WHERE m.tenant_id = $1 AND m.created_at >= $2 GROUP BY m.product_id \
         ), level AS ( \
             SELECT s.product_id, s.on_hand - coalesce(since.quantity, 0) AS on_hand, \
                 s.value_minor - coalesce(since.value, 0) AS value \
             FROM stock s LEFT JOIN since ON since.product_id = s.product_id WHERE s.tenant_id = $1 \
         ), receipt AS ( \
             SELECT m.product_id, coalesce(sum(m.quantity) FILTER (WHERE m.created_at >= $3), 0) AS first, \
                 coalesce(sum(m.quantity) FILTER (WHERE m.created_at >= $4), 0) AS second, sum(m.quantity) AS third \
             FROM stock_movements m \
             WHERE m.tenant_id = $1 AND m.quantity > 0 AND m.created_at < $2 AND m.created_at >= $5 GROUP BY m.product_id \
         ), lying AS ( \
             SELECT l.product_id, l.on_hand, l.value, least(l.on_hand, coalesce(r.first, 0)) AS first, \
                 least(l.on_hand, coalesce(r.second, 0)) AS second, least(l.on_hand, coalesce(r.third, 0)) AS third \
             FROM level l LEFT JOIN receipt r ON r.product_id = l.product_id WHERE l.on_hand > 0 \
         ) \
         SELECT p.id AS product_id, p.sku, p.name, l.on_hand::bigint, l.value::bigint, l.first::bigint AS first, \
             (l.second - l.first)::bigint AS second, (l.third - l.second)::bigint AS third \
         FROM lying l JOIN products p ON p.tenant_id = $1 AND p.id = l.product_id ORDER BY p.sku",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(before)
    .bind::<Timestamptz, _>(first)
    .bind::<Timestamptz, _>(second)
    .bind::<Timestamptz, _>(third)
    .load(tx.any_conn())?;
    Ok(rows)
}
