//! Clients as their dashboards show them, and how new their data are.

use super::whole::Whole;
use crate::{
    platform::db::{AnyTx, DbError, PlatformTx},
    schema::tenants,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{Currency, Rate, TenantId};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = tenants)]
pub struct ClientRow {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub status: String,
    currency: String,
    pub time_zone: String,
    pub business_overview: Option<String>,
    pub opening_hours: Option<String>,
    pub closing_hours: Option<String>,
    max_discount_pct: i32,
    sales_commission_pct: i32,
    pub return_refund_policy: Option<String>,
    pub low_stock_threshold: Option<i64>,
}

impl ClientRow {
    pub fn tenant(&self) -> TenantId {
        TenantId(self.id)
    }

    pub fn is_active(&self) -> bool {
        self.status == "active"
    }

    pub fn currency(&self) -> Result<Currency, DbError> {
        let currency = Currency::from_code(&self.currency);
        currency.ok_or_else(|| DbError::Corrupt { table: "tenants", what: format!("currency {}", self.currency) })
    }

    pub fn max_discount(&self) -> Rate {
        Rate(self.max_discount_pct)
    }

    pub fn commission(&self) -> Rate {
        Rate(self.sales_commission_pct)
    }
}

/// The client of this id.
pub fn find(tx: &mut impl AnyTx, tenant: TenantId) -> Result<Option<ClientRow>, DbError> {
    Ok(tenants::table.find(tenant.0).select(ClientRow::as_select()).first(tx.any_conn()).optional()?)
}

/// The client with this slug.
pub fn find_by_slug(tx: &mut PlatformTx<'_>, slug: &str) -> Result<Option<ClientRow>, DbError> {
    let row = tenants::table.filter(tenants::slug.eq(slug)).select(ClientRow::as_select());
    Ok(row.first(tx.conn()).optional()?)
}

/// All clients, by slug.
pub fn clients(tx: &mut PlatformTx<'_>) -> Result<Vec<ClientRow>, DbError> {
    Ok(tenants::table.order(tenants::slug).select(ClientRow::as_select()).load(tx.conn())?)
}

type Moments = (Option<DateTime<Utc>>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// When the newest order was ordered, goods last moved, and something was last posted.
pub fn freshness(tx: &mut impl AnyTx, tenant: TenantId) -> Result<Moments, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Nullable<Timestamptz>)]
        ordered: Option<DateTime<Utc>>,
        #[diesel(sql_type = Nullable<Timestamptz>)]
        moved: Option<DateTime<Utc>>,
        #[diesel(sql_type = Nullable<Timestamptz>)]
        posted: Option<DateTime<Utc>>,
    }
    let row: Row = sql_query(
        "SELECT (SELECT o.ordered_at FROM orders o WHERE o.tenant_id = $1 ORDER BY o.ordered_at DESC, o.id DESC LIMIT 1) \
                 AS ordered, \
             (SELECT m.created_at FROM stock_movements m WHERE m.tenant_id = $1 \
                 ORDER BY m.created_at DESC, m.id DESC LIMIT 1) AS moved, \
             (SELECT e.created_at FROM journal_entries e WHERE e.tenant_id = $1 ORDER BY e.number DESC LIMIT 1) AS posted",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .get_result(tx.any_conn())?;
    Ok((row.ordered, row.moved, row.posted))
}

/// What a client has on hand, and when it last had an order.
#[derive(Debug, QueryableByName)]
pub struct StandingRow {
    #[diesel(sql_type = SqlUuid)]
    pub tenant_id: Uuid,
    #[diesel(sql_type = Text)]
    pub value: Whole,
    #[diesel(sql_type = BigInt)]
    pub low: i64,
    #[diesel(sql_type = BigInt)]
    pub out: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub newest_order_at: Option<DateTime<Utc>>,
}

/// The same of each of these clients.
pub fn standings(tx: &mut PlatformTx<'_>, clients: &[TenantId]) -> Result<Vec<StandingRow>, DbError> {
    let rows = sql_query(
        "SELECT c.id AS tenant_id, coalesce(s.value, 0)::text AS value, coalesce(s.low, 0) AS low, \
             coalesce(s.out, 0) AS out, (SELECT o.ordered_at FROM orders o WHERE o.tenant_id = c.id \
                 ORDER BY o.ordered_at DESC, o.id DESC LIMIT 1) AS newest_order_at \
         FROM unnest($1) AS c (id) \
         LEFT JOIN ( \
             SELECT p.tenant_id, sum(s.value_minor) AS value, \
                 count(*) FILTER (WHERE p.active AND s.on_hand <= coalesce(p.low_stock_threshold, t.low_stock_threshold)) \
                     AS low, \
                 count(*) FILTER (WHERE p.active AND s.on_hand = 0) AS out \
             FROM tenants t JOIN products p ON p.tenant_id = t.id \
             JOIN stock s ON s.tenant_id = p.tenant_id AND s.product_id = p.id GROUP BY p.tenant_id \
         ) s ON s.tenant_id = c.id",
    )
    .bind::<Array<SqlUuid>, _>(clients.iter().map(|client| client.0).collect::<Vec<_>>())
    .load(tx.conn())?;
    Ok(rows)
}
