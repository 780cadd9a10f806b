//! Files that are brought in: what they hold, how it goes, and what was wrong.

use crate::{ImportId, UserId, exports::SheetFormat};
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    Products,
    Customers,
    OpeningStock,
    OpeningBalances,
    Orders,
}

/// What becomes of a file in which something is wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportMode {
    /// Nothing of it is entered.
    #[default]
    AllOrNothing,
    /// What is good is entered, the rest is not.
    SkipBad,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    Waiting,
    Running,
    /// To its end; what was skipped stands in the errors.
    Done,
    /// Nothing was entered, or nothing more; the errors say why.
    Failed,
}

/// How a file is to be imported.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// `all_or_nothing` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<ImportMode>,
    /// Only look what would be wrong; nothing is entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
}

/// `POST /imports/opening-balances`: always all or nothing, for it becomes one entry of the journal.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BalancesQuery {
    /// The day of the entry; today without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
    /// Only look what would be wrong; nothing is entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
}

/// A file that was brought in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Import {
    pub id: ImportId,
    /// What the file holds.
    pub kind: ImportKind,
    /// The form of the file.
    pub format: SheetFormat,
    pub mode: ImportMode,
    /// Whether nothing is entered in any case.
    pub dry_run: bool,
    /// How far it is.
    pub status: ImportStatus,
    /// How large the file was.
    pub bytes: i64,
    /// Rows that were looked at; the heading is none.
    pub rows_checked: i64,
    /// Rows that were entered.
    pub rows_written: i64,
    /// Rows in which something was wrong.
    pub rows_refused: i64,
    /// How many faults were found; the first thousand can be read.
    pub errors_found: i64,
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Something that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportError {
    /// The line of the file, or the row of the sheet; the first is 1. Null where it is the whole file.
    #[schemars(example = 4)]
    pub line: Option<i64>,
    /// The name of the column; null where it is the whole row.
    #[schemars(example = &"price")]
    pub column: Option<String>,
    #[schemars(example = &"too_precise")]
    pub code: String,
    /// What is wrong, in words.
    #[schemars(example = &"EUR has 2 decimal places at most.")]
    pub detail: String,
}

/// `GET /imports` and `GET /imports/{id}/errors`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportsQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
