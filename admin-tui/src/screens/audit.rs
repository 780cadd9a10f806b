//! The operator's own log: what superadmins and the command line did, to whom.

use super::{About, Chosen, Look, Subject, Wish};
use crate::{
    asks::{Query, Records},
    diff::differences,
    keys::{self, Command},
    narrows::{Narrow, Narrows},
    popups::{Details, Line, Popup},
    table::{Cell, Column, Row, Width},
    text::{brief, clean, moment},
    theme::Tone,
};
use chrono::{DateTime, NaiveDate, Utc};
use countinghouse_contract::audit::{AuditChain, AuditEntry, OperatorAuditQuery};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line as Words, Span},
    widgets::Widget,
};

const fn any(name: &'static str) -> Narrow {
    Narrow { name, values: &[] }
}

#[derive(Debug, Default)]
pub struct Audit {
    /// As it was read last.
    chain: Option<AuditChain>,
}

impl Subject for Audit {
    type Record = AuditEntry;

    const ABOUT: About = About {
        name: "audit",
        title: "Audit log",
        columns: &[
            Column { title: "When", width: Width::Fixed(14), rank: 0, right: false },
            Column { title: "Who", width: Width::Fixed(12), rank: 0, right: false },
            Column { title: "What", width: Width::Fixed(20), rank: 0, right: false },
            Column { title: "Of", width: Width::Rest(16), rank: 1, right: false },
            Column { title: "Details", width: Width::Rest(16), rank: 2, right: false },
        ],
        bindings: keys::AUDIT,
        narrows: &[any("tenant"), any("actor"), any("action"), any("resource"), any("from"), any("to")],
        nothing: "Nothing is written down yet.",
        at_once: 1_000,
        fresh: 60,
        events: &["audit."],
        is_in_bar: true,
    };

    fn query(narrows: &Narrows) -> Result<Query, String> {
        let day = |name| match narrows.get(name).map(str::parse::<NaiveDate>) {
            None => Ok(None),
            Some(Ok(day)) => Ok(Some(day)),
            Some(Err(_)) => Err(format!("{name} is a day, such as 2026-11-22.")),
        };
        let [tenant, actor, action, resource] =
            ["tenant", "actor", "action", "resource"].map(|name| narrows.text(name));
        let (from, to) = (day("from")?, day("to")?);
        let query = OperatorAuditQuery { tenant, actor, action, resource, from, to, limit: None, cursor: None };
        Ok(Query::Audit(query))
    }

    fn taken(&mut self, records: &Records) -> Option<Vec<AuditEntry>> {
        let Records::Audit { entries, chain } = records else { return None };
        if chain.is_some() {
            self.chain.clone_from(chain);
        }
        Some(entries.clone())
    }

    fn row(entry: &AuditEntry) -> Row {
        let cells = vec![
            Cell::by(brief(entry.created_at), entry.created_at.timestamp_millis()),
            Cell::text(&*entry.actor.kind),
            Cell::text(&*entry.action),
            Cell::text(format!("{} {}", entry.resource.kind, entry.resource.id)),
            Cell::text(entry.after.as_ref().map(ToString::to_string).unwrap_or_default()).toned(Tone::Quiet),
        ];
        Row { key: entry.id.to_string(), cells }
    }

    fn act(&self, command: Command, chosen: &Chosen<'_, AuditEntry>) -> Vec<Wish> {
        match (command, chosen.one) {
            (Command::Open, Some(entry)) => {
                let details = Details::of(&entry.action, details(entry, chosen.now)).about(entry.id.to_string());
                vec![Wish::Open(Box::new(Popup::Details(details)))]
            }
            _ => Vec::new(),
        }
    }

    /// Whether the newest part of the log is what was sealed.
    fn draw_head(&self, area: Rect, buffer: &mut Buffer, look: Look) -> Rect {
        let Some(chain) = &self.chain else { return area };
        let (tone, said) = standing(chain);
        let line = Rect { height: area.height.min(1), ..area };
        Words::from(Span::styled(format!(" {}{said}", tone.sign()), look.theme.tone(tone))).render(line, buffer);
        Rect { y: line.bottom(), height: area.height.saturating_sub(line.height), ..area }
    }
}

fn standing(chain: &AuditChain) -> (Tone, String) {
    match chain.faults.as_slice() {
        [] if chain.last == 0 => (Tone::Quiet, "Nothing is sealed yet.".to_owned()),
        [] => (Tone::Good, format!("Entries {} to {} are as they were sealed.", chain.proved_from, chain.last)),
        [first, others @ ..] => {
            let more = if others.is_empty() { String::new() } else { format!(", and {} more", others.len()) };
            (Tone::Bad, clean(&format!("Tampered with: {first}{more}. See `verify audit`")))
        }
    }
}

fn details(entry: &AuditEntry, now: DateTime<Utc>) -> Vec<Line> {
    let id = |id: Option<String>| id.unwrap_or_default();
    let mut lines = vec![
        Line::field("What", &entry.action),
        Line::field("When", moment(entry.created_at, now)),
        Line::field("Who", format!("{} {}", entry.actor.kind, id(entry.actor.id.map(|id| id.to_string())))),
        Line::field("Of", format!("{} {}", entry.resource.kind, entry.resource.id)),
        Line::field("Client", id(entry.client_id.map(|id| id.to_string()))),
        Line::field("Id", entry.id),
    ];
    let text = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string);
    match (text(&entry.before), text(&entry.after)) {
        (Some(before), Some(after)) => {
            lines.push(Line::Heading("What has changed".to_owned()));
            lines.extend(differences(&before, &after).into_iter().map(|line| Line::Text(line, Tone::Plain)));
        }
        (Some(before), None) => lines.extend(Line::message("Before", &before)),
        (None, Some(after)) => lines.extend(Line::message("With", &after)),
        (None, None) => {}
    }
    lines
}
