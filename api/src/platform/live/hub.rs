//! The one reader of a process, and who listens to it.

use super::{
    repo::{self, Told},
    stream::EventStream,
};
use crate::platform::{
    authn::PlatformCtx,
    db::{Db, DbError},
};
use countinghouse_contract::SessionId;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{Notify, broadcast, watch};

/// How soon what changed is seen.
const LOOKS: Duration = Duration::from_millis(250);
/// How soon a stream ends after its session.
const CHECKS_SESSIONS: Duration = Duration::from_secs(1);
/// How often it is said that somebody looks.
const SAYS_SO: Duration = Duration::from_secs(300);
/// What is kept for a stream that is behind: it reads the rest from the database.
const KEPT: usize = 1_024;
/// Read in one statement.
const PAGE: i64 = 500;
/// Streams of a process, and of one session.
const MOST_STREAMS: usize = 100;
const MOST_OF_SESSION: usize = 5;

/// As many streams are open as the process may have, or it stops.
#[derive(Debug, thiserror::Error)]
#[error("too many streams of events are open")]
pub struct TooManyStreams;

/// What changed, handed on to all who look.
#[derive(Clone)]
pub struct Live(Arc<Hub>);

struct Hub {
    db: Db,
    sender: broadcast::Sender<Arc<Told>>,
    /// The number of the last one that was handed on, or was there before anything was.
    reached: watch::Sender<i64>,
    streams: Mutex<Streams>,
    next: AtomicU64,
}

#[derive(Default)]
struct Streams {
    open: HashMap<u64, (SessionId, Arc<Notify>)>,
    /// Whether somebody reads for them.
    read: bool,
    /// The process stops.
    closed: bool,
}

impl Streams {
    /// Who opens one more than a session may have is more likely to come back than to look at so many: a connection
    /// that was lost is noticed late. The oldest ends.
    fn make_room(&mut self, session: SessionId) {
        let own = self.open.iter().filter(|(_, (of, _))| *of == session).map(|(key, _)| *key);
        let own: BTreeSet<u64> = own.collect();
        if let Some(oldest) = own.first().filter(|_| own.len() >= MOST_OF_SESSION)
            && let Some((_, ended)) = self.open.remove(oldest)
        {
            ended.notify_one();
        }
    }
}

impl Live {
    pub fn new(db: Db) -> Self {
        let (sender, _) = broadcast::channel(KEPT);
        let (reached, _) = watch::channel(0);
        Self(Arc::new(Hub { db, sender, reached, streams: Mutex::default(), next: AtomicU64::new(0) }))
    }

    /// A stream of what changes from now on; of what has since the event of this number, where there is one.
    pub fn open(&self, ctx: &PlatformCtx, after: Option<i64>) -> Result<EventStream, TooManyStreams> {
        let (session, ended) = (ctx.session_id(), Arc::new(Notify::new()));
        let key = self.0.next.fetch_add(1, Ordering::Relaxed);
        let mut streams = self.0.streams();
        if streams.closed || streams.open.len() >= MOST_STREAMS {
            return Err(TooManyStreams);
        }
        streams.make_room(session);
        streams.open.insert(key, (session, Arc::clone(&ended)));
        // What is read from here on waits in the receiver, while the stream reads what was before.
        let news = News { told: self.0.sender.subscribe(), reached: self.0.reached.subscribe() };
        if !streams.read {
            streams.read = true;
            tokio::spawn(read(Arc::clone(&self.0)));
        }
        drop(streams);
        let leave = Leave { hub: Arc::clone(&self.0), key };
        Ok(EventStream::new(self.0.db.clone(), news, ended, leave, after))
    }

    /// The process stops: whoever listens goes on at another copy, from where they are.
    pub fn close(&self) {
        let mut streams = self.0.streams();
        streams.closed = true;
        for (_, ended) in streams.open.values() {
            ended.notify_one();
        }
    }
}

/// What the reader hands on.
pub(super) struct News {
    pub told: broadcast::Receiver<Arc<Told>>,
    pub reached: watch::Receiver<i64>,
}

/// A stream that is gone is not counted, whatever ended it.
pub(super) struct Leave {
    hub: Arc<Hub>,
    key: u64,
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.hub.streams().open.remove(&self.key);
    }
}

impl Hub {
    fn streams(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether to go on reading; nobody reads for nobody.
    fn is_wanted(&self) -> bool {
        let mut streams = self.streams();
        streams.read = !streams.open.is_empty() && !streams.closed;
        streams.read
    }

    async fn end_dead_sessions(&self) -> Result<(), DbError> {
        let mut sessions: Vec<SessionId> = self.streams().open.values().map(|(session, _)| *session).collect();
        sessions.sort_unstable();
        sessions.dedup();
        let alive = self.db.platform_statement(move |conn, now| repo::alive(conn, &sessions, now)).await?;
        for (session, ended) in self.streams().open.values() {
            if !alive.contains(session) {
                ended.notify_one();
            }
        }
        Ok(())
    }

    /// Hands on what is behind this number; where it has come to.
    async fn hand_on(&self, mut seen: i64) -> Result<i64, DbError> {
        let last = self.db.platform_statement(|conn, _| repo::last(conn)).await?;
        while seen < last {
            let news = self.db.platform_statement(move |conn, _| repo::after(conn, seen, PAGE)).await?;
            // What was purged meanwhile nobody waits for.
            seen = news.last().map_or(last, |told| told.sequence);
            for told in news {
                let _nobody_listens = self.sender.send(Arc::new(told));
            }
        }
        self.reached.send_if_modified(|reached| std::mem::replace(reached, seen) != seen);
        Ok(seen)
    }
}

/// Reads for as long as somebody looks. While the database is away, it tries again.
async fn read(hub: Arc<Hub>) {
    let mut seen = None;
    let (mut checked, mut said) = (Instant::now(), None::<Instant>);
    while hub.is_wanted() {
        if let Err(error) = turn(&hub, &mut seen, &mut checked, &mut said).await {
            tracing::warn!(%error, "what changed could not be read");
        }
        tokio::time::sleep(LOOKS).await;
    }
}

async fn turn(
    hub: &Hub,
    seen: &mut Option<i64>,
    checked: &mut Instant,
    said: &mut Option<Instant>,
) -> Result<(), DbError> {
    if said.is_none_or(|said| said.elapsed() > SAYS_SO) {
        hub.db.platform_statement(repo::watch).await?;
        *said = Some(Instant::now());
    }
    if checked.elapsed() > CHECKS_SESSIONS {
        hub.end_dead_sessions().await?;
        *checked = Instant::now();
    }
    let from = match *seen {
        Some(seen) => seen,
        // Streams read by themselves what was before.
        None => hub.db.platform_statement(|conn, _| repo::last(conn)).await?,
    };
    *seen = Some(hub.hand_on(from).await?);
    Ok(())
}
