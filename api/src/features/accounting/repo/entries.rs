//! Reading entries with their lines.

use super::super::model::{Entry, EntryLine, place_of};
use crate::{
    platform::{
        db::{DbError, TakeFirstRows, TenantTx},
        http::PageRequest,
    },
    schema::{journal_entries, journal_lines},
};
use chrono::{DateTime, NaiveDate, Utc};
use countinghouse_contract::{EntryId, UserId, accounting::EntrySource};
use diesel::prelude::*;
use std::collections::HashMap;
use uuid::Uuid;

const SOURCES: [(EntrySource, &str); 7] = [
    (EntrySource::Manual, "manual"),
    (EntrySource::Stock, "stock"),
    (EntrySource::Sale, "sale"),
    (EntrySource::Invoice, "invoice"),
    (EntrySource::CreditNote, "credit_note"),
    (EntrySource::Payment, "payment"),
    (EntrySource::Refund, "refund"),
];

/// What the database calls a source.
fn source_name(source: EntrySource) -> &'static str {
    SOURCES.iter().find(|(known, _)| *known == source).map_or("", |(_, name)| name)
}

pub fn source_of(name: &str) -> Result<EntrySource, DbError> {
    let source = SOURCES.iter().find(|(_, known)| *known == name).map(|(source, _)| *source);
    source.ok_or_else(|| DbError::Corrupt { table: "journal_entries", what: format!("source {name}") })
}

/// Which entries a list shows; both days are part of it.
#[derive(Debug, Clone)]
pub struct EntryFilter {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub source: Option<EntrySource>,
    pub source_id: Option<Uuid>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = journal_entries)]
struct EntryRow {
    id: Uuid,
    number: i64,
    date: NaiveDate,
    memo: String,
    source: String,
    source_id: Option<Uuid>,
    reverses: Option<Uuid>,
    created_by: Uuid,
    created_at: DateTime<Utc>,
}

pub fn find_entry(tx: &mut TenantTx<'_>, id: EntryId) -> Result<Option<Entry>, DbError> {
    let tenant = tx.tenant_id();
    let row =
        journal_entries::table.find((tenant.0, id.0)).select(EntryRow::as_select()).first(tx.conn()).optional()?;
    Ok(with_lines(tx, row.into_iter().collect())?.into_iter().next())
}

/// Entries, newest first: by date, and by number within a day.
pub fn list_entries(tx: &mut TenantTx<'_>, filter: &EntryFilter, asked: PageRequest) -> Result<Vec<Entry>, DbError> {
    let tenant = tx.tenant_id();
    let mut query = journal_entries::table
        .filter(journal_entries::tenant_id.eq(tenant.0))
        .select(EntryRow::as_select())
        .into_boxed();
    if let Some(from) = filter.from {
        query = query.filter(journal_entries::date.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(journal_entries::date.le(to));
    }
    if let Some(source) = filter.source {
        query = query.filter(journal_entries::source.eq(source_name(source)));
    }
    if let Some(id) = filter.source_id {
        query = query.filter(journal_entries::source_id.eq(id));
    }
    if let Some((date, number, _)) = asked.after.map(place_of) {
        query = query
            .filter(journal_entries::date.le(date))
            .filter(journal_entries::date.lt(date).or(journal_entries::number.lt(number)));
    }
    let ordered = query.order((journal_entries::date.desc(), journal_entries::number.desc())).first_rows(asked.rows());
    let rows = ordered.load(tx.conn())?;
    with_lines(tx, rows)
}

/// The lines of all these entries, read with one query.
fn with_lines(tx: &mut TenantTx<'_>, rows: Vec<EntryRow>) -> Result<Vec<Entry>, DbError> {
    let tenant = tx.tenant_id();
    let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
    let lines: Vec<(i64, String, i64, Option<String>)> = journal_lines::table
        .filter(journal_lines::tenant_id.eq(tenant.0).and(journal_lines::entry_number.eq_any(numbers)))
        .order((journal_lines::entry_number, journal_lines::position))
        .select((journal_lines::entry_number, journal_lines::account, journal_lines::amount_minor, journal_lines::memo))
        .load(tx.conn())?;
    let mut by_entry: HashMap<i64, Vec<EntryLine>> = HashMap::new();
    for (number, account, amount, memo) in lines {
        by_entry.entry(number).or_default().push(EntryLine { account, amount, memo });
    }
    rows.into_iter()
        .map(|row| {
            Ok(Entry {
                id: EntryId(row.id),
                number: row.number,
                date: row.date,
                memo: row.memo,
                source: source_of(&row.source)?,
                source_id: row.source_id,
                lines: by_entry.remove(&row.number).unwrap_or_default(),
                reverses: row.reverses.map(EntryId),
                created_by: UserId(row.created_by),
                created_at: row.created_at,
            })
        })
        .collect()
}
