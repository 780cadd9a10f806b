//! The console without its terminal: keys, answers and what changes go in, what is to be done comes out, and a frame is
//! drawn of what it holds. It never waits for anything.

mod acts;
mod bar;
mod news;
mod palette;

use crate::{
    asks::Ask,
    input::Input,
    keys::{self, Command},
    narrows::Narrows,
    popups::{After, Popup},
    profile::Profile,
    screens::{self, Look, Screen},
    table::Filter,
    theme::{Theme, Tone},
};
use chrono::{DateTime, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::{Frame, layout::Rect};

/// Less than this shows nothing that is of use.
const SMALLEST: (u16, u16) = (60, 20);

/// What the terminal's side has to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    Ask(Ask),
    /// To the terminal's clipboard.
    Copy(String),
    Write {
        name: String,
        text: String,
    },
    Mouse(bool),
    Quit,
}

/// What the bottom line is, while something is typed there.
#[derive(Debug)]
enum Typing {
    Filter(Input),
    Palette(Input),
}

/// Where somebody came from, and how the screen that they went to was narrowed before.
#[derive(Debug)]
struct Step {
    from: usize,
    to: usize,
    before: Narrows,
}

pub struct App {
    profile: Profile,
    theme: Theme,
    screens: Vec<Box<dyn Screen>>,
    at: usize,
    steps: Vec<Step>,
    popup: Option<Box<Popup>>,
    /// What the open one was come to from, the nearest last.
    beneath: Vec<Popup>,
    typing: Option<Typing>,
    message: Option<(Tone, String)>,
    now: DateTime<Utc>,
    /// Since when changes are told, or are not.
    live: Result<DateTime<Utc>, DateTime<Utc>>,
    takes_mouse: bool,
}

impl App {
    pub fn new(profile: Profile, theme: Theme, now: DateTime<Utc>) -> Self {
        Self {
            profile,
            theme,
            screens: screens::all(),
            at: 0,
            steps: Vec::new(),
            popup: None,
            beneath: Vec::new(),
            typing: None,
            message: None,
            now,
            live: Err(now),
            takes_mouse: true,
        }
    }

    /// What it needs at first.
    pub fn begin(&mut self) -> Vec<Effect> {
        self.due()
    }

    pub fn key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        self.message = None;
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return vec![Effect::Quit];
        }
        if self.popup.is_some() {
            return self.key_in_popup(key);
        }
        if self.typing.is_some() {
            return self.type_key(key);
        }
        let own = self.screen().about().bindings;
        let command = keys::command(key, &[keys::EVERYWHERE, keys::LIST, own]);
        let mut effects = command.map(|command| self.act(command)).unwrap_or_default();
        // The cursor may have come near the end of what was read.
        effects.extend(self.due());
        effects
    }

    fn key_in_popup(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(popup) = &mut self.popup else { return Vec::new() };
        match popup.key(key) {
            After::Stays => Vec::new(),
            After::Closes => self.close(),
            After::Asks(ask) => self.ask(ask),
            After::Passes => {
                let own = self.screen().about().bindings;
                match (keys::command(key, &[own, keys::HELP]), self.open_record()) {
                    (Some(Command::Help), _) => self.act(Command::Help),
                    (Some(command), Some(record)) => self.act_on(command, Some(&record)),
                    _ => Vec::new(),
                }
            }
        }
    }

    /// What is open in details.
    fn open_record(&self) -> Option<String> {
        match self.popup.as_deref() {
            Some(Popup::Details(details)) => details.key_of_record().map(str::to_owned),
            _ => None,
        }
    }

    /// What is pasted never works as keys.
    pub fn paste(&mut self, text: &str) {
        if let Some(popup) = &mut self.popup {
            popup.paste(text);
            return;
        }
        match &mut self.typing {
            Some(Typing::Filter(input)) => {
                input.paste(text);
                let filter = Filter::of(&input.text());
                self.screen().table().filter(filter);
            }
            Some(Typing::Palette(input)) => input.paste(text),
            None => {}
        }
    }

    pub fn mouse(&mut self, event: MouseEvent) -> Vec<Effect> {
        let by = match event.kind {
            MouseEventKind::ScrollDown => 3,
            MouseEventKind::ScrollUp => -3,
            _ => 0,
        };
        if let Some(popup) = &mut self.popup {
            popup.scroll(by);
            return Vec::new();
        }
        let area = self.screen().list_area();
        let is_inside = area.contains((event.column, event.row).into());
        let table = self.screen().table();
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) if is_inside => {
                if let Some(line) = table.line_at(event.row.saturating_sub(area.y)) {
                    table.go_to(line);
                }
            }
            _ => table.step(by),
        }
        self.due()
    }

    /// Something beside the service's answers that is to be said.
    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.message = Some((tone, text.into()));
    }

    fn screen(&mut self) -> &mut dyn Screen {
        let at = self.at.min(self.screens.len().saturating_sub(1));
        #[expect(clippy::indexing_slicing, reason = "there are screens, and the place is below their number")]
        let screen = &mut self.screens[at];
        &mut **screen
    }

    pub fn draw(&mut self, frame: &mut Frame<'_>) {
        let (area, look) = (frame.area(), Look { theme: self.theme, now: self.now });
        let buffer = frame.buffer_mut();
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            let said = format!("{}×{} is too small: at least {}×{}.", area.width, area.height, SMALLEST.0, SMALLEST.1);
            return crate::panel::say(area, buffer, self.theme, &(Tone::Warning, said));
        }
        self.draw_head(Rect { height: 1, ..area }, buffer);
        let body = Rect { y: area.y + 1, height: area.height - 2, ..area };
        self.screen().draw(body, buffer, look);
        self.draw_foot(Rect { y: area.bottom() - 1, height: 1, ..area }, buffer);
        if let Some(popup) = &mut self.popup {
            popup.draw(body, buffer, self.theme);
        }
    }
}

#[cfg(test)]
mod tests;
