//! Who is logged in, of all clients' users or of the superadmins themselves; any session can be ended.

use super::{About, Chosen, Subject, Wish, subject};
use crate::{
    asks::{Deed, Query, Records},
    keys::{self, Command},
    narrows::{Narrow, Narrows},
    popups::{Details, Form, Line, Popup},
    table::{Cell, Column, Row, Width},
    text::{brief, moment},
    theme::Tone,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    SessionId,
    admin::{
        live::OperatorEvent,
        looks::{TenantSession, TenantSessionQuery},
        sessions::OperatorSession,
    },
};
use serde::Serialize;

const TENANT: Narrow = Narrow { name: "tenant", values: &[] };
const OF: Narrow = Narrow { name: "of", values: &["clients", "superadmins"] };

#[derive(Debug)]
pub struct Sessions;

/// As the service answers it, of one kind or the other.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum OpenSession {
    Client(TenantSession),
    Operator(OperatorSession),
}

/// What both kinds have.
struct Seen<'a> {
    id: SessionId,
    username: &'a str,
    address: &'a str,
    user_agent: &'a str,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl OpenSession {
    /// The client's slug.
    fn tenant(&self) -> Option<&str> {
        match self {
            Self::Client(one) => Some(&one.tenant),
            Self::Operator(_) => None,
        }
    }

    fn seen(&self) -> Seen<'_> {
        match self {
            Self::Client(TenantSession { session: one, .. }) => Seen {
                id: one.id,
                username: &one.username,
                address: one.address.as_deref().unwrap_or_default(),
                user_agent: one.user_agent.as_deref().unwrap_or_default(),
                created_at: one.created_at,
                last_seen_at: one.last_seen_at,
                expires_at: one.expires_at,
            },
            Self::Operator(one) => Seen {
                id: one.id,
                username: &one.username,
                address: one.address.as_deref().unwrap_or_default(),
                user_agent: one.user_agent.as_deref().unwrap_or_default(),
                created_at: one.created_at,
                last_seen_at: one.last_seen_at,
                expires_at: one.expires_at,
            },
        }
    }

    /// The console's own.
    fn is_this_one(&self) -> bool {
        matches!(self, Self::Operator(one) if one.current)
    }

    /// Who it is, and where.
    fn named(&self) -> String {
        let username = self.seen().username;
        match self.tenant() {
            Some(tenant) => format!("{username} of {tenant}"),
            None => format!("the superadmin {username}"),
        }
    }

    fn ending(&self) -> Deed {
        let (id, of) = (self.seen().id, self.named());
        match self {
            Self::Client(_) => Deed::EndSession { id, of },
            Self::Operator(_) => Deed::EndOperatorSession { id, of },
        }
    }
}

impl Subject for Sessions {
    type Record = OpenSession;

    const ABOUT: About = About {
        name: "sessions",
        title: "Open sessions",
        columns: &[
            Column { title: "Tenant", width: Width::Fixed(14), rank: 0, right: false },
            Column { title: "User", width: Width::Rest(12), rank: 0, right: false },
            Column { title: "Address", width: Width::Fixed(15), rank: 0, right: false },
            Column { title: "Since", width: Width::Fixed(14), rank: 1, right: false },
            Column { title: "Seen", width: Width::Fixed(14), rank: 2, right: false },
            Column { title: "With", width: Width::Rest(12), rank: 3, right: false },
        ],
        bindings: keys::SESSIONS,
        narrows: &[TENANT, OF],
        nothing: "Nobody is logged in.",
        at_once: 1_000,
        fresh: 60,
        events: &["session."],
        is_in_bar: true,
    };

    fn query(narrows: &Narrows) -> Result<Query, String> {
        let tenant = narrows.text(TENANT.name);
        match narrows.get(OF.name) {
            Some("superadmins") if tenant.is_some() => {
                Err("Superadmins are of no client: Esc takes what the list is narrowed to away.".to_owned())
            }
            Some("superadmins") => Ok(Query::OperatorSessions),
            None | Some("clients") => {
                Ok(Query::Sessions(TenantSessionQuery { tenant, ..TenantSessionQuery::default() }))
            }
            Some(_) => Err(format!("{} is one of: {}.", OF.name, OF.values.join(", "))),
        }
    }

    fn taken(&mut self, records: &Records) -> Option<Vec<OpenSession>> {
        match records {
            Records::Sessions(sessions) => Some(sessions.iter().cloned().map(OpenSession::Client).collect()),
            Records::OperatorSessions(sessions) => Some(sessions.iter().cloned().map(OpenSession::Operator).collect()),
            _ => None,
        }
    }

    fn row(record: &OpenSession) -> Row {
        let time = |at: DateTime<Utc>| Cell::by(brief(at), at.timestamp_millis()).toned(Tone::Quiet);
        let seen = record.seen();
        let tenant = match record.tenant() {
            Some(slug) => Cell::text(slug),
            // No slug is written so.
            None => Cell::text(if record.is_this_one() { "(this one)" } else { "(superadmin)" }).toned(Tone::Quiet),
        };
        let cells = vec![
            tenant,
            Cell::text(seen.username),
            Cell::text(seen.address),
            time(seen.created_at),
            time(seen.last_seen_at),
            Cell::text(seen.user_agent).toned(Tone::Quiet),
        ];
        Row { key: seen.id.to_string(), cells }
    }

    fn act(&self, command: Command, chosen: &Chosen<'_, OpenSession>) -> Vec<Wish> {
        if command == Command::Operators {
            let are_operators = chosen.narrows.get(OF.name) == Some("superadmins");
            let narrows = if are_operators { Narrows::default() } else { Narrows::to(OF.name, "superadmins") };
            return subject::go("sessions", narrows);
        }
        let Some(record) = chosen.one else { return Vec::new() };
        match command {
            Command::Open => {
                let details = Details::of(&record.named(), details(record, chosen.now));
                let details = details.about(record.seen().id.to_string());
                vec![Wish::Open(Box::new(Popup::Details(details)))]
            }
            Command::Tenant => match record.tenant() {
                Some(tenant) => subject::go_to_tenant(tenant),
                None => subject::say("A superadmin is of no client."),
            },
            Command::End => subject::open(ending(chosen)),
            _ => Vec::new(),
        }
    }

    /// Of superadmins' own nothing is told.
    fn concerns(narrows: &Narrows, _event: &OperatorEvent) -> bool {
        narrows.get(OF.name) != Some("superadmins")
    }
}

fn details(record: &OpenSession, now: DateTime<Utc>) -> Vec<Line> {
    let seen = record.seen();
    let whose = match record {
        OpenSession::Client(one) => vec![
            Line::field("Tenant", &one.tenant),
            Line::field("User", seen.username),
            Line::field("User's id", one.session.user_id),
        ],
        OpenSession::Operator(one) => vec![
            Line::field("Superadmin", seen.username),
            Line::field("Whose id is", one.superadmin_id),
            Line::field("This one", if one.current { "yes: this console's" } else { "no" }),
        ],
    };
    let rest = vec![
        Line::field("Id", seen.id),
        Line::field("Address", seen.address),
        Line::field("With", seen.user_agent),
        Line::field("Since", moment(seen.created_at, now)),
        Line::field("Seen", moment(seen.last_seen_at, now)),
        Line::field("Ends", moment(seen.expires_at, now)),
    ];
    [whose, rest].concat()
}

fn ending(chosen: &Chosen<'_, OpenSession>) -> Form {
    let deeds = chosen.all.iter().map(|record| record.ending()).collect();
    let (what, typed) = match chosen.all.as_slice() {
        [one] => (format!("the session of {}", one.named()), one.seen().username.to_owned()),
        more => (format!("{} marked sessions", more.len()), more.len().to_string()),
    };
    let warning = if chosen.all.iter().any(|record| record.is_this_one()) {
        "This console's own is among them: it has to log in again."
    } else {
        "Whoever it is has to log in again."
    };
    Form::new(&format!("End {what}")).warning(warning).exactly(&typed).doing(deeds)
}
