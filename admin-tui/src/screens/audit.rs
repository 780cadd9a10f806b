//! The operator's own log: what superadmins and the command line did, to whom.

use super::{About, Chosen, Subject, Wish};
use crate::{
    asks::{Query, Records},
    diff::differences,
    keys::{self, Command},
    narrows::{Narrow, Narrows},
    popups::{Details, Line, Popup},
    table::{Cell, Column, Row, Width},
    text::{brief, moment},
    theme::Tone,
};
use chrono::{DateTime, NaiveDate, Utc};
use countinghouse_contract::audit::{AuditEntry, OperatorAuditQuery};

const fn any(name: &'static str) -> Narrow {
    Narrow { name, values: &[] }
}

#[derive(Debug)]
pub struct Audit;

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
        if let Records::Audit(entries) = records { Some(entries.clone()) } else { None }
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
