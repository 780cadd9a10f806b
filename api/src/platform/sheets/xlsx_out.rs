//! XLSX. Rows go to the disk as they come, and a text is a text: a spreadsheet runs no formula that the file
//! does not call one, and what looks like one keeps a mark for when somebody edits the cell.

use super::{Cell, SheetError, formula::taken_for_formula, scratch};
use chrono::Datelike;
use rust_xlsxwriter::{ColNum, Format, RowNum, Workbook, Worksheet};
use std::fs::File;

/// As many as the format has.
const MAX_ROWS: RowNum = 1_048_576;
/// The most characters of one cell; more would make the file unreadable.
const MAX_TEXT: usize = 32_767;

pub struct XlsxSheet {
    workbook: Workbook,
    worksheet: Worksheet,
    next: RowNum,
    heading: Format,
    quoted: Format,
    day: Format,
    moment: Format,
}

impl XlsxSheet {
    pub fn new() -> Result<Self, SheetError> {
        let mut workbook = Workbook::new();
        let worksheet = workbook_sheet(&mut workbook)?;
        Ok(Self {
            workbook,
            worksheet,
            next: 0,
            heading: Format::new().set_bold(),
            quoted: Format::new().set_quote_prefix(),
            day: Format::new().set_num_format("yyyy-mm-dd"),
            moment: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        })
    }

    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), SheetError> {
        if self.next >= MAX_ROWS {
            return Err(SheetError::TooManyRows);
        }
        for (cell, column) in cells.iter().zip(0..) {
            self.cell(column, cell)?;
        }
        self.next += 1;
        Ok(())
    }

    fn cell(&mut self, column: ColNum, cell: &Cell<'_>) -> Result<(), SheetError> {
        let (sheet, row) = (&mut self.worksheet, self.next);
        match cell {
            Cell::Empty => return Ok(()),
            Cell::Text(text) => {
                let text: String = text.chars().take(MAX_TEXT).collect();
                if taken_for_formula(&text) {
                    sheet.write_string_with_format(row, column, text, &self.quoted)?
                } else {
                    sheet.write_string(row, column, text)?
                }
            }
            Cell::Word(word) if row == 0 => {
                sheet.write_string_with_format(row, column, word.as_ref(), &self.heading)?
            }
            Cell::Word(word) => sheet.write_string(row, column, word.as_ref())?,
            // Amounts have at most 15 digits, which a double holds exactly.
            Cell::Number(number) => match number.to_string().parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number)?,
                Err(_) => return Ok(()),
            },
            Cell::Whole(number) => match number.to_string().parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number)?,
                Err(_) => return Ok(()),
            },
            Cell::Flag(flag) => sheet.write_boolean(row, column, *flag)?,
            // A workbook's days begin in 1900.
            Cell::Day(day) if day.year() < 1900 => sheet.write_string(row, column, day.to_string())?,
            Cell::Day(day) => sheet.write_datetime_with_format(row, column, *day, &self.day)?,
            Cell::Moment(moment) if moment.year() < 1900 => sheet.write_string(row, column, moment.to_rfc3339())?,
            Cell::Moment(moment) => {
                sheet.write_datetime_with_format(row, column, moment.naive_local(), &self.moment)?
            }
        };
        Ok(())
    }

    pub fn finish(mut self) -> Result<File, SheetError> {
        self.workbook.push_worksheet(self.worksheet);
        let file = scratch()?;
        self.workbook.save_to_writer(file.try_clone()?)?;
        Ok(file)
    }
}

fn workbook_sheet(workbook: &mut Workbook) -> Result<Worksheet, SheetError> {
    let mut sheet = workbook.new_worksheet_with_constant_memory()?;
    sheet.set_name("Export")?;
    Ok(sheet)
}
