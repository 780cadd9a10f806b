//! What the accounts held before, as one entry of the journal: so it is all or nothing by nature. It is tried by
//! posting it and taking it back, so that a dry run finds whatever posting would.

use super::{EnterError, Importer, Record, Table};
use crate::{
    features::{
        accounting::{self, AccountingError, OpeningLine, enter_opening_in},
        imports::{
            model::{Outcome, of_file},
            record::{Column, optional, required},
        },
    },
    platform::{
        db::{DbError, TenantTx},
        http::Invalid,
    },
};
use chrono::NaiveDate;
use countinghouse_contract::problem::FieldError;
use std::collections::BTreeMap;

/// Far more than an entry takes: what is beyond is only counted.
const KEPT: usize = 1000;

pub struct OpeningBalances {
    date: Option<NaiveDate>,
    /// With the lines of the file that they stand in.
    lines: Vec<(u64, OpeningLine)>,
    is_faulty: bool,
}

impl OpeningBalances {
    pub fn new(date: Option<NaiveDate>) -> Self {
        Self { date, lines: Vec::new(), is_faulty: false }
    }
}

impl Importer for OpeningBalances {
    fn columns(&self) -> &'static [Column] {
        const { &[required("account"), optional("debit"), optional("credit"), optional("memo")] }
    }

    fn ignored(&self) -> &'static [&'static str] {
        &["name", "account_name", "currency"]
    }

    fn take(&mut self, _: &mut TenantTx<'_>, table: Table<'_>, _: bool) -> Result<Outcome, EnterError> {
        let mut outcome = Outcome::default();
        for (line, input, cells) in table.read(input) {
            match cells.finish() {
                Ok(()) if self.lines.len() < KEPT => self.lines.push((line, input)),
                Ok(()) => {}
                Err(invalid) => outcome.refuse(line, invalid),
            }
        }
        self.is_faulty |= outcome.refused > 0;
        Ok(outcome)
    }

    fn end(&mut self, tx: &mut TenantTx<'_>, write: bool) -> Result<Outcome, EnterError> {
        if self.is_faulty {
            return Ok(Outcome::default());
        }
        let date = self.date.unwrap_or_else(|| accounting::today(tx));
        let lines: Vec<OpeningLine> = self.lines.iter().map(|(_, line)| line.clone()).collect();
        let tried = tx.savepoint(|tx| {
            enter_opening_in(tx, date, &lines)?;
            if write { Ok(()) } else { Err(Tried::Good) }
        });
        let written = if write { i64::try_from(lines.len()).unwrap_or(i64::MAX) } else { 0 };
        match tried {
            Ok(()) | Err(Tried::Good) => Ok(Outcome { written, ..Outcome::default() }),
            Err(Tried::Refused(AccountingError::Invalid(invalid))) => Ok(self.refused(invalid)),
            Err(Tried::Refused(AccountingError::PeriodClosed)) => {
                Ok(Outcome::hopeless(vec![of_file("period_closed", format!("The month of {date} is closed."))]))
            }
            Err(Tried::Refused(other)) => Err(other.into()),
        }
    }
}

impl OpeningBalances {
    /// Faults by the lines of the file.
    fn refused(&self, invalid: Invalid) -> Outcome {
        let (mut outcome, mut by_line) = (Outcome::default(), BTreeMap::<u64, Invalid>::new());
        for error in invalid.into_errors() {
            match self.place(&error) {
                Some((line, field)) => by_line.entry(line).or_default().add(&field, &error.code, error.detail),
                None => outcome.faults.push(of_file(&error.code, error.detail)),
            }
        }
        by_line.into_iter().for_each(|(line, invalid)| outcome.refuse(line, invalid));
        outcome
    }

    /// `/lines/0/debit` is the debit of the first line.
    fn place(&self, error: &FieldError) -> Option<(u64, String)> {
        let rest = error.pointer.strip_prefix("/lines/")?;
        let (at, field) = rest.split_once('/').unwrap_or((rest, ""));
        let (line, _) = self.lines.get(at.parse::<usize>().ok()?)?;
        Some((*line, if field.is_empty() { String::new() } else { format!("/{field}") }))
    }
}

/// How trying went.
enum Tried {
    Good,
    Refused(AccountingError),
}

impl From<AccountingError> for Tried {
    fn from(error: AccountingError) -> Self {
        Self::Refused(error)
    }
}

impl From<DbError> for Tried {
    fn from(error: DbError) -> Self {
        Self::Refused(error.into())
    }
}

fn input(record: &mut Record<'_>) -> OpeningLine {
    OpeningLine {
        account: record.required("account"),
        debit: record.decimal("debit"),
        credit: record.decimal("credit"),
        memo: record.text("memo"),
    }
}
