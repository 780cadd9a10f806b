//! Reading the books, the chart of accounts, and closed months.

use super::{
    error::AccountingError,
    manual::check_date,
    model::{Entry, decimal, position_of, sides},
    posting::today,
    repo::{self, EntryFilter, StatementRow},
};
use crate::{
    app::AppState,
    features::identity::{CodeHeader, Done, Origin, with_second_factor},
    platform::{
        audit::{self, Action, record_in},
        authn::TenantCtx,
        db::{DbError, TenantTx},
        http::{Invalid, PageRequest, Position, Text},
    },
};
use chrono::{Datelike, NaiveDate};
use countinghouse_contract::{
    Currency, EntryId,
    accounting::{Account, BalanceRow, NewAccount, Period, StatementLine, TrialBalance},
};
use serde_json::json;

pub async fn entries(ctx: &TenantCtx, filter: EntryFilter, asked: PageRequest) -> Result<Vec<Entry>, AccountingError> {
    check_days(filter.from, filter.to)?;
    Ok(ctx.read(move |tx| repo::list_entries(tx, &filter, asked)).await?)
}

pub async fn entry(ctx: &TenantCtx, id: EntryId) -> Result<Entry, AccountingError> {
    ctx.read(move |tx| repo::find_entry(tx, id)?.ok_or(AccountingError::NotFound)).await
}

pub async fn accounts(ctx: &TenantCtx) -> Result<Vec<Account>, AccountingError> {
    Ok(ctx.read(repo::accounts).await?)
}

/// Enters an account of the client's own.
pub async fn create_account(ctx: &TenantCtx, input: NewAccount) -> Result<Account, AccountingError> {
    let mut invalid = Invalid::default();
    if !(4..=6).contains(&input.code.len()) || !input.code.bytes().all(|byte| byte.is_ascii_digit()) {
        invalid.add("/code", "invalid_code", "Four to six digits.");
    }
    invalid.text("/name", &input.name, &Text::line(1..=200));
    invalid.finish()?;
    ctx.transaction(move |tx| {
        repo::insert_account(tx, &input).map_err(|error| match error {
            taken if taken.violates("accounts_pkey") => AccountingError::AccountTaken,
            other => other.into(),
        })?;
        let NewAccount { code, name, kind } = input;
        record_in(tx, audit::Entry::new(Action::AccountCreated, &code).after(json!({"name": name, "kind": kind})))?;
        Ok(Account { code, name, kind, system: false, control: false, created_at: tx.now() })
    })
    .await
}

/// The lines of an account with what it held after each, newest first.
pub async fn statement(
    ctx: &TenantCtx,
    account: String,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    asked: PageRequest,
) -> Result<Vec<(StatementLine, Position)>, AccountingError> {
    check_days(from, to)?;
    ctx.read(move |tx| {
        let known = if account.len() > 6 || account.contains('\0') { None } else { repo::find_account(tx, &account)? };
        let account = known.ok_or(AccountingError::NotFound)?.code;
        let days = (from.unwrap_or_else(first_day), to.unwrap_or_else(last_day));
        let (rows, newest) = repo::statement(tx, &account, days, asked)?;
        Ok(with_balances(rows, newest, tx.actor().currency)?)
    })
    .await
}

/// Going back from the newest line, each takes its amount off the balance.
fn with_balances(
    rows: Vec<StatementRow>,
    newest: i128,
    currency: Currency,
) -> Result<Vec<(StatementLine, Position)>, DbError> {
    let mut balance = newest;
    rows.into_iter()
        .map(|row| {
            let (debit, credit) = sides(i128::from(row.amount), currency);
            let position = position_of(row.date, row.number, row.position);
            let line = StatementLine {
                entry_id: EntryId(row.entry_id),
                number: row.number,
                date: row.date,
                source: repo::source_of(&row.source)?,
                source_id: row.source_id,
                memo: row.memo,
                debit,
                credit,
                balance: decimal(balance, currency),
            };
            balance -= i128::from(row.amount);
            Ok((line, position))
        })
        .collect()
}

/// The first and the last day that an entry may have.
fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or(NaiveDate::MIN)
}

fn last_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(NaiveDate::MAX)
}

/// What accounts held at the end of a day, each on its side.
pub async fn trial_balance(ctx: &TenantCtx, as_of: Option<NaiveDate>) -> Result<TrialBalance, AccountingError> {
    check_as_of(as_of)?;
    ctx.read(move |tx| {
        let as_of = as_of.unwrap_or_else(|| today(tx));
        let (held, currency) = (balances_in(tx, NaiveDate::MIN, as_of)?, tx.actor().currency);
        let (mut debits, mut credits) = (0_i128, 0_i128);
        let rows = held.into_iter().filter(|(_, amount)| *amount != 0).map(|(account, amount)| {
            debits += amount.max(0);
            credits += (-amount).max(0);
            let (debit, credit) = sides(amount, currency);
            BalanceRow { account: account.code, name: account.name, debit, credit }
        });
        let rows = rows.collect();
        let (total_debit, total_credit) = (decimal(debits, currency), decimal(credits, currency));
        Ok(TrialBalance { as_of, rows, total_debit, total_credit })
    })
    .await
}

/// Every account, by its code, with what was posted to it in these days, both included; debit
/// positive. `NaiveDate::MIN` is the beginning of the books.
pub fn balances_in(tx: &mut TenantTx<'_>, from: NaiveDate, to: NaiveDate) -> Result<Vec<(Account, i128)>, DbError> {
    let mut sums = repo::account_sums(tx, from.max(first_day()), to.min(last_day()))?;
    let accounts = repo::accounts(tx)?;
    Ok(accounts
        .into_iter()
        .map(|account| {
            let amount = sums.remove(&account.code).unwrap_or(0);
            (account, amount)
        })
        .collect())
}

/// Closed months, the latest first.
pub async fn periods(ctx: &TenantCtx) -> Result<Vec<Period>, AccountingError> {
    let months = ctx.read(repo::closed_months).await?;
    Ok(months.into_iter().map(|month| period(month, true)).collect())
}

/// Closes a month that is over.
pub async fn close(ctx: &TenantCtx, month: String) -> Result<Period, AccountingError> {
    let month = first_of(&month).ok_or(AccountingError::NotFound)?;
    ctx.transaction(move |tx| {
        let today = today(tx);
        if (month.year(), month.month()) >= (today.year(), today.month()) {
            return Err(AccountingError::PeriodNotOver);
        }
        let closed = period(month, true);
        if repo::close(tx, month)? {
            record_in(tx, audit::Entry::new(Action::PeriodClosed, &closed.month))?;
        }
        Ok(closed)
    })
    .await
}

/// Opens a closed month again, for who shows a second factor.
pub async fn reopen(
    state: &AppState,
    ctx: &TenantCtx,
    month: String,
    code: CodeHeader,
    from: Origin,
) -> Result<Period, AccountingError> {
    let month = first_of(&month).ok_or(AccountingError::NotFound)?;
    with_second_factor(state, ctx, code, from, move |tx| {
        if !repo::reopen(tx, month)? {
            return Err(AccountingError::PeriodNotClosed);
        }
        let opened = period(month, false);
        record_in(tx, audit::Entry::new(Action::PeriodReopened, &opened.month))?;
        Ok(Done::Changed(opened))
    })
    .await
}

fn period(month: NaiveDate, closed: bool) -> Period {
    Period { month: month.format("%Y-%m").to_string(), closed }
}

/// The first day of a month that is written `2026-03`.
fn first_of(month: &str) -> Option<NaiveDate> {
    let (year, number) = month.split_once('-')?;
    let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(year, 4) || !digits(number, 2) {
        return None;
    }
    let year: i32 = year.parse().ok()?;
    NaiveDate::from_ymd_opt(year, number.parse().ok()?, 1).filter(|_| year > 0)
}

/// A day of a report, when one is named.
pub fn check_as_of(as_of: Option<NaiveDate>) -> Result<(), Invalid> {
    let mut invalid = Invalid::default();
    if let Some(day) = as_of {
        check_date(&mut invalid, "/as_of", day);
    }
    invalid.finish()
}

/// The days of a list or report, both included.
pub fn check_days(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<(), Invalid> {
    let mut invalid = Invalid::default();
    for (pointer, day) in [("/from", from), ("/to", to)] {
        if let Some(day) = day {
            check_date(&mut invalid, pointer, day);
        }
    }
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        invalid.add("/to", "out_of_range", "`to` lies before `from`.");
    }
    invalid.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_four_digits_and_two() {
        assert_eq!(first_of("2026-03"), NaiveDate::from_ymd_opt(2026, 3, 1));
        for other in ["", "2026", "2026-3", "2026-13", "2026-00", "0000-01", "+026-03", "2026-03-01", "202６-03"] {
            assert_eq!(first_of(other), None, "{other}");
        }
    }
}
