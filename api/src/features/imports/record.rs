//! Rows by the names of their columns, and cells as what they stand for.

use super::model::fault;
use crate::platform::{
    http::Invalid,
    sheets::{Row, day_of_serial},
};
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use countinghouse_contract::{Decimal, imports::ImportError};
use std::{collections::BTreeMap, str::FromStr};

/// A column of a kind of file.
pub struct Column {
    pub name: &'static str,
    pub is_required: bool,
}

pub const fn required(name: &'static str) -> Column {
    Column { name, is_required: true }
}

pub const fn optional(name: &'static str) -> Column {
    Column { name, is_required: false }
}

/// Where the columns stand in a file.
#[derive(Debug, Clone)]
pub struct Heading {
    places: BTreeMap<&'static str, usize>,
    width: usize,
}

impl Heading {
    /// Reads the first row. `ignored` are columns of exports that nothing is made of.
    pub fn read(row: &Row, columns: &[Column], ignored: &[&'static str]) -> Result<Self, Vec<ImportError>> {
        let mut places = BTreeMap::new();
        let mut faults = Vec::new();
        for (place, cell) in row.cells.iter().enumerate() {
            let name = normal(cell);
            let known = columns.iter().map(|column| column.name).chain(ignored.iter().copied());
            match known.into_iter().find(|known| *known == name) {
                None => {
                    let known: Vec<_> = columns.iter().map(|column| column.name).collect();
                    let rule = format!("No such column. Those that are read: {}.", known.join(", "));
                    let shown: String = cell.chars().take(100).collect();
                    faults.push(fault(row.line, Some(&shown), "unknown_column", rule));
                }
                Some(known) if places.insert(known, place).is_some() => {
                    faults.push(fault(row.line, Some(known), "duplicate_column", "The column is there twice."));
                }
                Some(_) => {}
            }
        }
        for column in columns.iter().filter(|column| column.is_required && !places.contains_key(column.name)) {
            faults.push(fault(row.line, Some(column.name), "missing_column", "The first row has no such column."));
        }
        if faults.is_empty() { Ok(Self { places, width: row.cells.len() }) } else { Err(faults) }
    }
}

/// Names are compared as people write them: `Tax Rate` is `tax_rate`.
fn normal(cell: &str) -> String {
    cell.trim().to_lowercase().replace([' ', '-'], "_")
}

/// A row that is being read: what is wrong with its cells is collected.
pub struct Record<'a> {
    heading: &'a Heading,
    row: &'a Row,
    zone: Tz,
    pub invalid: Invalid,
}

impl<'a> Record<'a> {
    pub fn new(heading: &'a Heading, row: &'a Row, zone: Tz) -> Self {
        let mut invalid = Invalid::default();
        if row.too_long {
            invalid.add("", "too_long", "More stands in this row than in any that is good.");
        } else if row.cells.len() > heading.width {
            invalid.add("", "too_many_cells", "The row has more cells than the first row has columns.");
        }
        Self { heading, row, zone, invalid }
    }

    /// What stands in a column, if anything does.
    pub fn cell(&self, name: &str) -> Option<&'a str> {
        let place = self.heading.places.get(name)?;
        self.row.cells.get(*place).map(String::as_str).filter(|text| !text.is_empty())
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.cell(name).map(str::to_owned)
    }

    /// A text that has to be there; where it is not, an empty one stands in.
    pub fn required(&mut self, name: &str) -> String {
        self.cell(name).map_or_else(|| self.missing(name, String::new()), str::to_owned)
    }

    fn missing<T>(&mut self, name: &str, instead: T) -> T {
        self.invalid.add(&format!("/{name}"), "missing_value", "Something has to stand here.");
        instead
    }

    pub fn decimal(&mut self, name: &str) -> Option<Decimal> {
        let text = self.cell(name)?;
        let comma = self.row.decimal_comma && text.matches(',').count() == 1 && !text.contains('.');
        let read = if comma { text.replace(',', ".").parse().ok() } else { text.parse().ok() };
        self.expect(name, read, "invalid_decimal", "A plain number, like 12.50.")
    }

    pub fn required_decimal(&mut self, name: &str) -> Decimal {
        let zero = Decimal::new(0, 0);
        if self.cell(name).is_none() { self.missing(name, zero) } else { self.decimal(name).unwrap_or(zero) }
    }

    pub fn whole<T: FromStr>(&mut self, name: &str) -> Option<T> {
        let read = self.cell(name)?.parse().ok();
        self.expect(name, read, "invalid_number", "A whole number.")
    }

    pub fn required_whole(&mut self, name: &str) -> i64 {
        if self.cell(name).is_none() { self.missing(name, 0) } else { self.whole(name).unwrap_or(0) }
    }

    pub fn flag(&mut self, name: &str) -> Option<bool> {
        let read = match self.cell(name)?.to_lowercase().as_str() {
            "true" | "yes" | "1" => Some(true),
            "false" | "no" | "0" => Some(false),
            _ => None,
        };
        self.expect(name, read, "invalid_flag", "true or false.")
    }

    /// A time; without a zone it is on the client's clock, and a day alone is its first moment.
    pub fn moment(&mut self, name: &str) -> Option<DateTime<Utc>> {
        let read = moment(self.cell(name)?, self.zone);
        let rule = "A day or a time, like 2026-03-31 or 2026-03-31T09:30:00Z.";
        self.expect(name, read, "invalid_time", rule)
    }

    pub fn required_moment(&mut self, name: &str) -> Option<DateTime<Utc>> {
        if self.cell(name).is_none() { self.missing(name, None) } else { self.moment(name) }
    }

    fn expect<T>(&mut self, name: &str, read: Option<T>, code: &str, rule: &str) -> Option<T> {
        if read.is_none() {
            self.invalid.add(&format!("/{name}"), code, rule);
        }
        read
    }
}

fn moment(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.with_timezone(&Utc));
    }
    // A cell of a sheet that was not told to show a day; the largest is the last day of 9999.
    let serial = text.parse::<f64>().ok().filter(|serial| (1.0..2_958_466.0).contains(serial)).map(day_of_serial);
    let text = serial.as_deref().unwrap_or(text);
    let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let local = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let local = local.or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))?;
    // Where the clocks are put back the first of the two; where they skip an hour, the time before it.
    let read = zone.from_local_datetime(&local);
    let moment = read.earliest().or_else(|| zone.from_local_datetime(&(local - chrono::Duration::hours(1))).earliest());
    moment.map(|moment| moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [required("sku"), required("price"), optional("sold_at")];

    fn row(cells: &[&str]) -> Row {
        let cells = cells.iter().map(|cell| (*cell).to_owned()).collect();
        Row { line: 1, cells, ..Row::default() }
    }

    #[test]
    fn a_heading_has_each_column_once_and_no_other() {
        let faults = |cells: &[&str]| -> Vec<(String, String)> {
            let read = Heading::read(&row(cells), &COLUMNS, &["on_hand"]);
            let faults = read.err().unwrap_or_default().into_iter();
            faults.map(|fault| (fault.column.unwrap_or_default(), fault.code)).collect()
        };
        assert_eq!(faults(&["SKU", " Price ", "on hand", "Sold-At"]), []);
        let pair = |column: &str, code: &str| (column.to_owned(), code.to_owned());
        assert_eq!(
            faults(&["sku", "sku", "colour"]),
            [pair("sku", "duplicate_column"), pair("colour", "unknown_column"), pair("price", "missing_column")]
        );
        assert_eq!(faults(&["sku", "", "price"]), [pair("", "unknown_column")]);
    }

    #[test]
    fn cells_are_read_as_people_write_them() {
        let heading = Heading::read(&row(&["sku", "price", "sold_at"]), &COLUMNS, &[]).unwrap();
        let berlin = chrono_tz::Europe::Berlin;
        let read = |price: &str, at: &str, decimal_comma| {
            let row = Row { decimal_comma, ..row(&["A", price, at]) };
            let mut record = Record::new(&heading, &row, berlin);
            let read =
                (record.decimal("price").map(|d| d.to_string()), record.moment("sold_at").map(|t| t.to_rfc3339()));
            (read, record.invalid.into_errors().len())
        };
        let some = |price: &str, at: &str| ((Some(price.to_owned()), Some(format!("{at}+00:00"))), 0);
        assert_eq!(read("12,50", "2026-03-31", true), some("12.50", "2026-03-30T22:00:00"));
        assert_eq!(read("12.50", "2026-03-31 11:30", true), some("12.50", "2026-03-31T09:30:00"));
        assert_eq!(read("-3", "2026-03-31T09:30:00Z", false), some("-3", "2026-03-31T09:30:00"));
        assert_eq!(read("0", "46112.5", false), some("0", "2026-03-31T10:00:00"));
        assert_eq!(read("1", "2026-03-29T02:30:00", false), some("1", "2026-03-29T00:30:00"));
        for (price, at, comma) in [("12,50", "31.03.2026", false), ("1.234,50", "yesterday", true), ("1e3", "0", true)]
        {
            assert_eq!(read(price, at, comma), ((None, None), 2), "{price} {at}");
        }
    }
}
