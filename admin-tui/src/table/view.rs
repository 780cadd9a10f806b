//! How a table is drawn: its titles, and of its lines those around the cursor.

use super::{Cell, Column, Row, Sort, Table, Width};
use crate::{
    text::{fit, width},
    theme::{Theme, Tone},
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Widget,
};

/// Between two columns.
const GAP: u16 = 2;
/// Where a mark stands, and one before the frame.
const MARGIN: u16 = 3;

impl Table {
    /// Draws into all of the area; lines are cut, never wrapped.
    pub fn draw(&mut self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        let Some(lines) = area.height.checked_sub(1).map(usize::from).filter(|lines| *lines > 0) else { return };
        self.scroll(lines);
        let widths = widths(self.columns, area.width.saturating_sub(MARGIN));
        Line::from(self.titles(&widths, theme)).render(Rect { height: 1, ..area }, buffer);
        for ((line, at), y) in (self.top..).zip(self.shown.iter().skip(self.top).take(lines)).zip(area.y + 1..) {
            let Some(row) = self.rows.get(*at) else { continue };
            let place = Rect { y, height: 1, ..area };
            if line == self.cursor {
                buffer.set_style(place, theme.cursor());
            }
            Line::from(self.line(row, &widths, theme)).render(place, buffer);
        }
    }

    /// Moves what is seen no more than the cursor needs.
    fn scroll(&mut self, lines: usize) {
        let last = self.shown.len().saturating_sub(lines);
        let lowest = (self.cursor + 1).saturating_sub(lines);
        self.top = self.top.clamp(lowest, self.cursor).min(last);
    }

    /// The line of what is shown at this height of the area, for the mouse.
    pub fn line_at(&self, height: u16) -> Option<usize> {
        let line = self.top + usize::from(height.checked_sub(1)?);
        (line < self.shown.len()).then_some(line)
    }

    fn titles(&self, widths: &[Option<u16>], theme: Theme) -> Vec<Span<'static>> {
        let mut spans = vec![Span::raw("  ")];
        for (at, (column, width)) in self.columns.iter().zip(widths).enumerate() {
            let Some(cells) = width else { continue };
            let title = match self.sort {
                Some(Sort { column, descending: false }) if column == at => format!("{}↑", column_title(self, at)),
                Some(Sort { column, descending: true }) if column == at => format!("{}↓", column_title(self, at)),
                _ => column.title.to_owned(),
            };
            spans.push(padded(&title, *cells, column.right, theme.heading()));
            spans.push(Span::raw(" ".repeat(GAP.into())));
        }
        spans
    }

    fn line(&self, row: &Row, widths: &[Option<u16>], theme: Theme) -> Vec<Span<'static>> {
        let mark = if self.marks.contains(&row.key) { "● " } else { "  " };
        let mut spans = vec![Span::styled(mark, theme.tone(Tone::Busy))];
        for ((column, cell), width) in self.columns.iter().zip(&row.cells).zip(widths) {
            let Some(cells) = width else { continue };
            let Cell { text, tone, .. } = cell;
            spans.push(padded(&format!("{}{text}", tone.sign()), *cells, column.right, theme.tone(*tone)));
            spans.push(Span::raw(" ".repeat(GAP.into())));
        }
        spans
    }
}

fn column_title(table: &Table, at: usize) -> &'static str {
    table.columns.get(at).map_or("", |column| column.title)
}

fn padded(text: &str, cells: u16, right: bool, style: Style) -> Span<'static> {
    let cells = usize::from(cells);
    let text = fit(text, cells);
    let blanks = " ".repeat(cells.saturating_sub(width(&text)));
    Span::styled(if right { blanks + &text } else { text + &blanks }, style)
}

/// How wide each column is, or `None` where there is no room for it.
fn widths(columns: &[Column], room: u16) -> Vec<Option<u16>> {
    let least = |column: &Column| match column.width {
        Width::Fixed(cells) | Width::Rest(cells) => cells + GAP,
    };
    let mut highest = columns.iter().map(|column| column.rank).max().unwrap_or_default();
    let taken = |highest: u8| columns.iter().filter(|column| column.rank <= highest).map(least).sum::<u16>();
    while highest > 0 && taken(highest) > room + GAP {
        highest -= 1;
    }
    let sharing = columns.iter().filter(|column| column.rank <= highest && matches!(column.width, Width::Rest(_)));
    let sharing = u16::try_from(sharing.count()).unwrap_or(u16::MAX);
    let left = (room + GAP).saturating_sub(taken(highest));
    let more = left.checked_div(sharing).unwrap_or_default();
    let of = |column: &Column| match column.width {
        Width::Fixed(cells) => cells,
        Width::Rest(cells) => cells + more,
    };
    columns.iter().map(|column| (column.rank <= highest).then(|| of(column))).collect()
}
