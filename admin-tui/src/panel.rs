//! How what is shown stands: not there yet, there, of a while ago, refused, or forbidden. Each looks different.

use crate::theme::{Theme, Tone};
use chrono::{DateTime, Utc};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::Line,
    widgets::{Paragraph, Widget, Wrap},
};

/// Why something was not had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The service is not reached, or broken: trying again may help.
    Away(String),
    /// This superadmin may not.
    Denied,
    /// The session is over.
    LoggedOut,
    /// The service says no, and why.
    Refused(String),
}

/// How the data of a panel stand; the data themselves are kept beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Standing {
    #[default]
    Loading,
    /// As they were at this time.
    Ready(DateTime<Utc>),
    /// There is none.
    Failed(Failure),
    /// They were so at this time, and nothing newer is had.
    Stale(DateTime<Utc>, Failure),
}

impl Standing {
    /// After an answer came, or none.
    pub fn after(&self, answer: Result<(), Failure>, now: DateTime<Utc>) -> Self {
        match (answer, self) {
            (Ok(()), _) => Self::Ready(now),
            (Err(failure), Self::Ready(at) | Self::Stale(at, _)) => Self::Stale(*at, failure),
            (Err(failure), _) => Self::Failed(failure),
        }
    }

    /// What stands in place of data, if they are not to be shown.
    pub fn in_place(&self, is_empty: bool, nothing: &str) -> Option<(Tone, String)> {
        match self {
            Self::Loading => Some((Tone::Busy, "Loading".to_owned())),
            Self::Failed(failure) => Some(failure.said()),
            Self::Ready(_) | Self::Stale(..) if is_empty => Some((Tone::Quiet, nothing.to_owned())),
            Self::Ready(_) | Self::Stale(..) => None,
        }
    }

    /// What stands beside the title.
    pub fn note(&self, now: DateTime<Utc>) -> Option<(Tone, String)> {
        match self {
            Self::Stale(at, failure) => {
                let (_, said) = failure.said();
                let why = if let Failure::Away(why) = failure { why } else { &said };
                Some((Tone::Warning, format!("{} old: {why}", age(now - *at))))
            }
            _ => None,
        }
    }
}

impl Failure {
    pub fn said(&self) -> (Tone, String) {
        match self {
            Self::Away(why) => (Tone::Bad, format!("The service is away ({why}). It is tried again by itself.")),
            Self::Denied => (Tone::Warning, "You may not see this.".to_owned()),
            Self::LoggedOut => (Tone::Warning, "The session is over. Quit, and log in again.".to_owned()),
            Self::Refused(why) => (Tone::Bad, why.clone()),
        }
    }
}

/// A text in the middle of an area.
pub fn say(area: Rect, buffer: &mut Buffer, theme: Theme, (tone, said): &(Tone, String)) {
    let text = Line::styled(format!("{}{said}", tone.sign()), theme.tone(*tone)).centered();
    let top = area.height.saturating_sub(2) / 2;
    let place = Rect { y: area.y + top, height: area.height.saturating_sub(top), ..area };
    Paragraph::new(text).wrap(Wrap { trim: true }).centered().render(place, buffer);
}

/// A span of time in one unit.
pub fn age(span: chrono::TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn data_that_were_there_stay_and_say_their_age() {
        let now = DateTime::UNIX_EPOCH;
        let ready = Standing::default().after(Ok(()), now);
        assert_eq!(ready.in_place(false, "None."), None);
        let stale = ready.after(Err(Failure::Away("timed out".to_owned())), now + TimeDelta::minutes(1));
        assert_eq!(stale.in_place(false, "None."), None);
        let (tone, note) = stale.note(now + TimeDelta::minutes(2)).unwrap();
        assert_eq!(tone, Tone::Warning);
        assert!(note.starts_with("2 min old"), "{note}");
        assert_eq!(stale.after(Ok(()), now).note(now), None);
    }

    #[test]
    fn each_standing_says_something_else() {
        let now = DateTime::UNIX_EPOCH;
        let all = [
            Standing::Loading.in_place(true, "None."),
            Standing::Ready(now).in_place(true, "None."),
            Standing::Failed(Failure::Away("x".to_owned())).in_place(true, "None."),
            Standing::Failed(Failure::Denied).in_place(true, "None."),
            Standing::Failed(Failure::LoggedOut).in_place(true, "None."),
        ];
        let said: std::collections::BTreeSet<_> = all.into_iter().flatten().map(|(_, said)| said).collect();
        assert_eq!(said.len(), 5);
    }

    #[test]
    fn ages_have_one_unit() {
        let of = |seconds| age(TimeDelta::seconds(seconds));
        assert_eq!([of(-5), of(59), of(60), of(7199), of(90_000)], ["0 s", "59 s", "1 min", "1 h", "1 d"]);
    }
}
