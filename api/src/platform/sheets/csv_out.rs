//! CSV as RFC 4180 has it: UTF-8, commas, lines that end in CRLF.

use super::{Cell, SheetError, formula::neutralised, scratch};
use chrono::SecondsFormat;
use csv::{Terminator, Writer, WriterBuilder};
use std::{
    fmt::Write as _,
    fs::File,
    io::{BufWriter, Error},
};

/// Written to the disk at once.
const BUFFER: usize = 256 * 1024;

pub struct CsvSheet {
    writer: Writer<BufWriter<File>>,
    /// Used again for each number.
    text: String,
}

impl CsvSheet {
    pub fn new() -> Result<Self, SheetError> {
        let file = BufWriter::with_capacity(BUFFER, scratch()?);
        let writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(file);
        Ok(Self { writer, text: String::new() })
    }

    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), SheetError> {
        for cell in cells {
            self.cell(cell)?;
        }
        self.writer.write_record(None::<&[u8]>)?;
        Ok(())
    }

    fn cell(&mut self, cell: &Cell<'_>) -> Result<(), SheetError> {
        self.text.clear();
        // Writing to a text can not fail.
        let _ = match cell {
            Cell::Empty => Ok(()),
            Cell::Text(text) => return Ok(self.writer.write_field(neutralised(text).as_bytes())?),
            Cell::Word(word) => return Ok(self.writer.write_field(word.as_bytes())?),
            Cell::Number(number) => write!(self.text, "{number}"),
            Cell::Whole(number) => write!(self.text, "{number}"),
            Cell::Flag(flag) => write!(self.text, "{flag}"),
            Cell::Day(day) => write!(self.text, "{day}"),
            Cell::Moment(moment) => {
                self.text.push_str(&moment.to_rfc3339_opts(SecondsFormat::AutoSi, true));
                Ok(())
            }
        };
        Ok(self.writer.write_field(self.text.as_bytes())?)
    }

    pub fn finish(self) -> Result<File, SheetError> {
        let buffer = self.writer.into_inner().map_err(|error| SheetError::Io(Error::other(error.to_string())))?;
        buffer.into_inner().map_err(|error| SheetError::Io(error.into_error()))
    }
}
