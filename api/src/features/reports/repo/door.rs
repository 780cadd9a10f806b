//! Who came in, who did not, and what took a second factor, by day.

use crate::platform::db::{AnyTx, DbError};
use chrono::{DateTime, NaiveDate, Utc};
use countinghouse_contract::TenantId;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Date, Timestamptz, Uuid as SqlUuid},
};

#[derive(Debug, QueryableByName)]
pub struct DoorRow {
    #[diesel(sql_type = Date)]
    pub date: NaiveDate,
    #[diesel(sql_type = BigInt)]
    pub logins: i64,
    #[diesel(sql_type = BigInt)]
    pub failed_logins: i64,
    #[diesel(sql_type = BigInt)]
    pub second_factor_failures: i64,
    #[diesel(sql_type = BigInt)]
    pub orders_edited: i64,
    #[diesel(sql_type = BigInt)]
    pub orders_cancelled: i64,
}

/// Of these clients together, on each of these days, which begin and end at these moments. In the words of the
/// index without refreshes, which are most of the log.
pub fn by_day(
    tx: &mut impl AnyTx,
    clients: &[TenantId],
    days: &[(NaiveDate, DateTime<Utc>, DateTime<Utc>)],
) -> Result<Vec<DoorRow>, DbError> {
    let rows = sql_query(
        "SELECT d.date, count(*) FILTER (WHERE e.kind = 'login') AS logins, \
             count(*) FILTER (WHERE e.kind = 'login_failed') AS failed_logins, \
             count(*) FILTER (WHERE e.kind IN ('second_factor_failed', 'second_factor_locked')) \
                 AS second_factor_failures, \
             count(*) FILTER (WHERE e.kind = 'order_edited') AS orders_edited, \
             count(*) FILTER (WHERE e.kind = 'order_cancelled') AS orders_cancelled \
         FROM unnest($2, $3, $4) AS d (date, begins, ends) CROSS JOIN unnest($1) AS c (id) \
         LEFT JOIN session_events e ON e.tenant_id = c.id AND e.kind <> 'refresh' \
             AND e.created_at >= d.begins AND e.created_at < d.ends \
         GROUP BY d.date ORDER BY d.date",
    )
    .bind::<Array<SqlUuid>, _>(clients.iter().map(|client| client.0).collect::<Vec<_>>())
    .bind::<Array<Date>, _>(days.iter().map(|day| day.0).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(days.iter().map(|day| day.1).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(days.iter().map(|day| day.2).collect::<Vec<_>>())
    .load(tx.any_conn())?;
    Ok(rows)
}

/// Sessions of these clients that began since a moment and can be used now.
pub fn open_sessions(
    tx: &mut impl AnyTx,
    clients: &[TenantId],
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        open: i64,
    }
    let row: Row = sql_query(
        "SELECT count(*) AS open FROM sessions s WHERE s.tenant_id = ANY ($1) AND s.created_at >= $2 \
             AND s.ended_at IS NULL AND s.expires_at > $3",
    )
    .bind::<Array<SqlUuid>, _>(clients.iter().map(|client| client.0).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(since)
    .bind::<Timestamptz, _>(now)
    .get_result(tx.any_conn())?;
    Ok(row.open)
}
