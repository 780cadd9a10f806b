//! XLSX: the first sheet, cell by cell. Of a formula, what it came to when the file was saved.

use super::{
    Unreadable,
    row::{Collector, Stop},
    zip_bomb,
};
use calamine::{DataRef, ExcelDateTime, Reader, Xlsx};
use std::io::Cursor;

/// Digits that a double is sure of, and that a spreadsheet shows.
const DIGITS: usize = 15;

pub(super) fn read(bytes: Vec<u8>, rows: &mut Collector) -> Result<(), Stop> {
    zip_bomb::refuse(&bytes)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| Unreadable::Damaged)?;
    let first = workbook.sheet_names().into_iter().next().ok_or(Unreadable::NoSheet)?;
    let mut cells = workbook.worksheet_cells_reader(&first).map_err(|_| Unreadable::Damaged)?;
    let mut current = None;
    while let Some(cell) = cells.next_cell().map_err(|_| Unreadable::Damaged)? {
        let (row, column) = cell.get_position();
        if current != Some(row) {
            // Whoever goes on after a line relies on their order.
            if current.is_some_and(|before| row < before) {
                return Err(Unreadable::Damaged.into());
            }
            rows.end()?;
            rows.begin(u64::from(row) + 1, false);
            current = Some(row);
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        match cell.get_value() {
            DataRef::SharedString(text) => rows.cell(column, text),
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => rows.cell(column, text),
            DataRef::Int(number) => rows.cell(column, &number.to_string()),
            DataRef::Float(number) => rows.cell(column, &plain(*number)),
            DataRef::Bool(flag) => rows.cell(column, if *flag { "true" } else { "false" }),
            DataRef::DateTime(moment) => rows.cell(column, &shown(moment)),
            DataRef::Error(error) => rows.cell(column, &error.to_string()),
            DataRef::Empty => {}
        }
    }
    rows.end()
}

/// A number as a spreadsheet shows it: 0.1 + 0.2 is 0.3.
fn plain(number: f64) -> String {
    let whole = format!("{:.0}", number.abs().trunc()).len();
    let text = format!("{number:.*}", DIGITS.saturating_sub(whole));
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// A day, or a day with its time, as ISO 8601 writes them; it has no zone.
fn shown(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (moment.is_datetime(), hour, minute, second) {
        (false, ..) => plain(moment.as_f64()),
        (true, 0, 0, 0) => date,
        (true, ..) => format!("{date}T{hour:02}:{minute:02}:{second:02}"),
    }
}

/// The day that a number stands for where a cell was not told to show one.
pub fn day_of_serial(serial: f64) -> String {
    shown(&ExcelDateTime::new(serial, calamine::ExcelDateTimeType::DateTime, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_a_spreadsheet_shows() {
        for (number, text) in [
            (0.300_000_000_000_000_04, "0.3"),
            (19.99, "19.99"),
            (-3.0, "-3"),
            (-0.0, "0"),
            (4_006_381_333_931.0, "4006381333931"),
            (1e15, "1000000000000000"),
            (100_000_000_000.01, "100000000000.01"),
            (0.000_1, "0.0001"),
            (45_000.5, "45000.5"),
        ] {
            assert_eq!(plain(number), text);
        }
    }

    #[test]
    fn serials_are_days() {
        assert_eq!(day_of_serial(46_112.0), "2026-03-31");
        assert_eq!(day_of_serial(46_112.5), "2026-03-31T12:00:00");
    }
}
