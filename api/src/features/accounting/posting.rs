//! Posting: how entries get into the journal.

use super::{
    error::AccountingError,
    model::NewEntry,
    repo::{self, Posting, PostingLine},
};
use crate::platform::db::TenantTx;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use countinghouse_contract::EntryId;

/// Posts what another feature's event comes to, in its transaction and in one round trip; nothing
/// where all its lines come to zero.
///
/// Call it late: it locks the counter of the client's entries until the commit, and only counters
/// may be locked after it.
pub fn post_in(tx: &mut TenantTx<'_>, entry: NewEntry) -> Result<(), AccountingError> {
    if let Some(posting) = check(tx, entry)? {
        repo::post(tx, &[posting])?;
    }
    Ok(())
}

/// The same for many events at once.
pub fn post_all_in(tx: &mut TenantTx<'_>, entries: Vec<NewEntry>) -> Result<(), AccountingError> {
    let checked = entries.into_iter().map(|entry| check(tx, entry)).collect::<Result<Vec<_>, _>>()?;
    let postings: Vec<Posting> = checked.into_iter().flatten().collect();
    if !postings.is_empty() {
        repo::post(tx, &postings)?;
    }
    Ok(())
}

fn check(tx: &TenantTx<'_>, entry: NewEntry) -> Result<Option<Posting>, AccountingError> {
    let NewEntry { date, source, source_id, memo, lines } = entry;
    if !lines.balance() {
        return Err(AccountingError::Unbalanced { source_name: source.as_str() });
    }
    if !lines.within_bounds() {
        return Err(AccountingError::TooLarge);
    }
    let line = |(account, minor): (super::Account, i128)| {
        let amount = i64::try_from(minor).map_err(|_| AccountingError::TooLarge)?;
        Ok(PostingLine { account: account.code().to_owned(), amount, memo: None })
    };
    let lines = lines.amounts().map(line).collect::<Result<Vec<_>, AccountingError>>()?;
    if lines.is_empty() {
        return Ok(None);
    }
    let (id, source_id) = (tx.make_id::<EntryId>()?, Some(source_id));
    Ok(Some(Posting { id, date, memo, source: source.as_str(), source_id, reverses: None, lines }))
}

/// The client's own date at this moment of the transaction.
pub fn today(tx: &TenantTx<'_>) -> NaiveDate {
    local_date(tx, tx.now())
}

/// The client's own date at some moment.
pub fn local_date(tx: &TenantTx<'_>, moment: DateTime<Utc>) -> NaiveDate {
    let zone: Tz = tx.actor().time_zone.parse().unwrap_or(Tz::UTC);
    moment.with_timezone(&zone).date_naive()
}
