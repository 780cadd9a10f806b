//! What was posted to accounts within the windows of a dashboard.

use super::whole::Whole;
use crate::platform::db::{AnyTx, DbError};
use chrono::NaiveDate;
use countinghouse_contract::TenantId;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, Date, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

/// The first days of a client's windows, all of which end with today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spans {
    pub today: NaiveDate,
    pub week: NaiveDate,
    pub month: NaiveDate,
    /// Of the last 30 days.
    pub recent: NaiveDate,
}

/// Debit positive.
#[derive(Debug, QueryableByName)]
pub struct Booked {
    #[diesel(sql_type = SqlUuid)]
    pub tenant_id: Uuid,
    #[diesel(sql_type = Text)]
    pub account: String,
    #[diesel(sql_type = Text)]
    pub today: Whole,
    #[diesel(sql_type = Text)]
    pub week: Whole,
    #[diesel(sql_type = Text)]
    pub month: Whole,
    #[diesel(sql_type = Text)]
    pub recent: Whole,
}

/// What was posted to these accounts of these clients, each within windows of its own.
pub fn booked(tx: &mut impl AnyTx, clients: &[(TenantId, Spans)], accounts: &[&str]) -> Result<Vec<Booked>, DbError> {
    let days = |pick: fn(&Spans) -> NaiveDate| clients.iter().map(|(_, spans)| pick(spans)).collect::<Vec<_>>();
    let rows = sql_query(
        "SELECT c.tenant_id, d.account, \
             coalesce(sum(d.amount) FILTER (WHERE d.date >= c.today), 0)::text AS today, \
             coalesce(sum(d.amount) FILTER (WHERE d.date >= c.week), 0)::text AS week, \
             coalesce(sum(d.amount) FILTER (WHERE d.date >= c.month), 0)::text AS month, \
             coalesce(sum(d.amount) FILTER (WHERE d.date >= c.recent), 0)::text AS recent \
         FROM unnest($1, $2, $3, $4, $5) AS c (tenant_id, today, week, month, recent) \
         CROSS JOIN LATERAL account_days(c.tenant_id, least(c.week, c.month, c.recent), c.today) d \
         WHERE d.account = ANY ($6) GROUP BY 1, 2",
    )
    .bind::<Array<SqlUuid>, _>(clients.iter().map(|(tenant, _)| tenant.0).collect::<Vec<_>>())
    .bind::<Array<Date>, _>(days(|spans| spans.today))
    .bind::<Array<Date>, _>(days(|spans| spans.week))
    .bind::<Array<Date>, _>(days(|spans| spans.month))
    .bind::<Array<Date>, _>(days(|spans| spans.recent))
    .bind::<Array<Text>, _>(accounts)
    .load(tx.any_conn())?;
    Ok(rows)
}
