//! Who was turned away at clients' doors; or all that happened at those of one.

use super::{About, Chosen, Subject, Wish, subject};
use crate::{
    asks::{Query, Records},
    keys::{self, Command},
    narrows::{Narrow, Narrows},
    popups::{Details, Line, Popup},
    table::{Cell, Column, Row, Width},
    text::{brief, moment, word},
    theme::Tone,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    admin::looks::{TenantSessionEvent, TenantSessionEventQuery},
    sessions::{SessionEvent, SessionEventKind},
};

const KIND: Narrow = Narrow {
    name: "kind",
    values: &[
        "login",
        "login_failed",
        "logout",
        "refresh",
        "refresh_reused",
        "session_ended",
        "password_changed",
        "second_factor_failed",
        "second_factor_locked",
        "recovery_code_used",
    ],
};

#[derive(Debug)]
pub struct LogIns;

impl Subject for LogIns {
    type Record = TenantSessionEvent;

    const ABOUT: About = About {
        name: "log-ins",
        title: "Turned away",
        columns: &[
            Column { title: "When", width: Width::Fixed(14), rank: 0, right: false },
            Column { title: "Tenant", width: Width::Fixed(14), rank: 0, right: false },
            Column { title: "What", width: Width::Fixed(20), rank: 0, right: false },
            Column { title: "User", width: Width::Rest(8), rank: 1, right: false },
            Column { title: "Address", width: Width::Fixed(15), rank: 2, right: false },
            Column { title: "With", width: Width::Rest(12), rank: 3, right: false },
        ],
        bindings: keys::LOG_INS,
        narrows: &[Narrow { name: "tenant", values: &[] }, KIND],
        nothing: "Nobody was turned away.",
        at_once: 1_000,
        fresh: 60,
        events: &["session."],
        is_in_bar: true,
    };

    fn query(narrows: &Narrows) -> Result<Query, String> {
        let (kind, tenant) = (narrows.word(&KIND)?, narrows.text("tenant"));
        Ok(Query::LogIns(TenantSessionEventQuery { kind, tenant, ..TenantSessionEventQuery::default() }))
    }

    fn taken(&mut self, records: &Records) -> Option<Vec<TenantSessionEvent>> {
        if let Records::LogIns(events) = records { Some(events.clone()) } else { None }
    }

    fn row(TenantSessionEvent { tenant, event }: &TenantSessionEvent) -> Row {
        let some = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        let cells = vec![
            Cell::by(brief(event.created_at), event.created_at.timestamp_millis()),
            Cell::text(&**tenant),
            Cell::text(word(&event.kind)).toned(tone(event.kind)),
            some(&event.username),
            some(&event.address),
            some(&event.user_agent).toned(Tone::Quiet),
        ];
        Row { key: event.id.to_string(), cells }
    }

    fn act(&self, command: Command, chosen: &Chosen<'_, TenantSessionEvent>) -> Vec<Wish> {
        let Some(TenantSessionEvent { tenant, event }) = chosen.one else { return Vec::new() };
        match command {
            Command::Open => {
                let details = Details::of(&format!("At the door of {tenant}"), details(tenant, event, chosen.now));
                vec![Wish::Open(Box::new(Popup::Details(details.about(event.id.to_string()))))]
            }
            Command::Tenant => subject::go_to_tenant(tenant),
            Command::Sessions => subject::go("sessions", Narrows::to("tenant", &**tenant)),
            _ => Vec::new(),
        }
    }
}

fn tone(kind: SessionEventKind) -> Tone {
    use SessionEventKind as Kind;
    match kind {
        Kind::LoginFailed | Kind::SecondFactorFailed => Tone::Warning,
        Kind::RefreshReused | Kind::SecondFactorLocked => Tone::Bad,
        Kind::Login | Kind::SecondFactorUsed => Tone::Good,
        _ => Tone::Plain,
    }
}

fn details(tenant: &str, event: &SessionEvent, now: DateTime<Utc>) -> Vec<Line> {
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    let id = |id: Option<String>| id.unwrap_or_default();
    vec![
        Line::field("Tenant", tenant),
        Line::Field("What", word(&event.kind), tone(event.kind)),
        Line::field("When", moment(event.created_at, now)),
        Line::field("User", some(&event.username)),
        Line::field("User's id", id(event.user_id.map(|user| user.to_string()))),
        Line::field("Session", id(event.session_id.map(|session| session.to_string()))),
        Line::field("Address", some(&event.address)),
        Line::field("With", some(&event.user_agent)),
    ]
}
