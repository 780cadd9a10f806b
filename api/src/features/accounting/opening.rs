//! Opening balances: what accounts held in the books from before, as one entry by hand. What is missing to
//! balance it stands on 3900, Opening balance equity.

use super::{
    Account,
    error::AccountingError,
    manual::{MAX_LINES, check, record_and_post},
    repo,
};
use crate::platform::{db::TenantTx, http::Invalid};
use chrono::NaiveDate;
use countinghouse_contract::{
    Currency, Decimal, Money,
    accounting::{NewEntry, NewLine},
    money::MAX_MINOR,
};

/// What one account held.
#[derive(Debug, Clone)]
pub struct OpeningLine {
    pub account: String,
    pub debit: Option<Decimal>,
    pub credit: Option<Decimal>,
    pub memo: Option<String>,
}

/// Posts the balances of a day. Faults name lines by their place, `/lines/0/debit`.
pub fn enter_opening_in(tx: &mut TenantTx<'_>, date: NaiveDate, lines: &[OpeningLine]) -> Result<(), AccountingError> {
    if lines.len() >= MAX_LINES {
        return Err(fault("too_many", format!("At most {} accounts.", MAX_LINES - 1)).into());
    }
    let currency = tx.actor().currency;
    let surplus = lines.iter().map(|line| minor(line.debit, currency) - minor(line.credit, currency)).sum::<i128>();
    if surplus.abs() > i128::from(MAX_MINOR) {
        return Err(fault("too_large", "The balances differ by more than 10^13 minor units.".to_owned()).into());
    }
    let line = |line: &OpeningLine| {
        let OpeningLine { account, debit, credit, memo } = line.clone();
        NewLine { account, debit, credit, memo }
    };
    let mut all: Vec<NewLine> = lines.iter().map(line).collect();
    if surplus != 0 {
        let amount = Decimal::new(surplus.abs(), currency.digits());
        let (debit, credit) = if surplus > 0 { (None, Some(amount)) } else { (Some(amount), None) };
        all.push(NewLine { account: Account::OpeningBalanceEquity.code().to_owned(), debit, credit, memo: None });
    }
    let known = repo::accounts(tx)?;
    let entry = NewEntry { date, memo: "Opening balances".to_owned(), lines: all };
    let posting = check(tx, entry, &known)?;
    record_and_post(tx, posting)?;
    Ok(())
}

/// Zero for what is no amount: the check says so.
fn minor(amount: Option<Decimal>, currency: Currency) -> i128 {
    let read = amount.and_then(|amount| Money::parse(amount, currency).ok());
    read.map_or(0, |money| i128::from(money.minor))
}

fn fault(code: &str, detail: String) -> Invalid {
    let mut invalid = Invalid::default();
    invalid.add("/lines", code, detail);
    invalid
}
