//! A list on the screen: rows that keep their place while they change, sorted, filtered and marked.
//!
//! Whatever arrives, the cursor stays on its record, not on its line. `filter` is what rows have to match, `view` how
//! they are drawn, and `export` how they leave as CSV or JSON.

mod export;
mod filter;
mod view;

pub use export::{Format, record};
pub use filter::Filter;

use crate::theme::Tone;
use std::{borrow::Cow, collections::BTreeSet};

/// How wide a column is, and when it gives way.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub title: &'static str,
    pub width: Width,
    /// On a narrow screen, columns of higher rank go first; rank 0 stays.
    pub rank: u8,
    pub right: bool,
}

#[derive(Debug, Clone, Copy)]
pub enum Width {
    /// So many cells.
    Fixed(u16),
    /// A share of what is left, and no less than this.
    Rest(u16),
}

/// One text of a row, with what it is sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    pub tone: Tone,
    pub order: Order,
}

/// What a cell is sorted by; cells of a column are of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    Text(String),
    Number(i64),
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        let text = crate::text::clean(&text.into());
        Self { order: Order::Text(text.to_lowercase()), text, tone: Tone::Plain }
    }

    /// A text that is sorted by a number, such as a time.
    pub fn by(text: impl Into<String>, order: i64) -> Self {
        Self { order: Order::Number(order), ..Self::text(text) }
    }

    /// In small letters.
    fn folded(&self) -> Cow<'_, str> {
        match &self.order {
            Order::Text(text) => Cow::Borrowed(text),
            Order::Number(_) => Cow::Owned(self.text.to_lowercase()),
        }
    }

    pub fn toned(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }
}

/// A record, by what it is called for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub key: String,
    pub cells: Vec<Cell>,
}

/// Rows with a cursor.
#[derive(Debug)]
pub struct Table {
    columns: &'static [Column],
    rows: Vec<Row>,
    /// Places in `rows` of those that are shown, in their order.
    shown: Vec<usize>,
    /// A place in `shown`.
    cursor: usize,
    /// The first of `shown` on the screen; drawing moves it.
    top: usize,
    sort: Option<Sort>,
    filter: Filter,
    marks: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sort {
    column: usize,
    descending: bool,
}

impl Table {
    pub fn new(columns: &'static [Column]) -> Self {
        Self {
            columns,
            rows: Vec::new(),
            shown: Vec::new(),
            cursor: 0,
            top: 0,
            sort: None,
            filter: Filter::default(),
            marks: BTreeSet::new(),
        }
    }

    /// What is there now. Cursor and marks stay with their records; where the cursor's is gone, it stays on its line.
    pub fn set(&mut self, rows: Vec<Row>) {
        let held = self.current().map(|row| row.key.clone());
        self.rows = rows;
        let keys: BTreeSet<&str> = self.rows.iter().map(|row| row.key.as_str()).collect();
        self.marks.retain(|key| keys.contains(key.as_str()));
        self.show(held);
    }

    /// How many are there, and how many of them are shown.
    pub fn counts(&self) -> (usize, usize) {
        (self.rows.len(), self.shown.len())
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub fn current(&self) -> Option<&Row> {
        self.current_place().and_then(|at| self.rows.get(at))
    }

    /// Where the row under the cursor stands among all.
    pub fn current_place(&self) -> Option<usize> {
        self.shown.get(self.cursor).copied()
    }

    /// Where those that are marked and shown stand among all, in the order of what is shown.
    pub fn marked_places(&self) -> Vec<usize> {
        let is_marked = |at: &usize| self.rows.get(*at).is_some_and(|row| self.marks.contains(&row.key));
        self.shown.iter().copied().filter(is_marked).collect()
    }

    pub fn place_of(&self, key: &str) -> Option<usize> {
        self.rows.iter().position(|row| row.key == key)
    }

    /// Another row in this place.
    pub fn replace(&mut self, at: usize, row: Row) {
        let held = self.current().map(|row| row.key.clone());
        if let Some(before) = self.rows.get_mut(at) {
            *before = row;
        }
        self.show(held);
    }

    /// To this record; whether it is shown.
    pub fn go_to_key(&mut self, key: &str) -> bool {
        let line = self.lines().position(|row| row.key == key);
        self.cursor = line.unwrap_or(self.cursor);
        line.is_some()
    }

    /// How many are shown below the cursor.
    pub fn lines_below(&self) -> usize {
        self.shown.len().saturating_sub(self.cursor + 1)
    }

    pub fn has_marks(&self) -> bool {
        !self.marks.is_empty()
    }

    /// Up or down by so many, and no further than there is.
    pub fn step(&mut self, by: isize) {
        self.go_to(self.cursor.saturating_add_signed(by));
    }

    /// To this line of what is shown, or the last.
    pub fn go_to(&mut self, line: usize) {
        self.cursor = line.min(self.shown.len().saturating_sub(1));
    }

    /// By this column, counted from 0; again, the other way round; a third time, as it came.
    pub fn sort_by(&mut self, column: usize) {
        if column >= self.columns.len() {
            return;
        }
        self.sort = match self.sort {
            Some(Sort { column: at, descending: false }) if at == column => Some(Sort { column, descending: true }),
            Some(Sort { column: at, descending: true }) if at == column => None,
            _ => Some(Sort { column, descending: false }),
        };
        let held = self.current().map(|row| row.key.clone());
        self.show(held);
    }

    /// How it is sorted, in words: the column may not be seen.
    pub fn sorted(&self) -> String {
        let title = |column: usize| self.columns.get(column).map_or("", |column| column.title);
        match self.sort {
            Some(Sort { column, descending: false }) => format!("Sorted by {}, upwards.", title(column)),
            Some(Sort { column, descending: true }) => format!("Sorted by {}, downwards.", title(column)),
            None => "In the order in which it comes.".to_owned(),
        }
    }

    pub fn filter(&mut self, filter: Filter) {
        let held = self.current().map(|row| row.key.clone());
        self.filter = filter;
        self.show(held);
    }

    pub fn filter_text(&self) -> &str {
        self.filter.text()
    }

    /// Marks the record under the cursor, or takes the mark away, and goes on to the next.
    pub fn mark(&mut self) {
        let Some(key) = self.current().map(|row| row.key.clone()) else { return };
        if !self.marks.remove(&key) {
            self.marks.insert(key);
        }
        self.step(1);
    }

    pub fn forget_marks(&mut self) {
        self.marks.clear();
    }

    /// What an action is about: the marked ones that are shown, or the one under the cursor.
    pub fn chosen(&self) -> Vec<&Row> {
        let marked: Vec<&Row> = self.lines().filter(|row| self.marks.contains(&row.key)).collect();
        if marked.is_empty() { self.current().into_iter().collect() } else { marked }
    }

    fn lines(&self) -> impl Iterator<Item = &Row> {
        self.shown.iter().filter_map(|at| self.rows.get(*at))
    }

    fn show(&mut self, held: Option<String>) {
        let mut shown: Vec<(u32, usize)> = Vec::with_capacity(self.rows.len());
        let matches = self.rows.iter().enumerate();
        shown.extend(matches.filter_map(|(at, row)| self.filter.score(row).map(|score| (score, at))));
        match self.sort {
            Some(Sort { column, descending }) => {
                let order = |at: usize| self.rows.get(at).and_then(|row| row.cells.get(column)).map(|cell| &cell.order);
                shown.sort_by(|(_, one), (_, other)| {
                    let ascending = order(*one).cmp(&order(*other));
                    if descending { ascending.reverse() } else { ascending }
                });
            }
            // As it came, but what matches best first.
            None => shown.sort_by_key(|(score, _)| std::cmp::Reverse(*score)),
        }
        let shown = shown.into_iter().map(|(_, at)| at).collect();
        self.shown = shown;
        let place = held.and_then(|key| self.lines().position(|row| row.key == key));
        self.go_to(place.unwrap_or(self.cursor));
    }
}

#[cfg(test)]
mod tests;
