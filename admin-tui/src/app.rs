//! The console without its terminal: keys and answers go in, what is to be done comes out, and a frame is drawn of
//! what it holds. It never waits for anything.

mod bar;
mod palette;

use crate::{
    asks::{Answer, Ask},
    input::Input,
    keys::{self, Command},
    panel::Failure,
    popups::{After, Help, Popup},
    profile::Profile,
    screens::{Look, Screen, Tenants, Wish},
    table::{Filter, Format},
    theme::{Theme, Tone},
};
use chrono::{DateTime, Utc};
use crossterm::event::{KeyEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};
use ratatui::{Frame, layout::Rect};

/// Less than this shows nothing that is of use.
const SMALLEST: (u16, u16) = (60, 20);
/// How often what is shown is asked for anew.
const FRESH: chrono::TimeDelta = chrono::TimeDelta::seconds(5);

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

pub struct App {
    profile: Profile,
    theme: Theme,
    screens: Vec<Box<dyn Screen>>,
    at: usize,
    popup: Option<Box<Popup>>,
    typing: Option<Typing>,
    message: Option<(Tone, String)>,
    now: DateTime<Utc>,
    asked_at: DateTime<Utc>,
    takes_mouse: bool,
}

impl App {
    pub fn new(profile: Profile, theme: Theme, now: DateTime<Utc>) -> Self {
        Self {
            profile,
            theme,
            screens: vec![Box::new(Tenants::new())],
            at: 0,
            popup: None,
            typing: None,
            message: None,
            now,
            asked_at: now,
            takes_mouse: true,
        }
    }

    /// What it needs at first.
    pub fn begin(&mut self) -> Vec<Effect> {
        self.reload()
    }

    pub fn key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        self.message = None;
        if let Some(popup) = &mut self.popup {
            match popup.key(key) {
                After::Stays => {}
                After::Closes => self.popup = None,
                After::Asks(ask) => {
                    self.popup = None;
                    return self.ask(ask);
                }
            }
            return Vec::new();
        }
        if self.typing.is_some() {
            return self.type_key(key);
        }
        let own = self.screen().bindings();
        keys::command(key, &[keys::EVERYWHERE, keys::LIST, own]).map(|command| self.act(command)).unwrap_or_default()
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
        let area = self.screen().list_area();
        let is_inside = area.contains((event.column, event.row).into());
        let table = self.screen().table();
        match event.kind {
            MouseEventKind::ScrollDown => table.step(3),
            MouseEventKind::ScrollUp => table.step(-3),
            MouseEventKind::Down(MouseButton::Left) if is_inside => {
                if let Some(line) = table.line_at(event.row.saturating_sub(area.y)) {
                    table.go_to(line);
                }
            }
            _ => {}
        }
        Vec::new()
    }

    /// Time goes on: what is shown is asked for again after a while.
    pub fn tick(&mut self, now: DateTime<Utc>) -> Vec<Effect> {
        self.now = now;
        if now - self.asked_at < FRESH { Vec::new() } else { self.reload() }
    }

    pub fn answered(&mut self, answer: &Answer, now: DateTime<Utc>) -> Vec<Effect> {
        self.now = now;
        if let Answer::Tenant { slug, did, outcome } = answer {
            self.message = Some(match outcome {
                Ok(_) => (Tone::Good, format!("{slug} is {did}.")),
                Err(failure) => (Tone::Bad, format!("{slug} is not {did}: {}", why(failure))),
            });
        }
        let wishes: Vec<Wish> = self.screens.iter_mut().flat_map(|screen| screen.answered(answer, now)).collect();
        self.grant(wishes)
    }

    /// Something beside the service's answers that is to be said.
    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.message = Some((tone, text.into()));
    }

    fn screen(&mut self) -> &mut dyn Screen {
        let at = self.at.min(self.screens.len().saturating_sub(1));
        #[expect(clippy::indexing_slicing, reason = "there is a screen, and the place is below their number")]
        let screen = &mut self.screens[at];
        &mut **screen
    }

    fn reload(&mut self) -> Vec<Effect> {
        self.asked_at = self.now;
        let wishes = self.screen().reload();
        self.grant(wishes)
    }

    fn grant(&mut self, wishes: Vec<Wish>) -> Vec<Effect> {
        let mut effects = Vec::new();
        for wish in wishes {
            match wish {
                Wish::Ask(ask) => effects.extend(self.ask(ask)),
                Wish::Open(popup) => match *popup {
                    Popup::Confirm(_) if self.profile.readonly => self.refuse(),
                    popup => self.popup = Some(Box::new(popup)),
                },
            }
        }
        effects
    }

    fn ask(&mut self, ask: Ask) -> Vec<Effect> {
        if self.profile.readonly && ask.changes() {
            self.refuse();
            return Vec::new();
        }
        vec![Effect::Ask(ask)]
    }

    fn refuse(&mut self) {
        self.message = Some((Tone::Warning, "This profile is read-only: nothing is changed.".to_owned()));
    }

    fn act(&mut self, command: Command) -> Vec<Effect> {
        let page = isize::try_from(self.screen().list_area().height.saturating_sub(2)).unwrap_or(1).max(1);
        let table = self.screen().table();
        match command {
            Command::Up => table.step(-1),
            Command::Down => table.step(1),
            Command::PageUp => table.step(-page),
            Command::PageDown => table.step(page),
            Command::First => table.go_to(0),
            Command::Last => table.go_to(usize::MAX),
            Command::Sort(column) => table.sort_by(column),
            Command::Mark => table.mark(),
            Command::Back if !table.filter_text().is_empty() => table.filter(Filter::default()),
            Command::Back => table.forget_marks(),
            Command::Filter => self.typing = Some(Typing::Filter(Input::holding(table.filter_text()))),
            Command::Palette => self.typing = Some(Typing::Palette(Input::default())),
            Command::Help => {
                let own = self.screen().bindings();
                self.popup = Some(Box::new(Popup::Help(Help::of(&[own, keys::LIST, keys::EVERYWHERE]))));
            }
            Command::NextScreen => self.at = (self.at + 1) % self.screens.len().max(1),
            Command::PreviousScreen => self.at = self.at.checked_sub(1).unwrap_or(self.screens.len().saturating_sub(1)),
            Command::Copy => {
                let names: Vec<&str> = table.chosen().iter().map(|row| row.key.as_str()).collect();
                return if names.is_empty() { Vec::new() } else { vec![Effect::Copy(names.join("\n"))] };
            }
            Command::Export => return self.export(Format::Csv),
            Command::Reload => return self.reload(),
            Command::Mouse => {
                self.takes_mouse = !self.takes_mouse;
                return vec![Effect::Mouse(self.takes_mouse)];
            }
            Command::Quit => return vec![Effect::Quit],
            Command::Open | Command::Suspend | Command::Resume => {
                let now = self.now;
                let wishes = self.screen().act(command, now);
                return self.grant(wishes);
            }
        }
        Vec::new()
    }

    fn export(&mut self, format: Format) -> Vec<Effect> {
        let ending = if format == Format::Csv { "csv" } else { "json" };
        let name = format!("{}-{}.{ending}", self.screen().name(), self.now.format("%Y%m%d-%H%M%S"));
        vec![Effect::Write { name, text: self.screen().table().export(format) }]
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

fn why(failure: &Failure) -> String {
    match failure {
        Failure::Away(why) | Failure::Refused(why) => why.clone(),
        Failure::Denied => "you may not".to_owned(),
        Failure::LoggedOut => "the session is over".to_owned(),
    }
}

#[cfg(test)]
mod tests;
