//! How the jobs of each kind stand, of all clients together.

use super::{About, Chosen, Subject, Wish, subject};
use crate::{
    asks::{Query, Records},
    keys::{self, Command},
    narrows::Narrows,
    table::{Cell, Column, Row, Width},
    text::brief,
    theme::Tone,
};
use countinghouse_contract::admin::jobs::JobQueue;

#[derive(Debug)]
pub struct Queues;

impl Subject for Queues {
    type Record = JobQueue;

    const ABOUT: About = About {
        name: "queues",
        title: "Queues",
        columns: &[
            Column { title: "Kind", width: Width::Rest(16), rank: 0, right: false },
            Column { title: "Waiting", width: Width::Fixed(8), rank: 0, right: true },
            Column { title: "Running", width: Width::Fixed(8), rank: 0, right: true },
            Column { title: "Later", width: Width::Fixed(8), rank: 1, right: true },
            Column { title: "Suspended", width: Width::Fixed(9), rank: 2, right: true },
            Column { title: "Dead", width: Width::Fixed(8), rank: 0, right: true },
            Column { title: "Oldest due", width: Width::Fixed(14), rank: 1, right: false },
        ],
        bindings: keys::QUEUES,
        narrows: &[],
        nothing: "There are no jobs.",
        at_once: 1_000,
        fresh: 5,
        events: &["job."],
        is_in_bar: true,
    };

    fn query(_: &Narrows) -> Result<Query, String> {
        Ok(Query::Queues)
    }

    fn taken(&mut self, records: &Records) -> Option<Vec<JobQueue>> {
        if let Records::Queues(queues) = records { Some(queues.clone()) } else { None }
    }

    fn row(queue: &JobQueue) -> Row {
        let count = |count: i64| Cell::by(count.to_string(), count);
        let dead = count(queue.dead).toned(if queue.dead > 0 { Tone::Bad } else { Tone::Quiet });
        let oldest = queue.oldest_due.map_or(Cell::by("", i64::MAX), |at| Cell::by(brief(at), at.timestamp()));
        let cells = vec![
            Cell::text(&*queue.kind),
            count(queue.waiting),
            count(queue.running),
            count(queue.scheduled).toned(Tone::Quiet),
            count(queue.suspended).toned(Tone::Quiet),
            dead,
            oldest,
        ];
        Row { key: queue.kind.clone(), cells }
    }

    fn act(&self, command: Command, chosen: &Chosen<'_, JobQueue>) -> Vec<Wish> {
        match (command, chosen.one) {
            (Command::Open, Some(queue)) => subject::go("jobs", Narrows::to("kind", &*queue.kind)),
            _ => Vec::new(),
        }
    }
}
