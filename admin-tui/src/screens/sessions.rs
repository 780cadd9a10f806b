//! Who is logged in, of all clients' users; any session can be ended.

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
    admin::looks::{TenantSession, TenantSessionQuery},
    sessions::Session,
};

#[derive(Debug)]
pub struct Sessions;

impl Subject for Sessions {
    type Record = TenantSession;

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
        narrows: &[Narrow { name: "tenant", values: &[] }],
        nothing: "Nobody is logged in.",
        at_once: 1_000,
        fresh: 60,
        events: &["session."],
        is_in_bar: true,
    };

    fn query(narrows: &Narrows) -> Result<Query, String> {
        let tenant = narrows.text("tenant");
        Ok(Query::Sessions(TenantSessionQuery { tenant, ..TenantSessionQuery::default() }))
    }

    fn taken(&mut self, records: &Records) -> Option<Vec<TenantSession>> {
        if let Records::Sessions(sessions) = records { Some(sessions.clone()) } else { None }
    }

    fn row(TenantSession { tenant, session }: &TenantSession) -> Row {
        let time = |at: DateTime<Utc>| Cell::by(brief(at), at.timestamp_millis()).toned(Tone::Quiet);
        let cells = vec![
            Cell::text(&**tenant),
            Cell::text(&*session.username),
            Cell::text(session.address.as_deref().unwrap_or_default()),
            time(session.created_at),
            time(session.last_seen_at),
            Cell::text(session.user_agent.as_deref().unwrap_or_default()).toned(Tone::Quiet),
        ];
        Row { key: session.id.to_string(), cells }
    }

    fn act(&self, command: Command, chosen: &Chosen<'_, TenantSession>) -> Vec<Wish> {
        let Some(TenantSession { tenant, session }) = chosen.one else { return Vec::new() };
        match command {
            Command::Open => {
                let title = format!("{} of {tenant}", session.username);
                let details = Details::of(&title, details(tenant, session, chosen.now)).about(session.id.to_string());
                vec![Wish::Open(Box::new(Popup::Details(details)))]
            }
            Command::Tenant => subject::go_to_tenant(tenant),
            Command::End => subject::open(ending(chosen)),
            _ => Vec::new(),
        }
    }
}

fn details(tenant: &str, session: &Session, now: DateTime<Utc>) -> Vec<Line> {
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        Line::field("Tenant", tenant),
        Line::field("User", &session.username),
        Line::field("User's id", session.user_id),
        Line::field("Id", session.id),
        Line::field("Address", some(&session.address)),
        Line::field("With", some(&session.user_agent)),
        Line::field("Since", moment(session.created_at, now)),
        Line::field("Seen", moment(session.last_seen_at, now)),
        Line::field("Ends", moment(session.expires_at, now)),
    ]
}

fn ending(chosen: &Chosen<'_, TenantSession>) -> Form {
    let deed = |record: &&TenantSession| {
        let TenantSession { tenant, session } = record;
        Deed::EndSession { id: session.id, of: format!("{} of {tenant}", session.username) }
    };
    let deeds = chosen.all.iter().map(deed).collect();
    let (what, typed) = match chosen.all.as_slice() {
        [one] => (format!("the session of {} of {}", one.session.username, one.tenant), one.session.username.clone()),
        more => (format!("{} marked sessions", more.len()), more.len().to_string()),
    };
    let form = Form::new(&format!("End {what}")).warning("Whoever it is has to log in again.");
    form.exactly(&typed).doing(deeds)
}
