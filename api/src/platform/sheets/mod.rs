//! Sheets: rows and columns in CSV and XLSX files, written ([`SheetWriter`]) and read ([`Sheet`]), and where
//! a file waits while it is sent ([`Spools`]).
//!
//! A text that a spreadsheet would take for a formula is never written as one ([`formula`]).

mod csv_in;
mod csv_out;
mod error;
mod formula;
mod row;
mod spool;
mod xlsx_in;
mod xlsx_out;
mod zip_bomb;

pub use error::{SheetError, Unreadable};
pub use formula::{as_text, taken_for_formula};
pub use row::{Row, Rows, Sheet};
pub use spool::{Spool, Spools};
pub use xlsx_in::day_of_serial;

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use countinghouse_contract::{Decimal, exports::SheetFormat};
use std::{borrow::Cow, fs::File, io};

/// `Content-Type` of what is written, and sent.
pub const CSV: &str = "text/csv";
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// All of them.
pub const SHEETS: [&str; 2] = [CSV, XLSX];

/// What stands in one place of a sheet that is written.
#[derive(Debug, Clone)]
pub enum Cell<'a> {
    Empty,
    /// Whatever somebody once entered.
    Text(&'a str),
    /// A word of ours: no formula can be in it.
    Word(Cow<'a, str>),
    Number(Decimal),
    Whole(i64),
    Flag(bool),
    Day(NaiveDate),
    /// On the clock of the client.
    Moment(DateTime<Tz>),
}

impl<'a> From<Option<&'a str>> for Cell<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Empty, Self::Text)
    }
}

impl<'a> Cell<'a> {
    /// A word of ours that stands there.
    pub fn word(word: &'a str) -> Self {
        Self::Word(Cow::Borrowed(word))
    }

    /// One that was made for it.
    pub fn made(word: impl ToString) -> Self {
        Self::Word(Cow::Owned(word.to_string()))
    }
}

/// Writes rows to a file, one after the other, and keeps none of them in memory.
pub enum SheetWriter {
    Csv(Box<csv_out::CsvSheet>),
    Xlsx(Box<xlsx_out::XlsxSheet>),
}

impl SheetWriter {
    /// A sheet in a new file without a name, which goes when it is closed.
    pub fn new(format: SheetFormat, columns: &[&str]) -> Result<Self, SheetError> {
        let mut sheet = match format {
            SheetFormat::Csv => Self::Csv(Box::new(csv_out::CsvSheet::new()?)),
            SheetFormat::Xlsx => Self::Xlsx(Box::new(xlsx_out::XlsxSheet::new()?)),
        };
        let names: Vec<_> = columns.iter().map(|name| Cell::Word(Cow::Borrowed(name))).collect();
        sheet.row(&names)?;
        Ok(sheet)
    }

    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), SheetError> {
        match self {
            Self::Csv(sheet) => sheet.row(cells),
            Self::Xlsx(sheet) => sheet.row(cells),
        }
    }

    /// The file, whole; where it is read from is up to the reader.
    pub fn finish(self) -> Result<File, SheetError> {
        match self {
            Self::Csv(sheet) => sheet.finish(),
            Self::Xlsx(sheet) => sheet.finish(),
        }
    }
}

/// A file without a name.
fn scratch() -> io::Result<File> {
    tempfile::tempfile()
}
