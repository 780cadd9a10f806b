//! One stream: what a superadmin missed, then what changes, as server-sent events.

use super::{
    hub::{Leave, News},
    repo::{self, Told},
};
use crate::platform::{
    db::{Db, DbError},
    http::{Answers, SchemaOf},
};
use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    web::Bytes,
};
use futures_util::stream;
use serde_json::json;
use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};
use tokio::sync::{Notify, broadcast::error::RecvError};

/// Says that it is there, where nothing else is to be said.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Before the database is asked again.
const AGAIN: Duration = Duration::from_secs(1);
/// Read in one statement.
const PAGE: i64 = 200;
/// Who is further behind reads everything anew, which is sooner done.
const MOST_BEHIND: i64 = 10_000;

/// An answer that goes on until its session ends, or the process.
pub struct EventStream {
    db: Db,
    news: News,
    ended: Arc<Notify>,
    /// Counted for as long as it lives.
    _leave: Leave,
    place: Place,
    /// What goes out next.
    ready: VecDeque<Bytes>,
}

/// How far it has come.
enum Place {
    /// It begins: behind this one, or with what is now.
    Beginning(Option<i64>),
    /// It reads by itself what the reader has handed on before.
    Behind(i64),
    /// It hears of what changes.
    Level(i64),
    Ended,
}

impl EventStream {
    pub(super) fn new(db: Db, news: News, ended: Arc<Notify>, leave: Leave, after: Option<i64>) -> Self {
        Self { db, news, ended, _leave: leave, place: Place::Beginning(after), ready: VecDeque::new() }
    }

    /// What goes out next; nothing at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            let ended = Arc::clone(&self.ended);
            match self.place {
                Place::Ended => return None,
                Place::Level(seen) => {
                    let heartbeat = tokio::time::sleep(HEARTBEAT);
                    tokio::select! {
                        biased;
                        () = ended.notified() => self.end(),
                        heard = self.news.told.recv() => self.hear(seen, heard),
                        // The reader began behind where this stream is: nobody hands on what lies between.
                        Ok(()) = self.news.reached.changed() => {
                            if *self.news.reached.borrow_and_update() > seen {
                                self.place = Place::Behind(seen);
                            }
                        }
                        () = heartbeat => return Some(Bytes::from_static(b": here\n\n")),
                    }
                }
                Place::Beginning(_) | Place::Behind(_) => {
                    let step = tokio::select! {
                        () = ended.notified() => { self.end(); continue }
                        step = self.catch_up() => step,
                    };
                    if step.is_err() {
                        // The reader says so in the log; a comment tells the caller that the stream lives.
                        self.ready.push_back(Bytes::from_static(b": waiting\n\n"));
                        tokio::time::sleep(AGAIN).await;
                    }
                }
            }
        }
    }

    /// Its session has ended, or the process stops: nothing comes behind this.
    fn end(&mut self) {
        self.place = Place::Ended;
    }

    fn hear(&mut self, seen: i64, heard: Result<Arc<Told>, RecvError>) {
        match heard {
            Ok(told) if told.sequence > seen => {
                self.place = Place::Level(told.sequence);
                self.ready.push_back(event(&told));
            }
            Ok(_) => {}
            // Others were faster: it reads what it missed.
            Err(RecvError::Lagged(_)) => self.place = Place::Behind(seen),
            Err(RecvError::Closed) => self.end(),
        }
    }

    /// One step towards what is now. Whoever is too far behind, or where nothing is any more, begins anew.
    async fn catch_up(&mut self) -> Result<(), DbError> {
        let (beginning, seen) = match self.place {
            Place::Beginning(after) => (true, after),
            Place::Behind(seen) => (false, Some(seen)),
            Place::Level(_) | Place::Ended => return Ok(()),
        };
        let (last, purged) = self
            .db
            .platform_statement(|conn, _| {
                let last = repo::last(conn)?;
                Ok((last, repo::purged_through(conn)?))
            })
            .await?;
        let Some(seen) = seen else {
            self.say("ready", last);
            return Ok(());
        };
        if seen < purged || seen > last || last - seen > MOST_BEHIND {
            self.say("reset", last);
            return Ok(());
        }
        if beginning {
            self.ready.push_back(control("ready", seen));
        }
        let news = self.db.platform_statement(move |conn, _| repo::after(conn, seen, PAGE)).await?;
        self.ready.extend(news.iter().map(event));
        self.place = match news.last() {
            Some(told) => Place::Behind(told.sequence),
            None => Place::Level(seen),
        };
        Ok(())
    }

    fn say(&mut self, what: &str, last: i64) {
        self.ready.push_back(control(what, last));
        self.place = Place::Level(last);
    }
}

/// Not something that changed, but how the stream stands.
fn control(what: &str, sequence: i64) -> Bytes {
    Bytes::from(format!("retry: 1000\nid: {sequence}\nevent: {what}\ndata: {}\n\n", json!({"sequence": sequence})))
}

/// On one line, for JSON writes line breaks and other signs that have no place in a line otherwise.
fn event(told: &Told) -> Bytes {
    let Told { sequence, kind, tenant, resource_id, data, created_at } = told;
    let data = json!({
        "sequence": sequence, "type": kind, "tenant": tenant, "resource_id": resource_id, "data": data,
        "created_at": created_at,
    });
    Bytes::from(format!("id: {sequence}\nevent: {kind}\ndata: {data}\n\n"))
}

impl Responder for EventStream {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let events = stream::unfold(self, |mut stream| async move {
            let next = stream.next().await?;
            Some((Ok::<_, Infallible>(next), stream))
        });
        HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/event-stream"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .streaming(Box::pin(events))
    }
}

impl Answers for EventStream {
    fn schema() -> Option<SchemaOf> {
        None
    }

    fn files() -> &'static [&'static str] {
        &["text/event-stream"]
    }
}
