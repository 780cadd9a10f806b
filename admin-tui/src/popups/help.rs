//! The keys of a screen, from the table that handles them.

use super::{After, Details, Line};
use crate::{
    keys::{Binding, Key},
    theme::{Theme, Tone},
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{buffer::Buffer, layout::Rect};

#[derive(Debug)]
pub struct Help(Details);

impl Help {
    pub fn of(bindings: &[&[Binding]]) -> Self {
        let line = |binding: &Binding| {
            let keys: Vec<String> = binding.keys.iter().map(|key: &Key| key.shown()).collect();
            Line::Text(format!("{:<12}{}", keys.join(" "), binding.does), Tone::Plain)
        };
        Self(Details::of("Keys", bindings.iter().flat_map(|some| some.iter()).map(line).collect()))
    }

    pub fn key(&mut self, key: &KeyEvent) -> After {
        match self.0.key(key) {
            _ if key.code == KeyCode::Char('?') => After::Closes,
            After::Passes => After::Stays,
            after => after,
        }
    }

    pub fn scroll(&mut self, by: isize) {
        self.0.scroll(by);
    }

    pub fn draw(&mut self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        self.0.draw(area, buffer, theme);
    }
}
