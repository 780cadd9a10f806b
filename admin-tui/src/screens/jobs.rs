//! Jobs that were given up: why, and whether they are to be tried again.

use super::{About, Chosen, Subject, Wish, subject};
use crate::{
    asks::{Ask, Deed, Query, Records},
    keys::{self, Command},
    narrows::{Narrow, Narrows},
    popups::{Details, Form, Line, Popup},
    table::{Cell, Column, Row, Width},
    text::{brief, moment},
    theme::Tone,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::admin::jobs::{DeadJob, DeadJobQuery};

#[derive(Debug)]
pub struct Jobs;

impl Subject for Jobs {
    type Record = DeadJob;

    const ABOUT: About = About {
        name: "jobs",
        title: "Dead jobs",
        columns: &[
            Column { title: "Tenant", width: Width::Fixed(14), rank: 0, right: false },
            Column { title: "Kind", width: Width::Fixed(18), rank: 0, right: false },
            Column { title: "Tries", width: Width::Fixed(6), rank: 1, right: true },
            Column { title: "Why", width: Width::Rest(12), rank: 0, right: false },
            Column { title: "Given up", width: Width::Fixed(14), rank: 2, right: false },
        ],
        bindings: keys::JOBS,
        narrows: &[Narrow { name: "tenant", values: &[] }, Narrow { name: "kind", values: &[] }],
        nothing: "No job was given up.",
        at_once: 1_000,
        fresh: 60,
        events: &["job."],
        is_in_bar: true,
    };

    fn query(narrows: &Narrows) -> Result<Query, String> {
        let (tenant, kind) = (narrows.text("tenant"), narrows.text("kind"));
        Ok(Query::Jobs(DeadJobQuery { kind, tenant, ..DeadJobQuery::default() }))
    }

    fn taken(&mut self, records: &Records) -> Option<Vec<DeadJob>> {
        if let Records::Jobs(jobs) = records { Some(jobs.clone()) } else { None }
    }

    fn row(job: &DeadJob) -> Row {
        let cells = vec![
            Cell::text(&*job.tenant),
            Cell::text(&*job.kind),
            Cell::by(format!("{}/{}", job.attempts, job.max_attempts), job.attempts),
            Cell::text(job.last_error.as_deref().unwrap_or_default()).toned(Tone::Bad),
            Cell::by(brief(job.died_at), job.died_at.timestamp_millis()).toned(Tone::Quiet),
        ];
        Row { key: job.id.to_string(), cells }
    }

    fn act(&self, command: Command, chosen: &Chosen<'_, DeadJob>) -> Vec<Wish> {
        let Some(job) = chosen.one else { return Vec::new() };
        match command {
            Command::Open => {
                let details = Details::of(&format!("{} of {}", job.kind, job.tenant), details(job, chosen.now));
                vec![Wish::Open(Box::new(Popup::Details(details.about(job.id.to_string()))))]
            }
            Command::Tenant => subject::go_to_tenant(&job.tenant),
            Command::Retry => retrying(chosen),
            Command::Discard => subject::open(discarding(chosen)),
            _ => Vec::new(),
        }
    }
}

fn details(job: &DeadJob, now: DateTime<Utc>) -> Vec<Line> {
    let mut lines = vec![
        Line::field("Tenant", &job.tenant),
        Line::field("Kind", &job.kind),
        Line::field("Id", job.id),
        Line::field("Attempts", format!("{} of {}", job.attempts, job.max_attempts)),
        Line::field("Made", moment(job.created_at, now)),
        Line::field("Given up", moment(job.died_at, now)),
        Line::Field("Why", job.last_error.clone().unwrap_or_default(), Tone::Bad),
    ];
    lines.extend(Line::message("With", &job.payload.to_string()));
    lines
}

/// One at once; more by their count.
fn retrying(chosen: &Chosen<'_, DeadJob>) -> Vec<Wish> {
    let deeds = chosen.all.iter().map(|job| Deed::RetryJob { id: job.id }).collect();
    match chosen.count() {
        None => vec![Wish::Ask(Ask::Do(deeds))],
        Some(count) => {
            let form = Form::new("Try again").warning(&format!("{count} marked jobs are tried again."));
            subject::open(form.exactly(&count).doing(deeds))
        }
    }
}

fn discarding(chosen: &Chosen<'_, DeadJob>) -> Form {
    let deeds = chosen.all.iter().map(|job| Deed::DiscardJob { id: job.id, reason: String::new() }).collect();
    let what = match chosen.all.as_slice() {
        [one] => format!("{} of {}", one.kind, one.tenant),
        more => format!("{} marked jobs", more.len()),
    };
    let form = Form::new(&format!("Discard {what}")).warning("What it was to do is never done.").reason();
    let form = if let Some(count) = chosen.count() { form.exactly(&count) } else { form };
    form.doing(deeds)
}
