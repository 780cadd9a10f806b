//! Lines to be filled in before something is done: what it takes, why, and the name or the count of what is meant,
//! typed. It stays until the service has said yes.

use super::{After, frame};
use crate::{
    asks::{Ask, Deed},
    input::Input,
    text::{clean, fit, width, wrapped},
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
use std::fmt;

/// How wide what is typed may be before it moves.
const ROOM: usize = 36;

/// What becomes of what was filled in.
type Making = Box<dyn Fn(&[String]) -> Result<Vec<Deed>, String>>;

#[derive(Debug)]
enum Rule {
    Needed,
    Optional,
    /// Why something is done.
    Reason,
    Exactly(String),
}

/// One line to be filled in.
#[derive(Debug)]
struct Field {
    label: String,
    input: Input,
    rule: Rule,
    is_secret: bool,
}

#[derive(Default)]
pub struct Form {
    title: String,
    warning: String,
    fields: Vec<Field>,
    at: usize,
    making: Option<Making>,
    is_asked: bool,
    refused: Option<String>,
}

impl Form {
    pub fn new(title: &str) -> Self {
        Self { title: clean(title), ..Self::default() }
    }

    pub fn warning(self, text: &str) -> Self {
        Self { warning: clean(text), ..self }
    }

    pub fn needed(self, label: &str, text: &str) -> Self {
        self.field(label, text, Rule::Needed, false)
    }

    pub fn optional(self, label: &str, text: &str) -> Self {
        self.field(label, text, Rule::Optional, false)
    }

    pub fn secret(self, label: &str) -> Self {
        self.field(label, "", Rule::Needed, true)
    }

    pub fn reason(self) -> Self {
        self.field("Why", "", Rule::Reason, false)
    }

    /// Nothing is done until just this is typed.
    pub fn exactly(self, text: &str) -> Self {
        self.field(&format!("Type {text}"), "", Rule::Exactly(text.to_owned()), false)
    }

    /// This, for the reason that is given.
    pub fn doing(self, deeds: Vec<Deed>) -> Self {
        let at = self.fields.iter().position(|field| matches!(field.rule, Rule::Reason));
        self.making(move |filled| {
            let why = at.and_then(|at| filled.get(at)).map(String::as_str).unwrap_or_default();
            Ok(deeds.iter().cloned().map(|deed| deed.because(why)).collect())
        })
    }

    pub fn making(self, making: impl Fn(&[String]) -> Result<Vec<Deed>, String> + 'static) -> Self {
        Self { making: Some(Box::new(making)), ..self }
    }

    fn field(mut self, label: &str, text: &str, rule: Rule, is_secret: bool) -> Self {
        self.fields.push(Field { label: clean(label), input: Input::holding(&clean(text)), rule, is_secret });
        self
    }

    /// The service has said no: it stands here as it was filled in.
    pub fn refuse(&mut self, why: String) {
        (self.is_asked, self.refused) = (false, Some(clean(&why)));
    }

    pub fn is_asked(&self) -> bool {
        self.is_asked
    }

    pub fn key(&mut self, key: &KeyEvent) -> After {
        let last = self.fields.len().saturating_sub(1);
        match key.code {
            KeyCode::Esc => return After::Closes,
            _ if self.is_asked => {}
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
        if let Some(field) = self.fields.get_mut(self.at).filter(|_| !self.is_asked) {
            field.input.paste(text);
        }
    }

    fn answer(&mut self) -> After {
        if let Some(missing) = self.fields.iter().position(|field| !field.is_filled()) {
            self.at = missing;
            return After::Stays;
        }
        let filled: Vec<String> = self.fields.iter().map(Field::filled).collect();
        match self.making.as_ref().map(|making| making(&filled)) {
            Some(Ok(deeds)) => {
                (self.is_asked, self.refused) = (true, None);
                After::Asks(Ask::Do(deeds))
            }
            Some(Err(why)) => {
                self.refuse(why);
                After::Stays
            }
            None => After::Closes,
        }
    }

    pub fn draw(&mut self, area: Rect, buffer: &mut Buffer, theme: Theme) {
        let labels = self.fields.iter().map(|field| width(&field.label)).max().unwrap_or_default() + 2;
        let most = usize::from(area.width).saturating_sub(4);
        let wide =
            (width(Tone::Warning.sign()) + width(&self.warning)).max(labels + ROOM).max(width(&self.title)).min(most);
        let quiet = theme.tone(Tone::Quiet);
        let lines_of = |text: &str, tone: Tone| match text {
            "" => Vec::new(),
            text => wrapped(&format!("{}{text}", tone.sign()), wide)
                .into_iter()
                .map(|part| Line::styled(part, theme.tone(tone)))
                .chain([Line::default()])
                .collect(),
        };
        let mut lines: Vec<Line<'_>> = lines_of(&self.warning, Tone::Warning);
        for (at, field) in self.fields.iter().enumerate() {
            let label = Span::styled(format!("{:<labels$}", field.label), quiet);
            let typed = field.drawn(at == self.at && !self.is_asked, wide.saturating_sub(labels));
            lines.push(Line::from([vec![label], typed].concat()));
        }
        lines.push(Line::default());
        lines.extend(lines_of(self.refused.as_deref().unwrap_or_default(), Tone::Bad));
        lines.push(match self.is_asked {
            true => Line::styled(format!("{}The service is asked.", Tone::Busy.sign()), theme.tone(Tone::Busy)),
            false => Line::styled("Enter: go on · Esc: leave it", quiet),
        });
        let inside = frame(area, (wide, lines.len()), &self.title, buffer, theme);
        for (line, y) in lines.into_iter().zip(inside.y..inside.bottom()) {
            line.render(Rect { y, height: 1, ..inside }, buffer);
        }
    }
}

impl Field {
    /// A secret is as it was typed, with its blanks.
    fn filled(&self) -> String {
        let text = self.input.text();
        if self.is_secret { text } else { text.trim().to_owned() }
    }

    fn is_filled(&self) -> bool {
        match &self.rule {
            Rule::Optional => true,
            Rule::Needed | Rule::Reason => !self.filled().is_empty(),
            Rule::Exactly(expected) => self.filled() == *expected,
        }
    }

    fn drawn(&self, has_cursor: bool, room: usize) -> Vec<Span<'static>> {
        let (text, before) = self.input.shown();
        let (text, before) = if self.is_secret {
            let signs = text.chars().count();
            ("•".repeat(signs), before.min(signs))
        } else {
            (text, before)
        };
        match has_cursor {
            // The end is where somebody types.
            true if width(&text) >= room && before == width(&text) => {
                let end: Vec<char> = text.chars().rev().take(room / 2).collect();
                let end: String = ["…".to_owned(), end.into_iter().rev().collect()].concat();
                let cells = width(&end);
                with_cursor(&end, cells)
            }
            true => with_cursor(&text, before),
            false => vec![Span::raw(fit(&text, room))],
        }
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form").field("title", &self.title).field("is_asked", &self.is_asked).finish_non_exhaustive()
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
