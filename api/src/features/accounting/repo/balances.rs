//! What accounts hold: from the sums by day and the lines that are not folded into them yet.

use super::super::model::place_of;
use crate::platform::{
    db::{DbError, TenantTx},
    http::PageRequest,
};
use chrono::NaiveDate;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Date, Integer, Nullable, Text, Uuid as SqlUuid},
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Sums may be larger than the amounts that they are of: PostgreSQL adds them up as `numeric`.
fn whole(table: &'static str, text: &str) -> Result<i128, DbError> {
    text.parse().map_err(|_| DbError::Corrupt { table, what: format!("a sum of {text}") })
}

/// What was posted to each account from one day to another, both included; debit positive.
pub fn account_sums(tx: &mut TenantTx<'_>, from: NaiveDate, to: NaiveDate) -> Result<BTreeMap<String, i128>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        account: String,
        #[diesel(sql_type = Text)]
        amount: String,
    }
    let tenant = tx.tenant_id();
    let rows: Vec<Row> = sql_query("SELECT account, amount::text FROM account_sums($1, $2, $3)")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Date, _>(from)
        .bind::<Date, _>(to)
        .load(tx.conn())?;
    rows.into_iter().map(|row| Ok((row.account, whole("account_daily_totals", &row.amount)?))).collect()
}

/// A line of an account's statement.
#[derive(QueryableByName)]
pub struct StatementRow {
    #[diesel(sql_type = SqlUuid)]
    pub entry_id: Uuid,
    #[diesel(sql_type = BigInt)]
    pub number: i64,
    #[diesel(sql_type = Integer)]
    pub position: i32,
    #[diesel(sql_type = Date)]
    pub date: NaiveDate,
    #[diesel(sql_type = Text)]
    pub source: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub source_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    pub memo: String,
    #[diesel(sql_type = BigInt)]
    pub amount: i64,
    /// What the account holds after the newest line of the page.
    #[diesel(sql_type = Text)]
    newest: String,
}

/// The lines of an account within these days, newest first, and what it held after the first of
/// them: all of one moment. The days before it are added up, and its own day up to it.
pub fn statement(
    tx: &mut TenantTx<'_>,
    account: &str,
    (from, to): (NaiveDate, NaiveDate),
    asked: PageRequest,
) -> Result<(Vec<StatementRow>, i128), DbError> {
    let tenant = tx.tenant_id();
    let (date, number, position) = asked.after.map_or((to, i64::MAX, i32::MAX), place_of);
    let rows: Vec<StatementRow> = sql_query(
        "WITH page AS MATERIALIZED ( \
             SELECT l.entry_number, l.position, l.date, l.amount_minor, l.memo FROM journal_lines l \
             WHERE l.tenant_id = $1 AND l.account = $2 AND l.date BETWEEN $3 AND $4 \
             AND (l.date, l.entry_number, l.position) < ($5, $6, $7) \
             ORDER BY l.date DESC, l.entry_number DESC, l.position DESC LIMIT $8 \
         ), newest AS ( \
             SELECT p.date, p.entry_number, p.position FROM page p ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT 1 \
         ), held AS ( \
             SELECT coalesce((SELECT s.amount FROM account_sums($1, '0001-01-01', n.date - 1) s WHERE s.account = $2), 0) \
             + coalesce((SELECT sum(l.amount_minor) FROM journal_lines l WHERE l.tenant_id = $1 AND l.account = $2 \
             AND l.date = n.date AND (l.entry_number, l.position) <= (n.entry_number, n.position)), 0) AS newest \
             FROM newest n \
         ) \
         SELECT e.id AS entry_id, e.number, p.position, p.date, e.source, e.source_id, coalesce(p.memo, e.memo) AS memo, \
             p.amount_minor AS amount, held.newest::text AS newest \
         FROM page p JOIN journal_entries e ON e.tenant_id = $1 AND e.number = p.entry_number CROSS JOIN held \
         ORDER BY p.date DESC, p.entry_number DESC, p.position DESC",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(account)
    .bind::<Date, _>(from)
    .bind::<Date, _>(to)
    .bind::<Date, _>(date)
    .bind::<BigInt, _>(number)
    .bind::<Integer, _>(position)
    .bind::<BigInt, _>(asked.rows())
    .load(tx.conn())?;
    let newest = rows.first().map_or(Ok(0), |row| whole("journal_lines", &row.newest))?;
    Ok((rows, newest))
}
