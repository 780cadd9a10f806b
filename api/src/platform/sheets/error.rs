//! What can go wrong with sheets.

use crate::platform::http::{ApiError, Invalid, problems};
use actix_web::error::BlockingError;
use rust_xlsxwriter::XlsxError;
use std::io;

/// Why a sheet could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    #[error("the sheet has more rows than its format takes")]
    TooManyRows,
    #[error("the file could not be written")]
    Io(#[from] io::Error),
    #[error("the workbook could not be written")]
    Workbook(#[from] XlsxError),
}

impl SheetError {
    /// The thread that was to do it is gone.
    pub fn thread(error: BlockingError) -> Self {
        Self::Io(io::Error::other(error.to_string()))
    }
}

impl From<csv::Error> for SheetError {
    fn from(error: csv::Error) -> Self {
        Self::Io(error.into())
    }
}

impl From<SheetError> for ApiError {
    fn from(error: SheetError) -> Self {
        match error {
            SheetError::TooManyRows => {
                let mut invalid = Invalid::default();
                let rule = "A workbook has 1,048,576 rows at most: ask for CSV, or for fewer days.";
                invalid.add("/format", "too_many_rows", rule);
                invalid.into()
            }
            // As a rule the disk is full.
            SheetError::Io(_) => problems::UNAVAILABLE
                .with("The service can not write files just now; try again shortly.")
                .with_header("Retry-After", "30")
                .with_source(error),
            SheetError::Workbook(_) => Self::internal(error),
        }
    }
}

/// Why a file is no sheet. What it says goes to whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("The file is empty.")]
    Empty,
    #[error("The file is no workbook, or is damaged.")]
    Damaged,
    #[error("The file is larger inside than the service takes.")]
    TooLarge,
    #[error("The workbook has no sheet.")]
    NoSheet,
    #[error("A file has at most {0} rows.")]
    TooManyRows(u64),
    #[error("The bytes are text in no encoding that is known here.")]
    Encoding,
}

impl Unreadable {
    /// The slug for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Damaged | Self::NoSheet => "unreadable",
            Self::TooLarge => "too_large",
            Self::TooManyRows(_) => "too_many_rows",
            Self::Encoding => "invalid_encoding",
        }
    }
}
