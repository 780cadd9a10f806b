//! CSV as it comes: with commas, semicolons, tabs or bars, in UTF-8, UTF-16 or what old Excels write, with a
//! mark in front or without.

use super::{
    Unreadable, as_text,
    row::{Collector, Stop},
};
use csv::{ReaderBuilder, StringRecord};
use encoding_rs::{Encoding, WINDOWS_1252};
use std::borrow::Cow;

const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];
/// Excel's own way to say what divides the columns: a first line of this and the sign.
const SAID: &str = "sep=";

pub(super) fn read(bytes: &[u8], rows: &mut Collector) -> Result<(), Stop> {
    let text = decode(bytes)?;
    let (delimiter, text, skipped) = delimiter(&text);
    let mut reader = ReaderBuilder::new();
    reader.has_headers(false).flexible(true);
    let mut reader = reader.delimiter(u8::try_from(delimiter).unwrap_or(b',')).from_reader(text.as_bytes());
    let (mut record, mut lines) = (StringRecord::new(), Lines { of: text.as_bytes(), at: 0, line: 1 + skipped });
    // It is text already, so reading it can not fail.
    while reader.read_record(&mut record).map_err(|_| Unreadable::Encoding)? {
        let begin = record.position().map_or(0, |position| position.byte());
        rows.begin(lines.line_at(usize::try_from(begin).unwrap_or_default()), delimiter != ',');
        for (column, cell) in record.iter().enumerate() {
            rows.cell(column, as_text(cell));
        }
        rows.end()?;
    }
    Ok(())
}

/// Counts lines as an editor does: the reader's own count is one behind after CRLF.
struct Lines<'a> {
    of: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of a record that begins here, or after the line breaks that stand here.
    fn line_at(&mut self, begin: usize) -> u64 {
        let breaks = self.of.get(begin..).into_iter().flatten().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let to = begin + breaks.count();
        let passed = self.of.get(self.at..to).into_iter().flatten().filter(|byte| **byte == b'\n');
        self.line += u64::try_from(passed.count()).unwrap_or_default();
        self.at = to;
        self.line
    }
}

/// What is no UTF-8 and has no mark is taken for Windows-1252, which every byte is good in.
fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let rest = bytes.get(length..).unwrap_or_default();
        return encoding.decode_without_bom_handling_and_without_replacement(rest).ok_or(Unreadable::Encoding);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(_) => Ok(WINDOWS_1252.decode_without_bom_handling(bytes).0),
    }
}

/// The sign that stands most often in the first line, outside of quotes; the text, and how many lines of it
/// were no rows.
fn delimiter(text: &str) -> (char, &str, u64) {
    let first = text.lines().next().unwrap_or_default();
    let said = first.trim_matches('"').strip_prefix(SAID).and_then(|rest| rest.chars().next());
    if let Some(said) = said.filter(|said| DELIMITERS.contains(said)) {
        return (said, text.split_once('\n').map_or("", |(_, rest)| rest), 1);
    }
    let outside: String = first.split('"').step_by(2).collect();
    let count = |sign: char| outside.matches(sign).count();
    // Of equals the last one wins, so the comma comes last.
    let most = DELIMITERS.into_iter().rev().max_by_key(|sign| count(*sign));
    (most.unwrap_or(','), text, 0)
}
