//! Entries before they are posted, and as they are read.

use crate::platform::http::Position;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use countinghouse_contract::{
    Currency, Decimal, EntryId, UserId,
    accounting::{self, EntrySource},
    money::MAX_MINOR,
};
use std::collections::BTreeMap;
use uuid::Uuid;

macro_rules! accounts {
    ($($(#[$doc:meta])* $name:ident = $code:literal),* $(,)?) => {
        /// The accounts that the service posts to. Every client has them from the start.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Account {
            $($(#[$doc])* $name),*
        }

        impl Account {
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code),*
                }
            }
        }
    };
}

accounts! {
    Cash = "1000",
    Receivable = "1100",
    Inventory = "1200",
    GoodsSoldNotInvoiced = "1250",
    Payable = "2000",
    TaxPayable = "2100",
    OpeningBalanceEquity = "3900",
    Sales = "4000",
    SalesReturns = "4100",
    ShippingIncome = "4200",
    SalesDiscounts = "4300",
    CostOfGoodsSold = "5000",
    InventoryAdjustments = "5100",
}

/// What an entry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Stock,
    Sale,
    Invoice,
    CreditNote,
    Payment,
    Refund,
}

impl Source {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Sale => "sale",
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
            Self::Payment => "payment",
            Self::Refund => "refund",
        }
    }
}

/// The lines of an entry, one for each account: what is added to an account twice is summed, and
/// an account that comes to nothing has no line. Amounts are minor units of the client's currency;
/// a negative debit is a credit, and the other way round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines(BTreeMap<Account, i128>);

impl Lines {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn debit(self, account: Account, minor: i64) -> Self {
        self.add(account, i128::from(minor))
    }

    pub fn credit(self, account: Account, minor: i64) -> Self {
        self.add(account, -i128::from(minor))
    }

    fn add(mut self, account: Account, minor: i128) -> Self {
        *self.0.entry(account).or_default() += minor;
        self
    }

    /// The lines that are not zero, in the order of the accounts' codes; debit is positive.
    pub fn amounts(&self) -> impl Iterator<Item = (Account, i128)> {
        self.0.iter().map(|(account, minor)| (*account, *minor)).filter(|(_, minor)| *minor != 0)
    }

    pub fn balance(&self) -> bool {
        self.0.values().sum::<i128>() == 0
    }

    /// The largest amount of a line is within the bounds of the contract.
    pub fn within_bounds(&self) -> bool {
        self.0.values().all(|minor| minor.abs() <= i128::from(MAX_MINOR))
    }
}

/// An entry as another feature asks for it.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// A day of the client's own time zone: see [`super::today`].
    pub date: NaiveDate,
    pub source: Source,
    /// The movement, order, invoice, credit note, payment or refund that is posted.
    pub source_id: Uuid,
    pub memo: String,
    pub lines: Lines,
}

/// An entry of the journal; amounts in minor units, debit positive.
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: EntryId,
    pub number: i64,
    pub date: NaiveDate,
    pub memo: String,
    pub source: EntrySource,
    pub source_id: Option<Uuid>,
    pub lines: Vec<EntryLine>,
    pub reverses: Option<EntryId>,
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct EntryLine {
    pub account: String,
    pub amount: i64,
    pub memo: Option<String>,
}

impl Entry {
    pub fn into_wire(self, currency: Currency) -> accounting::Entry {
        let line = |EntryLine { account, amount, memo }: EntryLine| {
            let (debit, credit) = sides(i128::from(amount), currency);
            accounting::EntryLine { account, debit, credit, memo }
        };
        accounting::Entry {
            id: self.id,
            number: self.number,
            date: self.date,
            memo: self.memo,
            source: self.source,
            source_id: self.source_id,
            lines: self.lines.into_iter().map(line).collect(),
            reverses: self.reverses,
            created_by: self.created_by,
            created_at: self.created_at,
        }
    }

    /// Its place in the journal's list.
    pub fn position(&self) -> Position {
        position_of(self.date, self.number, 0)
    }
}

/// An amount as debit and credit, one of them zero.
pub fn sides(amount: i128, currency: Currency) -> (Decimal, Decimal) {
    (decimal(amount.max(0), currency), decimal((-amount).max(0), currency))
}

/// A sum, which may be larger than any single amount.
pub fn decimal(minor: i128, currency: Currency) -> Decimal {
    Decimal::new(minor, currency.digits())
}

/// The journal is sorted by date and number, and an account's statement by the line's position
/// too: here in the form that cursors carry.
pub fn position_of(date: NaiveDate, number: i64, position: i32) -> Position {
    let unsigned = |part: i64| u64::try_from(part).unwrap_or(0);
    let id = Uuid::from_u64_pair(unsigned(number), unsigned(i64::from(position)));
    Position { created_at: date.and_time(NaiveTime::MIN).and_utc(), id }
}

/// Date, number and position of what [`position_of`] made.
pub fn place_of(position: Position) -> (NaiveDate, i64, i32) {
    let (number, place) = position.id.as_u64_pair();
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    (position.created_at.date_naive(), number, i32::try_from(place).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_merged_by_account_and_nothing_is_no_line() {
        let lines = Lines::new()
            .debit(Account::CostOfGoodsSold, 500)
            .credit(Account::Inventory, 700)
            .debit(Account::Inventory, 200)
            .debit(Account::Cash, 30)
            .credit(Account::Cash, 30)
            .debit(Account::TaxPayable, 0);
        assert!(lines.balance());
        let amounts: Vec<_> = lines.amounts().collect();
        assert_eq!(amounts, [(Account::Inventory, -500), (Account::CostOfGoodsSold, 500)]);
    }

    #[test]
    fn a_place_in_the_journal_comes_back_from_its_cursor() {
        let date = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        assert_eq!(place_of(position_of(date, i64::MAX, i32::MAX)), (date, i64::MAX, i32::MAX));
        assert_eq!(place_of(position_of(date, 1, 0)), (date, 1, 0));
    }

    #[test]
    fn a_negative_debit_is_a_credit() {
        let turned = Lines::new().debit(Account::Cash, -5).credit(Account::Receivable, -5);
        assert_eq!(turned, Lines::new().credit(Account::Cash, 5).debit(Account::Receivable, 5));
    }

    #[test]
    fn what_does_not_balance_or_is_too_large_is_seen() {
        assert!(!Lines::new().debit(Account::Cash, 5).balance());
        let large = Lines::new().debit(Account::Cash, i64::MAX).debit(Account::Cash, i64::MAX);
        assert!(!large.within_bounds());
        assert!(Lines::new().debit(Account::Cash, MAX_MINOR).credit(Account::Cash, -MAX_MINOR).amounts().count() == 1);
    }
}
