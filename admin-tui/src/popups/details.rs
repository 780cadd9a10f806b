//! One record, line by line; long lines go on in the next.

use super::{After, frame};
use crate::{
    asks::Look,
    panel::Failure,
    text::{clean, width, wrapped},
    theme::{Theme, Tone},
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{buffer::Buffer, layout::Rect, text::Span, widgets::Widget};

/// What is shown of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Field(&'static str, String, Tone),
    Heading(String),
    /// Under the field before.
    Text(String, Tone),
}

#[derive(Debug)]
pub struct Details {
    title: String,
    /// What its record is called, where keys can be about it.
    key: Option<String>,
    lines: Vec<Line>,
    /// What is known at once, and what more is asked for.
    known: Vec<Line>,
    look: Option<Look>,
    top: usize,
    /// How many lines were seen last, and how many there were.
    seen: usize,
    all: usize,
}

impl Line {
    pub fn field(name: &'static str, text: impl ToString) -> Self {
        Self::Field(name, text.to_string(), Tone::Plain)
    }

    /// A message as it was sent: JSON with its indents, other text in its lines.
    pub fn message(name: &'static str, text: &str) -> Vec<Self> {
        if text.is_empty() {
            return vec![Self::Field(name, "nothing".to_owned(), Tone::Quiet)];
        }
        let pretty = serde_json::from_str::<serde_json::Value>(text).map(|value| format!("{value:#}"));
        let text = pretty.unwrap_or_else(|_| text.to_owned());
        let mut lines = text.lines();
        let first = Self::field(name, lines.next().unwrap_or_default());
        [first].into_iter().chain(lines.map(|line| Self::Text(line.to_owned(), Tone::Plain))).collect()
    }
}

impl Details {
    pub fn of(title: &str, lines: Vec<Line>) -> Self {
        let title = clean(title);
        Self { title, key: None, known: lines.clone(), lines, look: None, top: 0, seen: 0, all: 0 }
    }

    /// What more there is comes later.
    pub fn looking(mut self, look: Look) -> Self {
        self.key = Some(look.key());
        self.lines.push(Line::Text("Loading".to_owned(), Tone::Busy));
        Self { look: Some(look), ..self }
    }

    /// Keys are about this record.
    pub fn about(self, key: String) -> Self {
        Self { key: Some(key), ..self }
    }

    pub fn key_of_record(&self) -> Option<&str> {
        self.key.as_deref()
    }

    pub fn look(&self) -> Option<&Look> {
        self.look.as_ref()
    }

    /// It has come, or not; a client's stands below what was known of it.
    pub fn fill(&mut self, outcome: Result<Vec<Line>, Failure>) {
        let keeps = matches!(self.look, Some(Look::Usage { .. })) || outcome.is_err();
        let more = outcome.unwrap_or_else(|failure| {
            let (tone, said) = failure.said();
            vec![Line::Text(said, tone)]
        });
        self.lines = if keeps { [self.known.clone(), more].concat() } else { more };
    }

    pub fn key(&mut self, key: &KeyEvent) -> After {
        let page = isize::try_from(self.seen).unwrap_or(1);
        match key.code {
            KeyCode::Down | KeyCode::Char('j') => self.scroll(1),
            KeyCode::Up | KeyCode::Char('k') => self.scroll(-1),
            KeyCode::PageDown | KeyCode::Char(' ') => self.scroll(page),
            KeyCode::PageUp => self.scroll(-page),
            KeyCode::Home | KeyCode::Char('g') => self.top = 0,
            KeyCode::End | KeyCode::Char('G') => self.scroll(isize::MAX),
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => return After::Closes,
            _ => return After::Passes,
        }
        After::Stays
    }

    pub fn scroll(&mut self, by: isize) {
        self.top = self.top.saturating_add_signed(by).min(self.all.saturating_sub(self.seen));
    }

    pub fn draw(&mut self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        let names = |line: &Line| if let Line::Field(name, ..) = line { width(name) } else { 0 };
        let names = self.lines.iter().map(names).max().unwrap_or_default() + 2;
        let wide = |line: &Line| match line {
            Line::Field(_, text, tone) | Line::Text(text, tone) => names + width(tone.sign()) + width(text),
            Line::Heading(text) => width(text),
        };
        let widest = self.lines.iter().map(wide).max().unwrap_or_default().max(width(&self.title));
        let room = widest.min(usize::from(area.width).saturating_sub(4));
        let drawn: Vec<_> = self.lines.iter().flat_map(|line| spans(line, names, room, theme)).collect();
        self.all = drawn.len();
        let below = |seen: usize| self.all.saturating_sub(self.top + seen);
        let fits = usize::from(area.height).saturating_sub(2);
        let title = match below(fits) {
            0 => self.title.clone(),
            below => format!("{} · {below} lines below", self.title),
        };
        let inside = frame(area, (room.max(width(&title)), self.all), &title, buffer, theme);
        self.seen = inside.height.into();
        self.scroll(0);
        for (line, y) in drawn.into_iter().skip(self.top).zip(inside.y..inside.bottom()) {
            ratatui::text::Line::from(line).render(Rect { y, height: 1, ..inside }, buffer);
        }
    }
}

/// A line of the record in lines of the screen.
fn spans(line: &Line, names: usize, room: usize, theme: Theme) -> Vec<Vec<Span<'static>>> {
    let (name, text, tone) = match line {
        Line::Heading(text) => {
            let heading = |part: String| vec![Span::styled(part, theme.heading())];
            return [vec![Vec::new()], wrapped(&clean(text), room).into_iter().map(heading).collect()].concat();
        }
        Line::Field(name, text, tone) => (*name, text, *tone),
        Line::Text(text, tone) => ("", text, *tone),
    };
    let parts = wrapped(&format!("{}{}", tone.sign(), clean(text)), room.saturating_sub(names).max(1));
    let named = [name].into_iter().chain(std::iter::repeat(""));
    let line = |(part, name): (String, &str)| {
        vec![Span::styled(format!("{name:<names$}"), theme.tone(Tone::Quiet)), Span::styled(part, theme.tone(tone))]
    };
    parts.into_iter().zip(named).map(line).collect()
}
