//! Files to take away: which form, and of which days.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The form of a file with rows and columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SheetFormat {
    #[default]
    Csv,
    Xlsx,
}

impl SheetFormat {
    /// As names of files end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// `GET /exports/products` and `GET /exports/customers`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// `csv` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<SheetFormat>,
}

/// `GET /exports/orders`, `GET /exports/movements` and `GET /exports/journal`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatedExportQuery {
    /// `csv` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<SheetFormat>,
    /// A day of the client's time zone, inclusive; `to` as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
}
