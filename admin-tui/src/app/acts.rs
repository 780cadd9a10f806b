//! What becomes of a key, and of what a screen wants.

use super::{App, Effect, Step, Typing};
use crate::{
    asks::Ask,
    input::Input,
    keys::{self, Command},
    narrows::Narrows,
    popups::{Help, Popup},
    screens::Wish,
    table::{Filter, Format},
    theme::Tone,
};

impl App {
    pub(super) fn act(&mut self, command: Command) -> Vec<Effect> {
        let page = isize::try_from(self.screen().list_area().height.saturating_sub(2)).unwrap_or(1).max(1);
        let table = self.screen().table();
        match command {
            Command::Up => table.step(-1),
            Command::Down => table.step(1),
            Command::PageUp => table.step(-page),
            Command::PageDown => table.step(page),
            Command::First => table.go_to(0),
            Command::Last => table.go_to(usize::MAX),
            Command::Sort(column) => {
                table.sort_by(column);
                let said = table.sorted();
                self.say(Tone::Plain, said);
            }
            Command::Mark => table.mark(),
            Command::Back => self.back(),
            Command::Filter => self.typing = Some(Typing::Filter(Input::holding(table.filter_text()))),
            Command::Palette => self.typing = Some(Typing::Palette(Input::default())),
            Command::Help => {
                let own = self.screen().about().bindings;
                self.open(Popup::Help(Help::of(&[own, keys::LIST, keys::EVERYWHERE])));
            }
            Command::NextScreen => self.turn(1),
            Command::PreviousScreen => self.turn(self.screens.len().saturating_sub(1)),
            Command::Copy => {
                let names: Vec<&str> = table.chosen().iter().map(|row| row.key.as_str()).collect();
                return if names.is_empty() { Vec::new() } else { vec![Effect::Copy(names.join("\n"))] };
            }
            Command::Export => return self.export(Format::Csv),
            Command::Reload => return self.reload(),
            Command::Mouse => {
                self.takes_mouse = !self.takes_mouse;
                let said =
                    if self.takes_mouse { "The mouse is the console's." } else { "The mouse is the terminal's." };
                self.say(Tone::Plain, said);
                return vec![Effect::Mouse(self.takes_mouse)];
            }
            Command::Quit => return vec![Effect::Quit],
            own => return self.act_on(own, None),
        }
        Vec::new()
    }

    /// One of the screen's own keys, about this record or what is chosen.
    pub(super) fn act_on(&mut self, command: Command, of: Option<&str>) -> Vec<Effect> {
        let now = self.now;
        let wishes = self.screen().act(command, of, now);
        self.grant(wishes)
    }

    /// What was asked for by hand, whatever is known already.
    pub(super) fn reload(&mut self) -> Vec<Effect> {
        let now = self.now;
        let wishes = self.screen().reload(now, true);
        self.grant(wishes)
    }

    /// To another screen of the bar, so many further.
    fn turn(&mut self, by: usize) {
        self.steps.clear();
        for _ in 0..self.screens.len() {
            self.at = (self.at + by) % self.screens.len().max(1);
            if self.screen().about().is_in_bar {
                return;
            }
        }
    }

    pub(super) fn back(&mut self) {
        let table = self.screen().table();
        if !table.filter_text().is_empty() {
            table.filter(Filter::default());
        } else if table.has_marks() {
            table.forget_marks();
        } else if let Some(Step { from, to, before }) = self.steps.pop() {
            if let Some(left) = self.screens.get_mut(to) {
                // It was so before: there is nothing wrong with it.
                let _ = left.narrow(before);
            }
            self.at = from;
        } else {
            let _ = self.screen().narrow(Narrows::default());
        }
    }

    fn go(&mut self, to: &str, narrows: Narrows, key: Option<String>) {
        let Some(place) = self.screens.iter().position(|screen| screen.about().name == to) else { return };
        let from = self.at;
        self.popup = None;
        self.beneath.clear();
        self.at = place;
        let screen = self.screen();
        let before = screen.narrows().clone();
        match screen.narrow(narrows) {
            Ok(()) => {
                if let Some(key) = key {
                    screen.table().filter(Filter::default());
                    screen.go_to(key);
                }
                self.steps.push(Step { from, to: place, before });
            }
            Err(why) => {
                self.at = from;
                self.say(Tone::Warning, why);
            }
        }
    }

    pub(super) fn grant(&mut self, wishes: Vec<Wish>) -> Vec<Effect> {
        let mut effects = Vec::new();
        for wish in wishes {
            match wish {
                Wish::Ask(ask) => effects.extend(self.ask(ask)),
                Wish::Say(tone, text) => self.say(tone, text),
                Wish::Go { to, narrows, key } => self.go(to, narrows, key),
                Wish::Open(popup) => match *popup {
                    Popup::Form(_) if self.profile.readonly => self.refuse(),
                    popup => effects.extend(self.open(popup)),
                },
            }
        }
        effects
    }

    /// Before what is open: what a record leads to before the record.
    fn open(&mut self, popup: Popup) -> Option<Effect> {
        match (self.popup.as_deref(), &popup) {
            (Some(Popup::Details(open)), Popup::Details(new)) if open.look() == new.look() => {}
            (Some(Popup::Details(_)), Popup::Details(_) | Popup::Help(_)) => {
                self.beneath.extend(self.popup.take().map(|popup| *popup));
            }
            _ => self.beneath.clear(),
        }
        self.popup = Some(Box::new(popup));
        self.look()
    }

    /// A record that comes to be seen again is looked at again: it was not shown what became of it meanwhile.
    pub(super) fn close(&mut self) -> Vec<Effect> {
        let was_help = matches!(self.popup.as_deref(), Some(Popup::Help(_)));
        self.popup = self.beneath.pop().map(Box::new);
        self.look().filter(|_| !was_help).into_iter().collect()
    }

    /// What the open record asks for.
    fn look(&self) -> Option<Effect> {
        let Some(Popup::Details(details)) = self.popup.as_deref() else { return None };
        details.look().map(|look| Effect::Ask(Ask::Look(look.clone())))
    }

    pub(super) fn ask(&mut self, ask: Ask) -> Vec<Effect> {
        if self.profile.readonly && ask.changes() {
            self.refuse();
            return Vec::new();
        }
        vec![Effect::Ask(ask)]
    }

    fn refuse(&mut self) {
        self.say(Tone::Warning, "This profile is read-only: nothing is changed.");
    }

    pub(super) fn export(&mut self, format: Format) -> Vec<Effect> {
        let ending = if format == Format::Csv { "csv" } else { "json" };
        let name = format!("{}-{}.{ending}", self.screen().about().name, self.now.format("%Y%m%d-%H%M%S"));
        vec![Effect::Write { name, text: self.screen().table().export(format) }]
    }
}
