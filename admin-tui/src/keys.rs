//! Which key does what: the one table that handles keys, and that the help is made from.
//!
//! Nothing destructive stands on a bare letter: it takes Ctrl, and a question behind it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Command {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Open,
    Back,
    NextScreen,
    PreviousScreen,
    Filter,
    Palette,
    Help,
    Sort(usize),
    Mark,
    Copy,
    Export,
    Reload,
    Mouse,
    Quit,
    Suspend,
    Resume,
    New,
    Change,
    /// What failed of a client.
    Failed,
    /// Whose it is.
    Tenant,
    Sessions,
    /// Superadmins' own, in place of clients'.
    Operators,
    /// What is on its way.
    Order,
    Retry,
    RetryAll,
    Discard,
    Replay,
    End,
}

/// A key with what must be held beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    pub code: KeyCode,
    pub ctrl: bool,
}

/// A line of the help.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    pub keys: &'static [Key],
    pub does: &'static str,
    pub command: Command,
}

const fn plain(code: KeyCode) -> Key {
    Key { code, ctrl: false }
}

const fn letter(letter: char) -> Key {
    plain(KeyCode::Char(letter))
}

const fn ctrl(letter: char) -> Key {
    Key { code: KeyCode::Char(letter), ctrl: true }
}

const fn binding(keys: &'static [Key], does: &'static str, command: Command) -> Binding {
    Binding { keys, does, command }
}

const THESE: Binding = binding(&[letter('?')], "these keys", Command::Help);

/// Before every record that is open.
pub const HELP: &[Binding] = &[THESE];

/// On every screen.
pub const EVERYWHERE: &[Binding] = &[
    THESE,
    binding(&[letter(':')], "a command: a screen, or :tenant north to narrow the list", Command::Palette),
    binding(&[plain(KeyCode::Tab)], "the next screen", Command::NextScreen),
    binding(&[plain(KeyCode::BackTab)], "the screen before", Command::PreviousScreen),
    binding(&[plain(KeyCode::Esc)], "back; takes the filter, marks and narrowing away first", Command::Back),
    binding(&[ctrl('r')], "ask the service anew", Command::Reload),
    binding(&[letter('m')], "leave the mouse to the terminal, or take it", Command::Mouse),
    binding(&[ctrl('c'), letter('q')], "quit", Command::Quit),
];

/// Where there is a list.
pub const LIST: &[Binding] = &[
    binding(&[plain(KeyCode::Up), letter('k')], "up", Command::Up),
    binding(&[plain(KeyCode::Down), letter('j')], "down", Command::Down),
    binding(&[plain(KeyCode::PageUp)], "a page up", Command::PageUp),
    binding(&[plain(KeyCode::PageDown)], "a page down", Command::PageDown),
    binding(&[plain(KeyCode::Home), letter('g')], "to the first", Command::First),
    binding(&[plain(KeyCode::End), letter('G')], "to the last", Command::Last),
    binding(&[plain(KeyCode::Enter)], "open", Command::Open),
    binding(&[letter('/')], "show what matches, the best first; ! in front: what does not", Command::Filter),
    binding(&[letter('1')], "sort by the first column; again: the other way round", Command::Sort(0)),
    binding(&[letter('2')], "sort by the second", Command::Sort(1)),
    binding(&[letter('3')], "sort by the third", Command::Sort(2)),
    binding(&[letter('4')], "sort by the fourth", Command::Sort(3)),
    binding(&[letter('5')], "sort by the fifth", Command::Sort(4)),
    binding(&[letter('6')], "sort by the sixth", Command::Sort(5)),
    binding(&[letter('7')], "sort by the seventh", Command::Sort(6)),
    binding(&[letter('8')], "sort by the eighth", Command::Sort(7)),
    binding(&[letter('9')], "sort by the ninth", Command::Sort(8)),
    binding(&[letter(' ')], "mark, or take the mark away", Command::Mark),
    binding(&[letter('y')], "copy what the marked rows are called, or this one", Command::Copy),
    binding(&[letter('e')], "write the list into a file, as CSV or JSON", Command::Export),
];

const TENANT: Binding = binding(&[letter('t')], "to its client", Command::Tenant);
const DISCARD: Binding = binding(&[ctrl('d')], "give up what is marked, or this one: asks why", Command::Discard);

pub const OVERVIEW: &[Binding] = &[TENANT];

pub const TENANTS: &[Binding] = &[
    binding(&[letter('n')], "a new client, with its first owner", Command::New),
    binding(&[letter('c')], "change its name or time zone", Command::Change),
    binding(&[letter('f')], "what failed on its way to its ERP", Command::Failed),
    binding(&[ctrl('s')], "suspend: asks why, and for the slug", Command::Suspend),
    binding(&[ctrl('u')], "let a suspended one work again", Command::Resume),
];

pub const SYNCS: &[Binding] = &[
    TENANT,
    binding(&[letter('o')], "its order, as it stands", Command::Order),
    binding(&[ctrl('t')], "send what is marked, or this one, again", Command::Retry),
    binding(&[ctrl('a')], "send all again that the list is narrowed to: asks for their count", Command::RetryAll),
    DISCARD,
];

pub const QUEUES: &[Binding] = &[];

pub const JOBS: &[Binding] =
    &[TENANT, binding(&[ctrl('t')], "try what is marked, or this one, again", Command::Retry), DISCARD];

pub const ENDPOINTS: &[Binding] = &[TENANT];

pub const DELIVERIES: &[Binding] =
    &[TENANT, binding(&[ctrl('t')], "send what is marked, or this one, again", Command::Replay)];

pub const SESSIONS: &[Binding] = &[
    TENANT,
    binding(&[letter('o')], "superadmins' own sessions, or clients' again", Command::Operators),
    binding(&[ctrl('d')], "end what is marked, or this one: asks for the user, or the count", Command::End),
];

pub const LOG_INS: &[Binding] =
    &[TENANT, binding(&[letter('s')], "the open sessions of its client", Command::Sessions)];

pub const AUDIT: &[Binding] = &[];

impl Key {
    /// As the help writes it.
    pub fn shown(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(letter) => letter.to_string(),
            KeyCode::BackTab => "Shift-Tab".to_owned(),
            KeyCode::Up => "↑".to_owned(),
            KeyCode::Down => "↓".to_owned(),
            other => format!("{other:?}"),
        };
        if self.ctrl { format!("Ctrl-{name}") } else { name }
    }

    fn is(self, event: &KeyEvent) -> bool {
        self.code == event.code
            && self.ctrl == event.modifiers.contains(KeyModifiers::CONTROL)
            && !event.modifiers.contains(KeyModifiers::ALT)
    }
}

/// What a key asks for on a screen with these bindings.
pub fn command(event: &KeyEvent, bindings: &[&[Binding]]) -> Option<Command> {
    let mut all = bindings.iter().flat_map(|some| some.iter());
    all.find(|binding| binding.keys.iter().any(|key| key.is(event))).map(|binding| binding.command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const SCREENS: [&[Binding]; 9] = [OVERVIEW, TENANTS, SYNCS, QUEUES, JOBS, ENDPOINTS, DELIVERIES, SESSIONS, LOG_INS];

    #[test]
    fn no_key_means_two_things_on_a_screen() {
        for own in SCREENS {
            let mut seen: BTreeMap<String, &str> = BTreeMap::new();
            for binding in [EVERYWHERE, LIST, own].concat() {
                for key in binding.keys {
                    assert_eq!(seen.insert(key.shown(), binding.does), None, "{}", key.shown());
                }
            }
        }
    }

    #[test]
    fn what_changes_something_takes_more_than_a_letter() {
        use Command as Does;
        let looks = [Does::New, Does::Change, Does::Failed, Does::Tenant, Does::Sessions, Does::Order, Does::Operators];
        for binding in SCREENS.concat().iter().filter(|binding| !looks.contains(&binding.command)) {
            assert!(binding.keys.iter().all(|key| key.ctrl), "{binding:?}");
        }
    }

    #[test]
    fn each_key_that_is_shown_does_what_stands_beside_it() {
        for own in SCREENS {
            for binding in [EVERYWHERE, LIST, own].concat() {
                for key in binding.keys {
                    let held = if key.ctrl { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
                    let event = KeyEvent::new(key.code, held);
                    assert_eq!(command(&event, &[EVERYWHERE, LIST, own]), Some(binding.command), "{key:?}");
                }
            }
        }
        let alt = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT);
        assert_eq!(command(&alt, &[EVERYWHERE]), None);
    }
}
