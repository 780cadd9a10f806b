//! What things mean, and how that looks: on dark and on light terminals, and where no colour is wanted.
//!
//! Colour never says anything alone: each tone has a sign that stands before its text.

use ratatui::style::{Color, Modifier, Style};

/// What a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Plain,
    /// Less important than what stands beside it.
    Quiet,
    Good,
    /// It waits, or is under way.
    Busy,
    Warning,
    Bad,
}

impl Tone {
    /// Says the same without colour.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Plain | Self::Quiet => "",
            Self::Good => "✓ ",
            Self::Busy => "… ",
            Self::Warning => "! ",
            Self::Bad => "✗ ",
        }
    }
}

/// A set of styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    Dark,
    Light,
    /// `NO_COLOR`: bold, dim and reversed alone.
    Plain,
}

impl Theme {
    /// The one that is asked for; `NO_COLOR` (<https://no-color.org>), set to anything, comes before it.
    pub fn chosen(no_color: Option<&str>, light: bool) -> Self {
        match no_color {
            Some(text) if !text.is_empty() => Self::Plain,
            _ if light => Self::Light,
            _ => Self::Dark,
        }
    }

    pub fn tone(self, tone: Tone) -> Style {
        let colour = |dark, light| match self {
            Self::Dark => Style::new().fg(dark),
            Self::Light => Style::new().fg(light),
            Self::Plain => Style::new(),
        };
        match tone {
            Tone::Plain => Style::new(),
            Tone::Quiet if self == Self::Plain => Style::new().add_modifier(Modifier::DIM),
            Tone::Quiet => colour(Color::Indexed(245), Color::Indexed(243)),
            Tone::Good => colour(Color::Indexed(114), Color::Indexed(28)),
            Tone::Busy => colour(Color::Indexed(117), Color::Indexed(25)),
            Tone::Warning => colour(Color::Indexed(221), Color::Indexed(130)),
            Tone::Bad => colour(Color::Indexed(203), Color::Indexed(160)).add_modifier(Modifier::BOLD),
        }
    }

    /// The row under the cursor.
    pub fn cursor(self) -> Style {
        match self {
            Self::Dark => Style::new().bg(Color::Indexed(238)).add_modifier(Modifier::BOLD),
            Self::Light => Style::new().bg(Color::Indexed(253)).add_modifier(Modifier::BOLD),
            Self::Plain => Style::new().add_modifier(Modifier::REVERSED),
        }
    }

    pub fn heading(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The frame of the panel that takes the keys, and of the others.
    pub fn frame(self, takes_keys: bool) -> Style {
        if takes_keys { self.tone(Tone::Busy) } else { self.tone(Tone::Quiet) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TONES: [Tone; 6] = [Tone::Plain, Tone::Quiet, Tone::Good, Tone::Busy, Tone::Warning, Tone::Bad];

    #[test]
    fn no_color_wins_unless_it_is_empty() {
        assert_eq!(Theme::chosen(Some("1"), true), Theme::Plain);
        assert_eq!(Theme::chosen(Some(""), true), Theme::Light);
        assert_eq!(Theme::chosen(None, false), Theme::Dark);
    }

    #[test]
    fn without_colour_there_is_none() {
        for tone in TONES {
            let style = Theme::Plain.tone(tone);
            assert_eq!((style.fg, style.bg), (None, None), "{tone:?}");
        }
        let cursor = Theme::Plain.cursor();
        assert_eq!((cursor.fg, cursor.bg), (None, None));
    }

    #[test]
    fn a_state_differs_by_its_sign_too() {
        let signs: std::collections::BTreeSet<_> = TONES.iter().skip(2).map(|tone| tone.sign()).collect();
        assert_eq!(signs.len(), 4);
    }
}
