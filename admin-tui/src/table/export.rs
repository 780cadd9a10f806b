//! Tables as files: CSV for sheets, JSON for programs.

use super::Table;
use serde_json::{Map, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Json,
}

impl Table {
    /// What is shown, in its order, all columns.
    pub fn export(&self, format: Format) -> String {
        match format {
            Format::Csv => self.csv(),
            Format::Json => self.json(),
        }
    }

    fn csv(&self) -> String {
        let titles = record(self.columns.iter().map(|column| column.title));
        let lines = self.lines().map(|row| record(row.cells.iter().map(|cell| cell.text.as_str())));
        [titles].into_iter().chain(lines).collect()
    }

    fn json(&self) -> String {
        let object = |row: &super::Row| {
            let members = self.columns.iter().zip(&row.cells);
            Value::Object(
                members
                    .map(|(column, cell)| (column.title.to_lowercase(), cell.text.clone().into()))
                    .collect::<Map<_, _>>(),
            )
        };
        let rows: Vec<Value> = self.lines().map(object).collect();
        format!("{:#}\n", Value::Array(rows))
    }
}

/// One line, which ends with both signs (RFC 4180).
pub fn record<'a>(fields: impl Iterator<Item = &'a str>) -> String {
    fields.map(field).collect::<Vec<_>>().join(",") + "\r\n"
}

/// What a sheet would take for a formula is text behind an apostrophe (CWE-1236).
fn field(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@']) && text.parse::<i64>().is_err();
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
