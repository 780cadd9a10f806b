//! A question before something that hurts: why, where a reason is kept, and the name of what is meant, typed.

use super::{After, frame};
use crate::{
    asks::Ask,
    input::Input,
    text::{fit, width},
    theme::{Theme, Tone},
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Modifier,
    text::{Line, Span},
    widgets::Widget,
};

/// One line to be filled in.
#[derive(Debug)]
struct Field {
    label: String,
    input: Input,
    /// It has to be just this; otherwise it has to be something.
    expected: Option<String>,
}

#[derive(Debug)]
pub struct Confirm {
    title: String,
    says: String,
    fields: Vec<Field>,
    at: usize,
    does: fn(&str, &str) -> Ask,
    about: String,
}

impl Confirm {
    pub fn suspending(slug: &str) -> Self {
        let field = |label: String, expected| Field { label, input: Input::default(), expected };
        Self {
            title: format!("Suspend {slug}"),
            says: "Its users, keys and jobs stop at once, until it is resumed.".to_owned(),
            fields: vec![field("Why".to_owned(), None), field(format!("Type {slug}"), Some(slug.to_owned()))],
            at: 0,
            does: |slug, reason| Ask::Suspend { slug: slug.to_owned(), reason: reason.to_owned() },
            about: slug.to_owned(),
        }
    }

    pub fn key(&mut self, key: &KeyEvent) -> After {
        let last = self.fields.len().saturating_sub(1);
        match key.code {
            KeyCode::Esc => return After::Closes,
            KeyCode::Tab | KeyCode::Down => self.at = if self.at == last { 0 } else { self.at + 1 },
            KeyCode::BackTab | KeyCode::Up => self.at = self.at.checked_sub(1).unwrap_or(last),
            KeyCode::Enter if self.at < last => self.at += 1,
            KeyCode::Enter => return self.answer(),
            _ => {
                if let Some(field) = self.fields.get_mut(self.at) {
                    field.input.key(key);
                }
            }
        }
        After::Stays
    }

    pub fn paste(&mut self, text: &str) {
        if let Some(field) = self.fields.get_mut(self.at) {
            field.input.paste(text);
        }
    }

    fn answer(&mut self) -> After {
        if let Some(missing) = self.fields.iter().position(|field| !field.is_filled()) {
            self.at = missing;
            return After::Stays;
        }
        let reason = self.fields.iter().find(|field| field.expected.is_none());
        let reason = reason.map(|field| field.input.text().trim().to_owned()).unwrap_or_default();
        After::Asks((self.does)(&self.about, &reason))
    }

    pub fn draw(&mut self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        let labels = self.fields.iter().map(|field| width(&field.label)).max().unwrap_or_default() + 2;
        let hint = "Enter: go on · Esc: leave it";
        let wide = width(&self.says).max(labels + 30);
        let inside = frame(area, (wide, self.fields.len() + 4), &self.title, buffer, theme);
        let mut y = inside.y;
        let mut write = |line: Line<'_>, down: u16| {
            if y < inside.bottom() {
                line.render(Rect { y, height: 1, ..inside }, buffer);
            }
            y += down;
        };
        write(Line::styled(fit(&self.says, inside.width.into()), theme.tone(Tone::Warning)), 2);
        for (at, field) in self.fields.iter().enumerate() {
            let (text, before) = field.input.shown();
            let label = format!("{:<labels$}", field.label);
            let mut spans = vec![Span::styled(label, theme.tone(Tone::Quiet))];
            if at == self.at {
                spans.extend(with_cursor(&text, before));
            } else {
                spans.push(Span::raw(text));
            }
            write(Line::from(spans), 1);
        }
        write(Line::default(), 1);
        write(Line::styled(hint, theme.tone(Tone::Quiet)), 1);
    }
}

impl Field {
    fn is_filled(&self) -> bool {
        let text = self.input.text();
        self.expected.as_ref().map_or(!text.trim().is_empty(), |expected| *expected == text)
    }
}

/// A text with the cursor in it: the terminal's own stays hidden.
pub fn with_cursor(text: &str, before: usize) -> Vec<Span<'static>> {
    let mut left = String::new();
    let mut rest = text.chars();
    while width(&left) < before {
        let Some(letter) = rest.next() else { break };
        left.push(letter);
    }
    let under = rest.next().map_or(" ".to_owned(), |letter| letter.to_string());
    let reversed = ratatui::style::Style::new().add_modifier(Modifier::REVERSED);
    vec![Span::raw(left), Span::styled(under, reversed), Span::raw(rest.collect::<String>())]
}
