//! A sheet that somebody sent, row by row.
//!
//! Nothing about it is trusted: its size is bounded as it lies there and as it is unpacked, rows and cells are
//! bounded, and no more of it is in memory than the file itself and a few rows. Whatever a cell held, it becomes
//! the text that one would have typed.

use super::{Unreadable, csv_in, xlsx_in};
use countinghouse_contract::exports::SheetFormat;
use tokio::sync::mpsc;

/// More columns than any kind of file has.
const MAX_CELLS: usize = 200;
/// Bytes of one row.
const MAX_ROW: usize = 1024 * 1024;
/// What is handed over at a time: so many rows, or so many bytes.
const BATCH_ROWS: usize = 1000;
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// What is more comes in several files.
const MAX_ROWS: u64 = 250_000;

/// One row in which something stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// As a person counts: the first line of the file, or row of the sheet, is 1.
    pub line: u64,
    /// Without blanks around them.
    pub cells: Vec<String>,
    /// Too much stands in it: the cells are not all there.
    pub too_long: bool,
    /// Whether `1,5` is one and a half, as it is in files whose columns are not divided by commas.
    pub decimal_comma: bool,
}

/// A file, and what it is said to be.
pub struct Sheet {
    pub format: SheetFormat,
    pub bytes: Vec<u8>,
}

type Batch = Result<Vec<Row>, Unreadable>;

/// Rows in their order, some at a time. An empty batch is the end: where none comes, the reader did not get
/// there, for it panicked over the file.
pub struct Rows(mpsc::Receiver<Batch>);

impl Rows {
    /// The next rows; none at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<Row>>, Unreadable> {
        Self::read(self.0.recv().await)
    }

    /// The same on a thread that may block.
    pub fn next_blocking(&mut self) -> Result<Option<Vec<Row>>, Unreadable> {
        Self::read(self.0.blocking_recv())
    }

    fn read(batch: Option<Batch>) -> Result<Option<Vec<Row>>, Unreadable> {
        let batch = batch.unwrap_or(Err(Unreadable::Damaged))?;
        Ok(if batch.is_empty() { None } else { Some(batch) })
    }
}

impl Sheet {
    /// Reads it on a thread that may block, as fast as the rows are taken.
    pub fn rows(self) -> Rows {
        let (sender, receiver) = mpsc::channel(2);
        tokio::task::spawn_blocking(move || {
            let mut collector = Collector::new(sender);
            let read = match self.format {
                SheetFormat::Csv => csv_in::read(&self.bytes, &mut collector),
                SheetFormat::Xlsx => xlsx_in::read(self.bytes, &mut collector),
            };
            collector.finish(read);
        });
        Rows(receiver)
    }
}

/// Why reading stops before the end.
#[derive(Debug)]
pub(super) enum Stop {
    Unreadable(Unreadable),
    /// Whoever took the rows has gone.
    NobodyListens,
}

impl From<Unreadable> for Stop {
    fn from(reason: Unreadable) -> Self {
        Self::Unreadable(reason)
    }
}

/// Puts cells together to rows, and rows to batches.
pub(super) struct Collector {
    sender: mpsc::Sender<Batch>,
    batch: Vec<Row>,
    bytes: usize,
    rows: u64,
    row: Row,
    row_bytes: usize,
}

impl Collector {
    fn new(sender: mpsc::Sender<Batch>) -> Self {
        let (batch, bytes, rows, row, row_bytes) = (Vec::new(), 0, 0, Row::default(), 0);
        Self { sender, batch, bytes, rows, row, row_bytes }
    }

    pub(super) fn begin(&mut self, line: u64, decimal_comma: bool) {
        self.row = Row { line, decimal_comma, ..Row::default() };
        self.row_bytes = 0;
    }

    /// The cell of a column; those that were left out are empty.
    pub(super) fn cell(&mut self, column: usize, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        self.row_bytes = self.row_bytes.saturating_add(text.len());
        if column >= MAX_CELLS || self.row_bytes > MAX_ROW {
            self.row.too_long = true;
            return;
        }
        if self.row.cells.len() <= column {
            self.row.cells.resize(column + 1, String::new());
        }
        if let Some(cell) = self.row.cells.get_mut(column) {
            text.clone_into(cell);
        }
    }

    /// The row is whole; one in which nothing stands is none.
    pub(super) fn end(&mut self) -> Result<(), Stop> {
        let row = std::mem::take(&mut self.row);
        if row.cells.is_empty() && !row.too_long {
            return Ok(());
        }
        self.rows += 1;
        if self.rows > MAX_ROWS {
            return Err(Unreadable::TooManyRows(MAX_ROWS).into());
        }
        self.bytes += self.row_bytes;
        self.batch.push(row);
        if self.batch.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES {
            self.hand_over()?;
        }
        Ok(())
    }

    fn hand_over(&mut self) -> Result<(), Stop> {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        self.sender.blocking_send(Ok(batch)).map_err(|_| Stop::NobodyListens)
    }

    /// Says how it ended.
    fn finish(mut self, read: Result<(), Stop>) {
        let whole = read.and_then(|()| match (self.rows, self.batch.is_empty()) {
            (0, _) => Err(Unreadable::Empty.into()),
            (_, true) => Ok(()),
            (_, false) => self.hand_over(),
        });
        let last = match whole {
            Ok(()) => Ok(Vec::new()),
            Err(Stop::Unreadable(reason)) => Err(reason),
            Err(Stop::NobodyListens) => return,
        };
        // Who does not listen any more misses nothing.
        let _heard = self.sender.blocking_send(last);
    }
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
