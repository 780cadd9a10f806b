//! The screens, one file each. A screen is what `list` needs to show one: its columns, its question, its answer and
//! its keys. None of them waits.

mod audit;
mod deliveries;
mod endpoints;
mod jobs;
mod list;
mod log_ins;
mod orders;
mod overview;
mod queues;
mod sessions;
mod subject;
mod syncs;
mod tenants;

pub use audit::Audit;
pub use endpoints::Endpoints;
pub use jobs::Jobs;
pub use list::List;
pub use log_ins::LogIns;
pub use queues::Queues;
pub use sessions::Sessions;
pub use subject::{About, Chosen, Subject};
pub use syncs::{Syncs, retrying_all};

use crate::{
    asks::{Answer, Ask, Looked},
    keys::Command,
    narrows::Narrows,
    popups::{Line, Popup},
    table::Table,
    theme::{Theme, Tone},
};
use chrono::{DateTime, TimeDelta, Utc};
use countinghouse_contract::admin::live::OperatorEvent;
use ratatui::{buffer::Buffer, layout::Rect};

/// What a screen wants done.
#[derive(Debug)]
pub enum Wish {
    Ask(Ask),
    Open(Box<Popup>),
    Say(Tone, String),
    /// To another screen, narrowed, and to a record there.
    Go {
        to: &'static str,
        narrows: Narrows,
        key: Option<String>,
    },
}

/// When and how it is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub theme: Theme,
    pub now: DateTime<Utc>,
}

/// What the app knows of a screen.
pub trait Screen {
    fn about(&self) -> &'static About;

    fn table(&mut self) -> &mut Table;

    fn narrows(&self) -> &Narrows;

    /// Another list altogether; what is wrong with it, where it is none.
    fn narrow(&mut self, narrows: Narrows) -> Result<(), String>;

    /// The cursor goes to this record as soon as it is there.
    fn go_to(&mut self, key: String);

    /// What it needs to show what is there now; asked for by hand, what was kept for the eye alone goes.
    fn reload(&mut self, now: DateTime<Utc>, by_hand: bool) -> Vec<Wish>;

    /// What it needs by now: it is told of something, or has asked so long ago.
    fn due(&mut self, now: DateTime<Utc>, at_most: Option<TimeDelta>) -> Vec<Wish>;

    /// One of its own keys, or `Open`; about this record, or what is chosen.
    fn act(&mut self, command: Command, of: Option<&str>, now: DateTime<Utc>) -> Vec<Wish>;

    fn answered(&mut self, answer: &Answer, now: DateTime<Utc>) -> Vec<Wish>;

    /// Something has changed.
    fn told(&mut self, event: &OperatorEvent);

    /// Something was missed.
    fn doubts(&mut self);

    fn draw(&mut self, area: Rect, buffer: &mut Buffer, look: Look);

    /// Where the lines of the list were drawn last, for the mouse.
    fn list_area(&self) -> Rect;
}

/// All of them, in the order of the bar.
pub fn all() -> Vec<Box<dyn Screen>> {
    vec![
        Box::new(List::of(overview::Overviewed::default())),
        Box::new(List::of(Syncs)),
        Box::new(List::of(tenants::Tenants)),
        Box::new(List::of(Queues)),
        Box::new(List::of(Jobs)),
        Box::new(List::of(Endpoints)),
        Box::new(List::of(deliveries::Deliveries)),
        Box::new(List::of(Sessions)),
        Box::new(List::of(LogIns)),
        Box::new(List::of(Audit::default())),
    ]
}

/// One record with all that is known of it.
pub fn shown(looked: &Looked, now: DateTime<Utc>) -> Vec<Line> {
    match looked {
        Looked::Sync(log) => syncs::log(log, now),
        Looked::Order { tenant, order } => orders::shown(tenant, order, now),
        Looked::Usage(usage) => tenants::usage(usage),
        Looked::Delivery(log) => deliveries::log(log, now),
    }
}
