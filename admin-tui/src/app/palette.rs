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
        let names = self.screens.iter().map(|screen| screen.name()).chain(COMMANDS);
        let mut matching = names.filter_map(|name| name.strip_prefix(typed));
        if typed.is_empty() { String::new() } else { matching.next().unwrap_or_default().to_owned() }
    }

    fn run(&mut self, command: &str) -> Vec<Effect> {
        if let Some(at) = self.screens.iter().position(|screen| screen.name() == command) {
            self.at = at;
            return self.reload();
        }
        match command {
            "export csv" | "export" => self.export(Format::Csv),
            "export json" => self.export(Format::Json),
            "reload" => self.reload(),
            "help" => self.act(crate::keys::Command::Help),
            "quit" | "q" => vec![Effect::Quit],
            "" => Vec::new(),
            _ => {
                self.say(Tone::Warning, format!("There is no command \"{command}\". ? shows the keys."));
                Vec::new()
            }
        }
    }
}
