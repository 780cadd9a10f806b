//! The books: accounts, the journal, and the trial balance.

use crate::{Decimal, EntryId, UserId};
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What an account is, which says on which side of a report it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountType {
    Asset,
    Liability,
    Equity,
    Income,
    Expense,
}

/// An account of the chart.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// Four to six digits.
    pub code: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: AccountType,
    /// There from the start, for what the service posts.
    pub system: bool,
    /// Posted to by the service only.
    pub control: bool,
    pub created_at: DateTime<Utc>,
}

/// `POST /accounting/accounts`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    pub code: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: AccountType,
}

/// `POST /accounting/journal-entries`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEntry {
    pub date: NaiveDate,
    pub memo: String,
    /// At least two; debits and credits are equal.
    pub lines: Vec<NewLine>,
}

/// One line: an amount on one of the two sides.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLine {
    pub account: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debit: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
}

/// What an entry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntrySource {
    Manual,
    Stock,
    Sale,
    Invoice,
    CreditNote,
    Payment,
    Refund,
}

/// An entry of the journal.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    pub id: EntryId,
    /// Per client, without a gap, in the order in which entries were posted.
    pub number: i64,
    pub date: NaiveDate,
    pub memo: String,
    pub source: EntrySource,
    /// The movement, order, invoice, credit note, payment or refund; none for an entry by hand.
    pub source_id: Option<Uuid>,
    pub lines: Vec<EntryLine>,
    /// The entry that this one takes back.
    pub reverses: Option<EntryId>,
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
}

/// One line; the side that it does not stand on is zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryLine {
    pub account: String,
    pub debit: Decimal,
    pub credit: Decimal,
    pub memo: Option<String>,
}

/// `GET /accounting/journal-entries`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<EntrySource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// `GET /accounting/accounts/{code}/entries`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A line of an account's statement, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StatementLine {
    pub entry_id: EntryId,
    pub number: i64,
    pub date: NaiveDate,
    pub source: EntrySource,
    pub source_id: Option<Uuid>,
    /// The line's own, or its entry's.
    pub memo: String,
    pub debit: Decimal,
    pub credit: Decimal,
    /// What the account holds after this line, debit positive.
    pub balance: Decimal,
}

/// `GET /accounting/trial-balance` and `GET /reports/balance-sheet`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AsOfQuery {
    /// The end of that day; by default today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<NaiveDate>,
}

/// What every account holds, on its side; both sides are equal.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TrialBalance {
    pub as_of: NaiveDate,
    pub rows: Vec<BalanceRow>,
    pub total_debit: Decimal,
    pub total_credit: Decimal,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BalanceRow {
    pub account: String,
    pub name: String,
    pub debit: Decimal,
    pub credit: Decimal,
}

/// A month of the books.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Period {
    /// `2026-03`.
    pub month: String,
    pub closed: bool,
}
