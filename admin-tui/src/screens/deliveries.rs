//! What was sent to one endpoint of a client, and what became of it. It is come to from the endpoint.

use super::{About, Chosen, Subject, Wish, subject};
use crate::{
    asks::{Ask, Deed, Look, Query, Records},
    keys::{self, Command},
    narrows::Narrows,
    popups::{Details, Form, Line, Popup},
    table::{Cell, Column, Row, Width},
    text::{brief, moment, word},
    theme::Tone,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::webhooks::{DeliveryState, WebhookAttempt, WebhookDelivery, WebhookDeliveryLog};

#[derive(Debug)]
pub struct Deliveries;

impl Subject for Deliveries {
    type Record = WebhookDelivery;

    const ABOUT: About = About {
        name: "deliveries",
        title: "Deliveries",
        columns: &[
            Column { title: "What", width: Width::Rest(16), rank: 0, right: false },
            Column { title: "State", width: Width::Fixed(13), rank: 0, right: false },
            Column { title: "Tries", width: Width::Fixed(5), rank: 0, right: true },
            Column { title: "Happened", width: Width::Fixed(14), rank: 1, right: false },
            Column { title: "Next try", width: Width::Fixed(14), rank: 2, right: false },
            Column { title: "Cause", width: Width::Fixed(8), rank: 3, right: false },
        ],
        bindings: keys::DELIVERIES,
        narrows: &[],
        nothing: "Nothing was sent there.",
        at_once: 400,
        fresh: 15,
        events: &["webhook_endpoint."],
        is_in_bar: false,
    };

    fn query(narrows: &Narrows) -> Result<Query, String> {
        let endpoint = narrows.get("endpoint").and_then(|id| id.parse().ok());
        match (narrows.text("tenant"), endpoint) {
            (Some(tenant), Some(endpoint)) => Ok(Query::Deliveries { tenant, endpoint }),
            _ => Err("Deliveries are those of one endpoint: open it in :webhooks.".to_owned()),
        }
    }

    fn taken(&mut self, records: &Records) -> Option<Vec<WebhookDelivery>> {
        if let Records::Deliveries(deliveries) = records { Some(deliveries.clone()) } else { None }
    }

    fn row(delivery: &WebhookDelivery) -> Row {
        let next = delivery.next_attempt_at.map_or(Cell::by("", 0), |at| Cell::by(brief(at), at.timestamp()));
        let cells = vec![
            Cell::text(&*delivery.event_type),
            Cell::text(word(&delivery.state)).toned(tone(delivery.state)),
            Cell::by(delivery.attempts.to_string(), delivery.attempts.into()),
            Cell::by(brief(delivery.created_at), delivery.created_at.timestamp_millis()),
            next,
            Cell::text(word(&delivery.cause)).toned(Tone::Quiet),
        ];
        Row { key: delivery.id.to_string(), cells }
    }

    fn act(&self, command: Command, chosen: &Chosen<'_, WebhookDelivery>) -> Vec<Wish> {
        let (Some(delivery), Some(tenant)) = (chosen.one, chosen.narrows.text("tenant")) else { return Vec::new() };
        match command {
            Command::Open => {
                let details = Details::of(&format!("{} to {tenant}", delivery.event_type), head(delivery, chosen.now));
                let look = Look::Delivery { tenant, id: delivery.id };
                vec![Wish::Open(Box::new(Popup::Details(details.looking(look))))]
            }
            Command::Tenant => subject::go_to_tenant(&tenant),
            Command::Replay => replaying(&tenant, chosen),
            _ => Vec::new(),
        }
    }
}

fn tone(state: DeliveryState) -> Tone {
    match state {
        DeliveryState::Pending => Tone::Busy,
        DeliveryState::Delivered => Tone::Good,
        DeliveryState::Failed => Tone::Bad,
        DeliveryState::Cancelled => Tone::Quiet,
    }
}

/// One at once; more by their count.
fn replaying(tenant: &str, chosen: &Chosen<'_, WebhookDelivery>) -> Vec<Wish> {
    let deed = |delivery: &&WebhookDelivery| Deed::Replay { tenant: tenant.to_owned(), id: delivery.id };
    let deeds: Vec<Deed> = chosen.all.iter().map(deed).collect();
    match chosen.count() {
        None => vec![Wish::Ask(Ask::Do(deeds))],
        Some(count) => {
            let form = Form::new("Send again").warning(&format!("{count} marked deliveries are sent again."));
            subject::open(form.exactly(&count).doing(deeds))
        }
    }
}

fn head(delivery: &WebhookDelivery, now: DateTime<Utc>) -> Vec<Line> {
    let mut lines = vec![
        Line::field("What", &delivery.event_type),
        Line::Field("State", word(&delivery.state), tone(delivery.state)),
        Line::field("Attempts", delivery.attempts),
        Line::field("Cause", word(&delivery.cause)),
        Line::field("Happened", moment(delivery.created_at, now)),
        Line::field("Event", delivery.event_id),
        Line::field("Id", delivery.id),
    ];
    lines.extend(delivery.next_attempt_at.map(|at| Line::field("Next try", moment(at, now))));
    lines.extend(delivery.finished_at.map(|at| Line::field("Ended", moment(at, now))));
    lines
}

/// With each try, the last one first, and what is sent.
pub fn log(log: &WebhookDeliveryLog, now: DateTime<Utc>) -> Vec<Line> {
    let mut lines = head(&log.delivery, now);
    lines.extend(log.log.iter().rev().flat_map(|attempt| attempted(attempt, now)));
    lines.push(Line::Heading("What is sent".to_owned()));
    lines.extend(Line::message("Body", &serde_json::to_string(&log.payload).unwrap_or_default()));
    lines
}

fn attempted(attempt: &WebhookAttempt, now: DateTime<Utc>) -> Vec<Line> {
    let when = moment(attempt.attempted_at, now);
    let mut lines = vec![
        Line::Heading(format!("Attempt {}: {when}, {} ms", attempt.number, attempt.duration_ms)),
        match (attempt.status, &attempt.error) {
            (Some(status @ 200..300), _) => Line::Field("Answer", status.to_string(), Tone::Good),
            (Some(status), _) => Line::Field("Answer", status.to_string(), Tone::Bad),
            (None, error) => Line::Field("Answer", error.clone().unwrap_or("none".to_owned()), Tone::Bad),
        },
    ];
    lines.extend(attempt.body.iter().flat_map(|body| Line::message("Answered", body)));
    lines
}
