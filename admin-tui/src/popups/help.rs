//! The keys of a screen, from the table that handles them.

use super::{After, Details};
use crate::{
    keys::{Binding, Key},
    theme::Theme,
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{buffer::Buffer, layout::Rect};

#[derive(Debug)]
pub struct Help(Details);

impl Help {
    pub fn of(bindings: &[&[Binding]]) -> Self {
        let line = |binding: &Binding| {
            let keys: Vec<String> = binding.keys.iter().map(|key: &Key| key.shown()).collect();
            ("", format!("{:<12}{}", keys.join(" "), binding.does))
        };
        Self(Details::new("Keys", bindings.iter().flat_map(|some| some.iter()).map(line).collect()))
    }

    pub fn key(&mut self, key: &KeyEvent) -> After {
        if key.code == KeyCode::Char('?') { After::Closes } else { self.0.key(key) }
    }

    pub fn draw(&mut self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        self.0.draw(area, buffer, theme);
    }
}
