//! A line that somebody types: letters, the cursor in it, and what is pasted.

use crate::text;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

#[derive(Debug, Clone, Default)]
pub struct Input {
    before: String,
    after: String,
}

impl Input {
    pub fn holding(text: &str) -> Self {
        Self { before: text.to_owned(), after: String::new() }
    }

    pub fn text(&self) -> String {
        format!("{}{}", self.before, self.after)
    }

    /// What is pasted is text, whatever keys it would be; it ends at the first line break.
    pub fn paste(&mut self, pasted: &str) {
        let line = pasted.lines().next().unwrap_or_default();
        self.before.push_str(&text::clean(line));
    }

    /// Whether the key was for it.
    pub fn key(&mut self, key: &KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('a') if ctrl => self.go_first(),
            KeyCode::Char('e') if ctrl => self.go_last(),
            KeyCode::Char('u') if ctrl => self.before.clear(),
            KeyCode::Char('w') if ctrl => {
                let kept = self.before.trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.before.truncate(kept);
            }
            KeyCode::Char(letter) if !ctrl && !key.modifiers.contains(KeyModifiers::ALT) => self.before.push(letter),
            KeyCode::Backspace => drop(self.before.pop()),
            KeyCode::Delete if !self.after.is_empty() => drop(self.after.remove(0)),
            KeyCode::Left => {
                if let Some(letter) = self.before.pop() {
                    self.after.insert(0, letter);
                }
            }
            KeyCode::Right if !self.after.is_empty() => self.before.push(self.after.remove(0)),
            KeyCode::Home => self.go_first(),
            KeyCode::End => self.go_last(),
            _ => return false,
        }
        true
    }

    fn go_first(&mut self) {
        self.after.insert_str(0, &self.before);
        self.before.clear();
    }

    fn go_last(&mut self) {
        self.before.push_str(&self.after);
        self.after.clear();
    }

    /// What is seen, and how many cells stand before the cursor.
    pub fn shown(&self) -> (String, usize) {
        (self.text(), text::width(&self.before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(input: &mut Input, keys: &[(KeyCode, KeyModifiers)]) {
        for (code, held) in keys {
            input.key(&KeyEvent::new(*code, *held));
        }
    }

    #[test]
    fn letters_go_where_the_cursor_is() {
        let (none, ctrl) = (KeyModifiers::NONE, KeyModifiers::CONTROL);
        let mut input = Input::holding("aced");
        typed(&mut input, &[(KeyCode::Left, none), (KeyCode::Left, none), (KeyCode::Left, none)]);
        typed(&mut input, &[(KeyCode::Char('b'), none), (KeyCode::Delete, none), (KeyCode::Char('c'), none)]);
        assert_eq!((input.text(), input.shown().1), ("abced".to_owned(), 3));
        typed(
            &mut input,
            &[(KeyCode::End, none), (KeyCode::Backspace, none), (KeyCode::Home, none), (KeyCode::Right, none)],
        );
        assert_eq!((input.text(), input.shown().1), ("abce".to_owned(), 1));
        typed(&mut input, &[(KeyCode::Char('e'), ctrl), (KeyCode::Char(' '), none), (KeyCode::Char('x'), none)]);
        typed(&mut input, &[(KeyCode::Char('w'), ctrl)]);
        assert_eq!(input.text(), "abce ");
        typed(&mut input, &[(KeyCode::Char('u'), ctrl), (KeyCode::Backspace, none), (KeyCode::Delete, none)]);
        assert_eq!(input.text(), "");
    }

    #[test]
    fn what_is_pasted_is_one_clean_line() {
        let mut input = Input::default();
        input.paste("north\u{1b}[31m\nrm -rf /\n");
        assert_eq!(input.text(), "north");
    }
}
