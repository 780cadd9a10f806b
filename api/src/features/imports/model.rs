//! Kinds of imports, and what is wrong with a file.

use crate::platform::{authz::Permission, http::Invalid, sheets::Unreadable};
use chrono::NaiveDate;
use countinghouse_contract::{
    ImportId, UserId,
    exports::SheetFormat,
    imports::{ImportError, ImportKind, ImportMode, ImportStatus},
};

/// A word for each, as the database and the wire have them.
pub const KINDS: [(ImportKind, &str); 5] = [
    (ImportKind::Products, "products"),
    (ImportKind::Customers, "customers"),
    (ImportKind::OpeningStock, "opening_stock"),
    (ImportKind::OpeningBalances, "opening_balances"),
    (ImportKind::Orders, "orders"),
];
pub const MODES: [(ImportMode, &str); 2] =
    [(ImportMode::AllOrNothing, "all_or_nothing"), (ImportMode::SkipBad, "skip_bad")];
pub const FORMATS: [(SheetFormat, &str); 2] = [(SheetFormat::Csv, "csv"), (SheetFormat::Xlsx, "xlsx")];
pub const STATUSES: [(ImportStatus, &str); 4] = [
    (ImportStatus::Waiting, "waiting"),
    (ImportStatus::Running, "running"),
    (ImportStatus::Done, "done"),
    (ImportStatus::Failed, "failed"),
];

/// What the database calls one of these.
pub fn word<T: PartialEq>(of: T, words: &[(T, &'static str)]) -> &'static str {
    words.iter().find(|(known, _)| *known == of).map_or("", |(_, word)| word)
}

/// What an import of a kind does, single requests need these for. Who may bring a file sees its import too.
pub fn permissions(kind: ImportKind) -> &'static [Permission] {
    match kind {
        ImportKind::Products => &[Permission::ProductsWrite],
        ImportKind::Customers => &[Permission::CustomersWrite],
        ImportKind::OpeningStock => &[Permission::InventoryWrite],
        ImportKind::OpeningBalances => &[Permission::AccountingWrite],
        // Orders of the past are as they were, also where they were cheap.
        ImportKind::Orders => &[Permission::OrdersWrite, Permission::OrdersBackdate, Permission::OrdersPrice],
    }
}

/// An import as the job that reads it finds it.
#[derive(Debug, Clone)]
pub struct Plan {
    pub id: ImportId,
    pub kind: ImportKind,
    pub format: SheetFormat,
    pub mode: ImportMode,
    pub dry_run: bool,
    pub date: Option<NaiveDate>,
    pub created_by: UserId,
    /// Whether they still belong to the client.
    pub is_known: bool,
    /// The lines up to this one were done by an attempt before.
    pub through_line: u64,
}

impl Plan {
    /// Whether rows are entered some at a time, rather than all in the end.
    pub fn is_in_steps(&self) -> bool {
        self.mode == ImportMode::SkipBad && !self.dry_run
    }
}

/// What came of some rows.
#[derive(Debug, Default)]
pub struct Outcome {
    pub checked: i64,
    pub written: i64,
    pub refused: i64,
    pub faults: Vec<ImportError>,
    /// The last line that is done with.
    pub through_line: u64,
    /// From this line on rows wait for those to come.
    pub open_from: Option<u64>,
    /// The file as a whole is no good.
    pub is_hopeless: bool,
}

impl Outcome {
    /// A row in which this was wrong.
    pub fn refuse(&mut self, line: u64, invalid: Invalid) {
        self.refused += 1;
        self.faults.extend(faults_of(line, invalid));
    }

    pub fn hopeless(faults: Vec<ImportError>) -> Self {
        Self { faults, is_hopeless: true, ..Self::default() }
    }
}

/// What a request would be told of fields, told of columns; one fault for each.
pub fn faults_of(line: u64, invalid: Invalid) -> Vec<ImportError> {
    let mut faults: Vec<ImportError> = Vec::new();
    for error in invalid.into_errors() {
        let column = column_of(&error.pointer);
        if !faults.iter().any(|known| known.column == column) {
            faults.push(ImportError { line: line.try_into().ok(), column, code: error.code, detail: error.detail });
        }
    }
    faults
}

/// `/billing_address/city` is the column `billing_city`, `/attributes/colour` stands in `attributes`.
fn column_of(pointer: &str) -> Option<String> {
    let mut parts = pointer.split('/').skip(1);
    let first = parts.next().filter(|name| !name.is_empty())?;
    match (first.strip_suffix("_address"), parts.next()) {
        (Some(whose), Some(part)) => Some(format!("{whose}_{part}")),
        (Some(whose), None) => Some(format!("{whose}_street1")),
        (None, _) => Some(first.to_owned()),
    }
}

/// A fault of one place.
pub fn fault(line: u64, column: Option<&str>, code: &str, detail: impl Into<String>) -> ImportError {
    let (line, column) = (line.try_into().ok(), column.map(str::to_owned));
    ImportError { line, column, code: code.to_owned(), detail: detail.into() }
}

/// One of the whole file.
pub fn of_file(code: &str, detail: impl Into<String>) -> ImportError {
    ImportError { line: None, ..fault(0, None, code, detail) }
}

impl From<Unreadable> for Outcome {
    fn from(reason: Unreadable) -> Self {
        Self::hopeless(vec![of_file(reason.code(), reason.to_string())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_become_columns() {
        for (pointer, column) in [
            ("/sku", Some("sku")),
            ("/billing_address/postal_code", Some("billing_postal_code")),
            ("/attributes/a~1b", Some("attributes")),
            ("", None),
        ] {
            assert_eq!(column_of(pointer).as_deref(), column, "{pointer}");
        }
    }
}
