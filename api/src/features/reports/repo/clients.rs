//! Clients as their dashboards show them, and how new their data are.

use crate::{
    platform::db::{AnyTx, DbError},
    schema::tenants,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{Currency, Rate, TenantId};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Nullable, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = tenants)]
pub struct ClientRow {
    pub id: Uuid,
    pub name: String,
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
