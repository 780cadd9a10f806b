//! What is typed behind `:` and `/`.

use super::{App, Effect, Typing};
use crate::{
    table::{Filter, Format},
    theme::Tone,
};
use crossterm::event::{KeyCode, KeyEvent};

/// Commands beside the names of screens.
const COMMANDS: [&str; 5] = ["export csv", "export json", "reload", "help", "quit"];

impl App {
    pub(super) fn type_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        match (&mut self.typing, key.code) {
            (Some(Typing::Filter(_)), KeyCode::Esc) => {
                self.screen().table().filter(Filter::default());
                self.typing = None;
            }
            (Some(Typing::Palette(_)), KeyCode::Esc) | (Some(Typing::Filter(_)), KeyCode::Enter) => self.typing = None,
            (Some(Typing::Filter(input)), _) => {
                input.key(key);
                let filter = Filter::of(&input.text());
                self.screen().table().filter(filter);
            }
            (Some(Typing::Palette(input)), KeyCode::Tab) => {
                let text = input.text();
                let completion = self.completion_of(&text);
                self.typing = Some(Typing::Palette(crate::input::Input::holding(&format!("{text}{completion}"))));
            }
            (Some(Typing::Palette(input)), KeyCode::Enter) => {
                let text = input.text();
                self.typing = None;
                return self.run(text.trim());
            }
            (Some(Typing::Palette(input)), _) => {
                input.key(key);
            }
            (None, _) => {}
        }
        Vec::new()
    }

    /// What Tab would add.
    pub(super) fn completion_of(&self, typed: &str) -> String {
        if typed.is_empty() {
            return String::new();
        }
        let narrows = self.screens.get(self.at).map(|screen| screen.about().narrows).unwrap_or_default();
        let narrows = narrows.iter().flat_map(|narrow| {
            let values = narrow.values.iter().map(|value| format!("{} {value}", narrow.name));
            [format!("{} ", narrow.name)].into_iter().chain(values)
        });
        let narrows: Vec<String> = narrows.collect();
        let screens = self.screens.iter().map(|screen| screen.about()).filter(|about| about.is_in_bar);
        let names = screens.map(|about| about.name).chain(COMMANDS).map(str::to_owned);
        // The shortest first: what is complete already is not made longer.
        let mut matching: Vec<String> =
            narrows.into_iter().chain(names).filter(|name| name.starts_with(typed)).collect();
        matching.sort_by_key(String::len);
        let found = matching.first().and_then(|name| name.strip_prefix(typed));
        found.unwrap_or_default().to_owned()
    }

    fn run(&mut self, command: &str) -> Vec<Effect> {
        if let Some(at) = self.screens.iter().position(|screen| screen.about().name == command) {
            self.at = at;
            self.steps.clear();
            return self.due();
        }
        let (name, value) = command.split_once(' ').unwrap_or((command, ""));
        if let Some(narrow) = self.screen().about().narrows.iter().find(|narrow| narrow.name == name) {
            return self.narrow(narrow.name, value.trim());
        }
        match command {
            "export csv" | "export" => self.export(Format::Csv),
            "export json" => self.export(Format::Json),
            "reload" => self.reload(),
            "help" => self.act(crate::keys::Command::Help),
            "quit" | "q" => vec![Effect::Quit],
            "" => Vec::new(),
            _ => {
                self.say(Tone::Warning, format!("There is no command \"{command}\" here. ? shows the keys."));
                Vec::new()
            }
        }
    }

    /// The list at the service: with this too, or without it where there is no value.
    fn narrow(&mut self, name: &'static str, value: &str) -> Vec<Effect> {
        let screen = self.screen();
        let narrows = screen.narrows().clone().with(name, value);
        match screen.narrow(narrows) {
            Ok(()) => self.due(),
            Err(why) => {
                self.say(Tone::Warning, why);
                Vec::new()
            }
        }
    }
}
