//! What stands before a screen until it is answered or closed: help, details, a form.

mod details;
mod form;
mod help;

pub use details::{Details, Line};
pub use form::{Form, with_cursor};
pub use help::Help;

use crate::{asks::Ask, text::fit, theme::Theme};
use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    widgets::{Block, Clear, Widget},
};

#[derive(Debug)]
pub enum Popup {
    Help(Help),
    Details(Details),
    Form(Form),
}

/// What became of a key in a popup.
#[derive(Debug, PartialEq, Eq)]
pub enum After {
    Stays,
    Closes,
    /// It was answered: this is to be done, and the popup stays until it is.
    Asks(Ask),
    /// It is none of its own: it may be one of the screen's, about the record that is open.
    Passes,
}

impl Popup {
    pub fn key(&mut self, key: &KeyEvent) -> After {
        match self {
            Self::Help(help) => help.key(key),
            Self::Details(details) => details.key(key),
            Self::Form(form) => form.key(key),
        }
    }

    pub fn paste(&mut self, text: &str) {
        if let Self::Form(form) = self {
            form.paste(text);
        }
    }

    pub fn scroll(&mut self, by: isize) {
        match self {
            Self::Help(help) => help.scroll(by),
            Self::Details(details) => details.scroll(by),
            Self::Form(_) => {}
        }
    }

    pub fn draw(&mut self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        match self {
            Self::Help(help) => help.draw(area, buffer, theme),
            Self::Details(details) => details.draw(area, buffer, theme),
            Self::Form(form) => form.draw(area, buffer, theme),
        }
    }
}

/// A frame in the middle, as large as it needs to be and no larger than there is room; answers what is inside.
fn frame(area: Rect, size: (usize, usize), title: &str, buffer: &mut Buffer, theme: Theme) -> Rect {
    let cells = |wanted: usize, more: usize, room: u16| u16::try_from(wanted + more).unwrap_or(u16::MAX).min(room);
    let (width, height) = (cells(size.0, 4, area.width), cells(size.1, 2, area.height).max(3));
    let place = Rect {
        x: area.x + area.width.saturating_sub(width) / 2,
        y: area.y + area.height.saturating_sub(height) / 2,
        width,
        height: height.min(area.height),
    };
    Clear.render(place, buffer);
    // A wide character that begins before the frame would cover its edge.
    for y in place.y..place.bottom() {
        let before = place.x.checked_sub(1).and_then(|x| buffer.cell_mut((x, y)));
        if let Some(cell) = before.filter(|cell| crate::text::width(cell.symbol()) > 1) {
            cell.set_symbol(" ");
        }
    }
    let title = fit(title, usize::from(width).saturating_sub(4));
    let block = Block::bordered().border_style(theme.frame(true)).title(format!(" {title} "));
    let inner = block.inner(place);
    block.render(place, buffer);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}
