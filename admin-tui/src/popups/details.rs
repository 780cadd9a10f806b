//! One record, line by line.

use super::{After, frame};
use crate::{
    text::{clean, fit, width},
    theme::{Theme, Tone},
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
    widgets::Widget,
};

#[derive(Debug)]
pub struct Details {
    title: String,
    lines: Vec<(&'static str, String)>,
    top: usize,
    /// How many lines were seen last.
    seen: usize,
}

impl Details {
    pub fn new(title: &str, lines: Vec<(&'static str, String)>) -> Self {
        let lines = lines.into_iter().map(|(name, text)| (name, clean(&text))).collect();
        Self { title: clean(title), lines, top: 0, seen: 0 }
    }

    pub fn key(&mut self, key: &KeyEvent) -> After {
        match key.code {
            KeyCode::Down | KeyCode::Char('j') => {
                self.top = (self.top + 1).min(self.lines.len().saturating_sub(self.seen));
            }
            KeyCode::Up | KeyCode::Char('k') => self.top = self.top.saturating_sub(1),
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => return After::Closes,
            _ => {}
        }
        After::Stays
    }

    pub fn draw(&mut self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        let names = self.lines.iter().map(|(name, _)| width(name)).max().unwrap_or_default() + 2;
        let widest = self.lines.iter().map(|(_, text)| names + width(text)).max().unwrap_or_default();
        let inside = frame(area, (widest, self.lines.len()), &self.title, buffer, theme);
        self.seen = inside.height.into();
        for ((name, text), y) in self.lines.iter().skip(self.top).zip(inside.y..inside.bottom()) {
            let room = usize::from(inside.width).saturating_sub(names);
            let line = Line::from(vec![
                Span::styled(format!("{name:<names$}"), theme.tone(Tone::Quiet)),
                Span::raw(fit(text, room)),
            ]);
            line.render(Rect { y, height: 1, ..inside }, buffer);
        }
    }
}
