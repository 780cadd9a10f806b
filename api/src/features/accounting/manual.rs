//! Entries by hand, and taking them back.

use super::{
    error::AccountingError,
    model::{Entry, EntryLine},
    posting::today,
    repo::{self, Posting, PostingLine},
};
use crate::platform::{
    audit::{self, Action, record_in},
    authn::TenantCtx,
    db::TenantTx,
    http::{Invalid, Text},
};
use chrono::{Datelike, NaiveDate};
use countinghouse_contract::{
    Currency, EntryId, Money,
    accounting::{Account, EntrySource, NewEntry, NewLine},
};
use serde_json::json;

pub(super) const MAX_LINES: usize = 500;
const MEMO: Text = Text::line(1..=500);

/// Posts an entry by hand. Amounts are read inside the transaction, which knows the client's
/// present currency.
pub async fn enter(ctx: &TenantCtx, input: NewEntry) -> Result<Entry, AccountingError> {
    ctx.transaction(move |tx| {
        let known = repo::accounts(tx)?;
        let posting = check(tx, input, &known)?;
        record_and_post(tx, posting)
    })
    .await
}

pub(super) fn record_and_post(tx: &mut TenantTx<'_>, posting: Posting) -> Result<Entry, AccountingError> {
    let debits: i64 = posting.lines.iter().map(|line| line.amount.max(0)).sum();
    let total = Money::new(debits, tx.actor().currency).to_decimal();
    let posted = json!({"date": posting.date, "total": total});
    record_in(tx, audit::Entry::new(Action::JournalEntryPosted, posting.id).after(posted))?;
    post(tx, posting)
}

/// Posts the opposite of an entry by hand, dated today.
pub async fn reverse(ctx: &TenantCtx, id: EntryId) -> Result<Entry, AccountingError> {
    ctx.transaction(move |tx| {
        let entry = repo::find_entry(tx, id)?.ok_or(AccountingError::NotFound)?;
        if entry.source != EntrySource::Manual {
            return Err(AccountingError::NotManual);
        }
        let turned = |line: EntryLine| PostingLine { account: line.account, amount: -line.amount, memo: line.memo };
        let posting = Posting {
            id: tx.make_id::<EntryId>()?,
            date: today(tx),
            memo: format!("Reversal of entry {}", entry.number),
            source: "manual",
            source_id: None,
            reverses: Some(id),
            lines: entry.lines.into_iter().map(turned).collect(),
        };
        let reversal = json!({"reversed_by": posting.id, "date": posting.date});
        record_in(tx, audit::Entry::new(Action::JournalEntryReversed, id).after(reversal))?;
        post(tx, posting)
    })
    .await
}

fn post(tx: &mut TenantTx<'_>, posting: Posting) -> Result<Entry, AccountingError> {
    let number = repo::post(tx, std::slice::from_ref(&posting))?;
    let Posting { id, date, memo, reverses, lines, .. } = posting;
    let line = |PostingLine { account, amount, memo }| EntryLine { account, amount, memo };
    Ok(Entry {
        id,
        number,
        date,
        memo,
        source: EntrySource::Manual,
        source_id: None,
        lines: lines.into_iter().map(line).collect(),
        reverses,
        created_by: tx.actor().user_id,
        created_at: tx.now(),
    })
}

pub(super) fn check(tx: &TenantTx<'_>, input: NewEntry, known: &[Account]) -> Result<Posting, AccountingError> {
    let mut invalid = Invalid::default();
    check_date(&mut invalid, "/date", input.date);
    invalid.text("/memo", &input.memo, &MEMO);
    match input.lines.len() {
        0 | 1 => invalid.add("/lines", "too_few", "An entry has at least two lines."),
        count if count > MAX_LINES => {
            invalid.add("/lines", "too_many", format!("An entry has at most {MAX_LINES} lines."));
        }
        _ => {}
    }
    let lines = input.lines.into_iter().take(MAX_LINES).enumerate();
    let lines: Vec<PostingLine> =
        lines.map(|(at, line)| check_line(&mut invalid, at, line, tx.actor().currency, known)).collect();
    invalid.finish()?;
    if lines.iter().map(|line| i128::from(line.amount)).sum::<i128>() != 0 {
        let mut invalid = Invalid::default();
        invalid.add("/lines", "unbalanced", "Debits and credits are not equal.");
        return Err(invalid.into());
    }
    let id = tx.make_id::<EntryId>()?;
    let (date, memo) = (input.date, input.memo);
    Ok(Posting { id, date, memo, source: "manual", source_id: None, reverses: None, lines })
}

/// Years that every reader of a date understands.
pub fn check_date(invalid: &mut Invalid, pointer: &str, date: NaiveDate) {
    if !(1..=9999).contains(&date.year()) {
        invalid.add(pointer, "out_of_range", "No such day.");
    }
}

fn check_line(invalid: &mut Invalid, at: usize, line: NewLine, currency: Currency, known: &[Account]) -> PostingLine {
    let pointer = |field: &str| format!("/lines/{at}/{field}");
    match known.iter().find(|account| account.code == line.account) {
        None => invalid.add(&pointer("account"), "not_found", "There is no such account."),
        Some(account) if account.control => {
            let rule = "This account is kept equal to stock, orders or taxes: only the service posts to it.";
            invalid.add(&pointer("account"), "control_account", rule);
        }
        Some(_) => {}
    }
    invalid.optional_text(&pointer("memo"), line.memo.as_deref(), &MEMO);
    let mut side = |field: &str, amount: Option<_>| {
        amount.map_or(0, |amount| invalid.amount(&pointer(field), amount, currency).minor)
    };
    let (debit, credit) = (side("debit", line.debit), side("credit", line.credit));
    // The other side may be left out, or zero as in answers.
    if (debit == 0) == (credit == 0) {
        let rule = "A line has an amount on one side, debit or credit.";
        invalid.add(&format!("/lines/{at}"), "one_of", rule);
    }
    PostingLine { account: line.account, amount: debit - credit, memo: line.memo }
}
