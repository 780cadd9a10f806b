//! What a list is of: all that makes one screen another.

use super::{Look, Wish};
use crate::{
    asks::{Looked, Query, Records},
    keys::{Binding, Command},
    narrows::{Narrow, Narrows},
    popups::{Form, Popup},
    table::{Column, Row},
    theme::Tone,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::admin::live::OperatorEvent;
use ratatui::{buffer::Buffer, layout::Rect};
use serde::Serialize;
use std::fmt;

/// What is fixed about a screen.
#[derive(Debug)]
pub struct About {
    /// As its tab and its command in the palette are called.
    pub name: &'static str,
    pub title: &'static str,
    pub columns: &'static [Column],
    /// Its keys beside those of every list.
    pub bindings: &'static [Binding],
    pub narrows: &'static [Narrow],
    /// What is said where there is none.
    pub nothing: &'static str,
    /// How many are read before the cursor comes near the last of them.
    pub at_once: usize,
    /// After how many seconds it is asked for anew although nothing was told of it.
    pub fresh: i64,
    /// How the kinds of events begin that change it.
    pub events: &'static [&'static str],
    /// Whether it stands in the bar; others are come to from a record.
    pub is_in_bar: bool,
}

/// What a key is about.
#[derive(Debug)]
pub struct Chosen<'a, R> {
    /// The record under the cursor, or that which is open.
    pub one: Option<&'a R>,
    /// The marked ones, or that.
    pub all: Vec<&'a R>,
    pub narrows: &'a Narrows,
    /// What stands behind `/`.
    pub filter: &'a str,
    pub now: DateTime<Utc>,
}

pub trait Subject: fmt::Debug {
    type Record: Clone + fmt::Debug + Serialize;

    const ABOUT: About;

    /// The list that is narrowed to this; what is wrong with it, where it can not be.
    fn query(narrows: &Narrows) -> Result<Query, String>;

    /// Its own of the records.
    fn taken(&mut self, records: &Records) -> Option<Vec<Self::Record>>;

    /// What it is called for good, and what is seen of it.
    fn row(record: &Self::Record) -> Row;

    /// One of its keys, or `Open`.
    fn act(&self, command: Command, chosen: &Chosen<'_, Self::Record>) -> Vec<Wish>;

    /// Whether the record itself has changed, as far as an event says.
    fn told(_record: &mut Self::Record, _event: &OperatorEvent) -> bool {
        false
    }

    /// Whether the list may be another one after an event of its kinds.
    fn concerns(_narrows: &Narrows, _event: &OperatorEvent) -> bool {
        true
    }

    /// The record, of what came when somebody looked at it.
    fn looked(_looked: &Looked) -> Option<Self::Record> {
        None
    }

    /// Whether an answer says more than what is shown, which an event may have changed before it came.
    fn is_newer(_answered: &Self::Record, _shown: &Self::Record) -> bool {
        true
    }

    /// Draws what stands above the list, and answers what is left of the area.
    fn draw_head(&self, area: Rect, _buffer: &mut Buffer, _look: Look) -> Rect {
        area
    }
}

impl<R> Chosen<'_, R> {
    /// One is asked for its reason alone; for more, their count is to be typed.
    pub fn count(&self) -> Option<String> {
        Some(self.all.len()).filter(|count| *count > 1).map(|count| count.to_string())
    }
}

pub fn open(form: Form) -> Vec<Wish> {
    vec![Wish::Open(Box::new(Popup::Form(form)))]
}

pub fn say(text: impl Into<String>) -> Vec<Wish> {
    vec![Wish::Say(Tone::Warning, text.into())]
}

pub fn go(to: &'static str, narrows: Narrows) -> Vec<Wish> {
    vec![Wish::Go { to, narrows, key: None }]
}

/// To a client's row.
pub fn go_to_tenant(slug: &str) -> Vec<Wish> {
    vec![Wish::Go { to: "tenants", narrows: Narrows::default(), key: Some(slug.to_owned()) }]
}
