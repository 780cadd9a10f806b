//! A screen that is a list: reads it page by page, keeps what is there while it is read anew, and stays with its
//! record whatever comes.
//!
//! It is read once at a time. A long list is read as far as somebody goes; what was done here stays to be seen until
//! the list is asked for by hand, though it may not belong there any more.

use super::{About, Chosen, Look, Screen, Subject, Wish};
use crate::{
    asks::{Answer, Ask, Outcome, Query, Records},
    keys::Command,
    narrows::Narrows,
    panel::{Failure, Standing, say},
    table::{Row, Table},
};
use chrono::{DateTime, TimeDelta, Utc};
use countinghouse_contract::admin::live::OperatorEvent;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
    widgets::{Block, Widget},
};
use std::collections::{BTreeMap, BTreeSet};

/// No more are kept: whoever has more narrows the list.
const MOST: usize = 20_000;
/// What comes from now on is read this much later, and a list that takes long no more often than a quarter of the time.
const PAUSE: TimeDelta = TimeDelta::milliseconds(300);
/// After a failure.
const RETRY: TimeDelta = TimeDelta::seconds(5);
/// Near the last of what is there: more is read.
const NEAR: usize = 100;

#[derive(Debug)]
pub struct List<S: Subject> {
    subject: S,
    narrows: Narrows,
    /// As the rows of the table, one for one.
    records: Vec<S::Record>,
    table: Table,
    reading: Option<Reading<S::Record>>,
    /// What follows the last record, where there are more than were wanted.
    more: Option<String>,
    wanted: usize,
    standing: Standing,
    /// Something has changed since it was read.
    is_doubtful: bool,
    begun_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    /// What was done here.
    held: BTreeSet<String>,
    goal: Option<String>,
    area: Rect,
}

/// What has come so far.
#[derive(Debug)]
struct Reading<R> {
    query: Query,
    cursor: Option<String>,
    records: Vec<R>,
    /// How many were there when they were shown last.
    shown: usize,
}

impl<S: Subject> List<S> {
    pub fn of(subject: S) -> Self {
        Self {
            subject,
            narrows: Narrows::default(),
            records: Vec::new(),
            table: Table::new(S::ABOUT.columns),
            reading: None,
            more: None,
            wanted: S::ABOUT.at_once,
            standing: Standing::default(),
            is_doubtful: false,
            begun_at: None,
            ended_at: None,
            held: BTreeSet::new(),
            goal: None,
            area: Rect::default(),
        }
    }

    fn read(&mut self, cursor: Option<String>, records: Vec<S::Record>) -> Vec<Wish> {
        match S::query(&self.narrows) {
            Ok(query) => {
                let shown = records.len();
                self.reading = Some(Reading { query: query.clone(), cursor: cursor.clone(), records, shown });
                vec![Wish::Ask(Ask::Page { query, cursor })]
            }
            Err(why) => {
                self.standing = Standing::Failed(Failure::Refused(why));
                Vec::new()
            }
        }
    }

    fn take_page(&mut self, records: &Records, next: Option<&String>, now: DateTime<Utc>) -> Vec<Wish> {
        let (Some(page), Some(mut reading)) = (self.subject.taken(records), self.reading.take()) else {
            return Vec::new();
        };
        reading.records.extend(page);
        self.standing = self.standing.after(Ok(()), now);
        let next = next.cloned();
        if next.is_none() || reading.records.len() >= self.wanted.min(MOST) {
            self.more = next;
            self.ended_at = Some(now);
            self.show(reading.records, true);
            return Vec::new();
        }
        // What is made of all that is there is made again when it has doubled, not for each page.
        if reading.records.len() >= reading.shown.saturating_mul(2) {
            reading.shown = reading.records.len();
            self.show(reading.records.clone(), false);
        }
        let (query, cursor) = (reading.query.clone(), next);
        self.reading = Some(Reading { cursor: cursor.clone(), ..reading });
        vec![Wish::Ask(Ask::Page { query, cursor })]
    }

    /// These first. Of those of before, what is held stays, and all as long as it is not known what is gone.
    fn show(&mut self, records: Vec<S::Record>, are_all: bool) {
        let mut rows: Vec<Row> = Vec::with_capacity(records.len());
        let (mut kept, mut seen) = (Vec::with_capacity(records.len()), BTreeSet::new());
        let places: BTreeMap<&str, usize> = self.table.rows().iter().map(|row| row.key.as_str()).zip(0..).collect();
        for record in records {
            let row = S::row(&record);
            // An event may have said more of it while the page was on its way.
            let shown = places.get(row.key.as_str()).and_then(|at| self.records.get(*at));
            let (record, row) = match shown.filter(|shown| !S::is_newer(&record, shown)) {
                Some(shown) => (shown.clone(), S::row(shown)),
                None => (record, row),
            };
            if seen.insert(row.key.clone()) {
                rows.push(row);
                kept.push(record);
            }
        }
        let held = &self.held;
        let stays = |key: &str| !seen.contains(key) && (!are_all || held.contains(key));
        for (at, (record, row)) in self.records.drain(..).zip(self.table.rows()).enumerate() {
            if stays(&row.key) {
                // Where it was, as nearly as can be.
                let at = if are_all { at.min(rows.len()) } else { rows.len() };
                rows.insert(at, row.clone());
                kept.insert(at, record);
            }
        }
        self.records = kept;
        self.table.set(rows);
        self.reach_goal();
    }

    fn reach_goal(&mut self) {
        if let Some(key) = &self.goal
            && self.table.go_to_key(key)
        {
            self.goal = None;
        }
    }

    /// As it is now: in its place, or before all others.
    fn change(&mut self, record: S::Record) {
        let row = S::row(&record);
        self.held.insert(row.key.clone());
        match self.table.place_of(&row.key) {
            Some(at) => {
                let Some(before) = self.records.get_mut(at).filter(|before| S::is_newer(&record, before)) else {
                    return;
                };
                *before = record;
                self.table.replace(at, row);
            }
            None => {
                self.records.insert(0, record);
                self.table.set([vec![row], self.table.rows().to_vec()].concat());
            }
        }
    }

    fn remove(&mut self, key: &str) {
        if let Some(at) = self.table.place_of(key) {
            self.records.remove(at);
            let rows = self.table.rows().iter().filter(|row| row.key != key).cloned().collect();
            self.table.set(rows);
        }
    }

    fn forget(&mut self) {
        self.records.clear();
        self.table.set(Vec::new());
        self.held.clear();
        (self.reading, self.more, self.goal) = (None, None, None);
        (self.wanted, self.standing) = (S::ABOUT.at_once, Standing::default());
        (self.begun_at, self.ended_at) = (None, None);
    }

    fn title(&self, look: Look) -> Line<'static> {
        let (all, shown) = self.table.counts();
        let and_more = if self.more.is_some() { "+" } else { "" };
        let count = if all == shown { format!(" {all}{and_more} ") } else { format!(" {shown} of {all}{and_more} ") };
        let is_had = !matches!(self.standing, Standing::Loading | Standing::Failed(_));
        let count = if is_had { count } else { " ".to_owned() };
        let mut title = vec![
            Span::styled(format!(" {}", S::ABOUT.title), look.theme.heading()),
            Span::raw(count),
            Span::raw(crate::text::clean(&self.narrows.said())),
        ];
        if let Some((tone, note)) = self.standing.note(look.now) {
            title.push(Span::styled(format!("{}{note} ", tone.sign()), look.theme.tone(tone)));
        }
        Line::from(title)
    }
}

impl<S: Subject> Screen for List<S> {
    fn about(&self) -> &'static About {
        const { &S::ABOUT }
    }

    fn table(&mut self) -> &mut Table {
        &mut self.table
    }

    fn narrows(&self) -> &Narrows {
        &self.narrows
    }

    fn narrow(&mut self, narrows: Narrows) -> Result<(), String> {
        S::query(&narrows)?;
        if narrows != self.narrows {
            self.narrows = narrows;
            self.forget();
        }
        Ok(())
    }

    fn go_to(&mut self, key: String) {
        self.goal = Some(key);
        self.reach_goal();
    }

    fn reload(&mut self, now: DateTime<Utc>, by_hand: bool) -> Vec<Wish> {
        if by_hand {
            self.held.clear();
        }
        if self.reading.is_some() {
            return Vec::new();
        }
        self.is_doubtful = false;
        self.begun_at = Some(now);
        self.read(None, Vec::new())
    }

    fn due(&mut self, now: DateTime<Utc>, at_most: Option<TimeDelta>) -> Vec<Wish> {
        if self.reading.is_some() {
            return Vec::new();
        }
        let (Some(begun), Some(ended)) = (self.begun_at, self.ended_at) else { return self.reload(now, false) };
        let fresh = TimeDelta::seconds(S::ABOUT.fresh);
        let is_old = now - begun >= at_most.map_or(fresh, |at_most| fresh.min(at_most));
        let is_had = matches!(self.standing, Standing::Ready(_));
        let pause = if is_had { PAUSE.max((ended - begun) * 4) } else { RETRY };
        if (is_old || self.is_doubtful) && now - ended >= pause {
            return self.reload(now, false);
        }
        let (_, shown) = self.table.counts();
        let goes_on = shown > 0 && self.table.filter_text().is_empty() && self.table.lines_below() < NEAR;
        if goes_on && self.more.is_some() && self.records.len() < MOST {
            self.wanted = self.records.len() + S::ABOUT.at_once;
            let (cursor, records) = (self.more.take(), self.records.clone());
            return self.read(cursor, records);
        }
        Vec::new()
    }

    fn act(&mut self, command: Command, of: Option<&str>, now: DateTime<Utc>) -> Vec<Wish> {
        let one = match of {
            Some(key) => self.table.place_of(key),
            None => self.table.current_place(),
        };
        if of.is_some() && one.is_none() {
            return super::subject::say("It is in this list no more.");
        }
        let one = one.and_then(|at| self.records.get(at));
        let marked = if of.is_none() { self.table.marked_places() } else { Vec::new() };
        let all: Vec<&S::Record> = if marked.is_empty() {
            one.into_iter().collect()
        } else {
            marked.into_iter().filter_map(|at| self.records.get(at)).collect()
        };
        let chosen = Chosen { one, all, narrows: &self.narrows, filter: self.table.filter_text(), now };
        self.subject.act(command, &chosen)
    }

    fn answered(&mut self, answer: &Answer, now: DateTime<Utc>) -> Vec<Wish> {
        match answer {
            Answer::Page { query, cursor, page } => {
                let is_mine = |reading: &Reading<_>| reading.query == *query && reading.cursor == *cursor;
                if !self.reading.as_ref().is_some_and(is_mine) {
                    return Vec::new();
                }
                match page {
                    Ok(page) => return self.take_page(&page.records, page.next.as_ref(), now),
                    Err(failure) => {
                        self.reading = None;
                        (self.ended_at, self.is_doubtful) = (Some(now), true);
                        self.standing = self.standing.after(Err(failure.clone()), now);
                    }
                }
            }
            Answer::Done(done) => {
                for (_, outcome) in done {
                    match outcome {
                        Ok(Outcome::Changed(records)) => {
                            let taken = self.subject.taken(records).unwrap_or_default();
                            taken.into_iter().for_each(|record| self.change(record));
                        }
                        Ok(Outcome::Gone(key)) => self.remove(key),
                        Ok(Outcome::Begun(_)) => self.is_doubtful = true,
                        Err(_) => {}
                    }
                }
            }
            // It is newer than its row, which it does not make one of those that were done something to.
            Answer::Look { outcome: Ok(looked), .. } => {
                let known = S::looked(looked).map(|record| (self.table.place_of(&S::row(&record).key), record));
                if let Some((Some(at), record)) = known
                    && let Some(shown) = self.records.get_mut(at).filter(|shown| S::is_newer(&record, shown))
                {
                    *shown = record;
                    self.table.replace(at, S::row(shown));
                }
            }
            Answer::Look { .. } | Answer::Counted { .. } => {}
        }
        Vec::new()
    }

    fn told(&mut self, event: &OperatorEvent) {
        if !S::ABOUT.events.iter().any(|begins| event.kind.starts_with(begins)) {
            return;
        }
        let of_another = match (self.narrows.get("tenant"), event.tenant.as_deref()) {
            (Some(narrowed), Some(tenant)) => narrowed != tenant,
            _ => false,
        };
        if of_another {
            return;
        }
        self.is_doubtful |= S::concerns(&self.narrows, event);
        let keys = [Some(event.resource_id.as_str()), event.tenant.as_deref()];
        let Some(at) = keys.into_iter().flatten().find_map(|key| self.table.place_of(key)) else { return };
        let is_current = self.table.current_place() == Some(at);
        let Some(record) = self.records.get_mut(at) else { return };
        if S::told(record, event) {
            let row = S::row(record);
            if is_current {
                self.held.insert(row.key.clone());
            }
            self.table.replace(at, row);
        }
    }

    fn doubts(&mut self) {
        self.is_doubtful = true;
        if !matches!(self.standing, Standing::Ready(_)) {
            // What it waited for may be over.
            self.ended_at = None;
        }
    }

    fn draw(&mut self, area: Rect, buffer: &mut Buffer, look: Look) {
        let area = self.subject.draw_head(area, buffer, look);
        let block = Block::bordered().border_style(look.theme.frame(true)).title(self.title(look));
        self.area = block.inner(area);
        block.render(area, buffer);
        let (all, shown) = self.table.counts();
        let nothing = if all > 0 {
            "Nothing matches. Esc takes the filter away."
        } else if self.narrows.is_empty() {
            S::ABOUT.nothing
        } else {
            "Nothing is so. Esc lists all again."
        };
        match self.standing.in_place(shown == 0, nothing) {
            Some(said) => say(self.area, buffer, look.theme, &said),
            None => self.table.draw(self.area, buffer, look.theme),
        }
    }

    fn list_area(&self) -> Rect {
        self.area
    }
}
