//! Writing entries: one call of `post_entries` for all entries of a transaction.

use crate::platform::db::{DbError, TenantTx, prepared};
use chrono::NaiveDate;
use countinghouse_contract::EntryId;
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

/// An entry that was checked.
pub struct Posting {
    pub id: EntryId,
    pub date: NaiveDate,
    pub memo: String,
    pub source: &'static str,
    pub source_id: Option<Uuid>,
    pub reverses: Option<EntryId>,
    pub lines: Vec<PostingLine>,
}

/// Debit is positive.
pub struct PostingLine {
    pub account: String,
    pub amount: i64,
    pub memo: Option<String>,
}

/// Writes the entries with their lines and answers the number of the first; the others follow.
pub fn post(tx: &mut TenantTx<'_>, entries: &[Posting]) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        first: i64,
    }
    let (tenant, by, now) = (tx.tenant_id(), tx.actor().user_id, tx.now());
    // Lines name their entry by its place in the arrays, from one.
    let lines: Vec<(i64, &PostingLine)> = entries
        .iter()
        .zip(1_i64..)
        .flat_map(|(entry, place)| entry.lines.iter().map(move |line| (place, line)))
        .collect();
    let row: Row =
        prepared("SELECT post_entries($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) AS first")
            .bind::<SqlUuid, _>(tenant.0)
            .bind::<Text, _>(tx.actor().currency.code())
            .bind::<SqlUuid, _>(by.0)
            .bind::<Timestamptz, _>(now)
            .bind::<Array<SqlUuid>, _>(entries.iter().map(|entry| entry.id.0).collect::<Vec<_>>())
            .bind::<Array<Date>, _>(entries.iter().map(|entry| entry.date).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(entries.iter().map(|entry| entry.memo.as_str()).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(entries.iter().map(|entry| entry.source).collect::<Vec<_>>())
            .bind::<Array<Nullable<SqlUuid>>, _>(entries.iter().map(|entry| entry.source_id).collect::<Vec<_>>())
            .bind::<Array<Nullable<SqlUuid>>, _>(
                entries.iter().map(|entry| entry.reverses.map(|id| id.0)).collect::<Vec<_>>(),
            )
            .bind::<Array<BigInt>, _>(lines.iter().map(|(place, _)| *place).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(lines.iter().map(|(_, line)| line.account.as_str()).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(lines.iter().map(|(_, line)| line.amount).collect::<Vec<_>>())
            .bind::<Array<Nullable<Text>>, _>(lines.iter().map(|(_, line)| line.memo.as_deref()).collect::<Vec<_>>())
            .get_result(tx.conn())?;
    Ok(row.first)
}
