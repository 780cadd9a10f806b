//! A lane: the connections of one database login, with a queue in front.
//!
//! r2d2 hands out connections unfairly when more ask than there are, so turns ([`Turns`]) stand in front of it, and
//! the wait happens before a thread is taken. A connection that turns out dead at BEGIN is replaced, which costs a
//! healthy one nothing.
//!
//! What only reads is answered before its COMMIT. Where somebody waits for the connection, it is handed
//! over as it is, and the COMMIT goes in one message with their BEGIN, which spares a round trip.

use super::{
    error::DbError,
    turns::{GivesUp, Place, Turn, Turns},
};
use crate::platform::metrics::Login;
use diesel::{
    Connection, PgConnection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    r2d2::{
        ConnectionManager, CustomizeConnection, Error, HandleError, HandleEvent, Pool, PooledConnection,
        event::{AcquireEvent, CheckinEvent, CheckoutEvent, ReleaseEvent},
    },
    result::{DatabaseErrorKind, Error as QueryError},
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{sync::oneshot, task::spawn_blocking, time::timeout};

/// How long it is waited for a connection, when it is one's turn.
const PATIENCE: Duration = Duration::from_secs(3);

/// The same for a connection when none has come about for as long: the pool goes on trying in the
/// background, and nobody is better off for waiting. A short restart is waited out.
const PATIENCE_WHILE_AWAY: Duration = Duration::from_millis(100);

type Connections = Pool<ConnectionManager<PgConnection>>;

#[derive(Clone)]
pub(super) struct Lane(Arc<Inner>);

struct Inner {
    pool: Connections,
    turns: Turns,
    /// How long it is waited for a turn.
    patience: Duration,
    events: Events,
}

/// To whom the answer of some work goes, who may have gone meanwhile.
type Answer<T, E> = oneshot::Sender<Result<T, E>>;

impl Lane {
    /// `prepares`: what each connection prepares before it is used.
    pub(super) fn new(
        url: &str,
        size: u32,
        patience: Duration,
        prepares: Option<&'static str>,
        metrics: Login,
    ) -> Self {
        let events = Events { metrics, failing_since: Arc::default() };
        let pool = Pool::builder()
            .max_size(size)
            .connection_timeout(PATIENCE)
            .test_on_check_out(false)
            .error_handler(Box::new(events.clone()))
            .event_handler(Box::new(events.clone()))
            .connection_customizer(Box::new(Prepares(prepares)))
            .build_unchecked(ConnectionManager::new(with_limits(url)));
        let turns = Turns::new(usize::try_from(size).unwrap_or(1));
        Self(Arc::new(Inner { pool, turns, patience, events }))
    }

    /// Runs the work on a connection, off the HTTP workers.
    pub(super) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Lease) -> Result<T, E> + Send + 'static,
    {
        self.at_turn(|lane, turn, left, answer| {
            // The connection goes back before anybody is told.
            let done = lane.lease(left).map_err(E::from).and_then(|mut lease| work(&mut lease));
            let _gone_meanwhile = answer.send(done);
            Some((turn, None))
        })
        .await
    }

    /// Runs work that leaves open what it only read, and answers before that is ended.
    pub(super) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Lease) -> Result<T, E> + Send + 'static,
    {
        self.at_turn(|lane, turn, left, answer| match lane.lease(left) {
            Ok(mut lease) => {
                let _gone_meanwhile = answer.send(work(&mut lease));
                Some((turn, lease.reads.then_some(lease)))
            }
            Err(error) => {
                let _gone_meanwhile = answer.send(Err(error.into()));
                Some((turn, None))
            }
        })
        .await
    }

    /// Runs work that leaves its transaction open, which is then held until somebody ends it.
    pub(super) async fn hold<T, E, F>(&self, work: F) -> Result<(T, Held), E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Lease) -> Result<T, E> + Send + 'static,
    {
        self.at_turn(|lane, turn, left, answer| {
            let done =
                lane.lease(left).map_err(E::from).and_then(|mut lease| work(&mut lease).map(|value| (value, lease)));
            match done {
                Ok((value, lease)) => {
                    // Whoever has gone meanwhile drops it, and it is undone.
                    let _gone_meanwhile = answer.send(Ok((value, Held { lease, turn })));
                    None
                }
                Err(error) => {
                    let _gone_meanwhile = answer.send(Err(error));
                    Some((turn, None))
                }
            }
        })
        .await
    }

    fn lease(&self, left: Option<Lease>) -> Result<Lease, DbError> {
        left.map_or_else(|| Lease::take(self.clone()), Ok)
    }

    /// Has this done at a turn, which is waited for as long as there is patience; what has begun, to its end.
    async fn at_turn<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&Self, Turn, Option<Lease>, Answer<T, E>) -> Option<(Turn, Option<Lease>)> + Send + 'static,
    {
        let (asked, place) = (Instant::now(), Arc::new(Place::default()));
        let _gives_up = GivesUp(Arc::clone(&place));
        let (answer, mut answered) = oneshot::channel();
        let lane = self.clone();
        let begun = move |turn, left| {
            lane.0.events.metrics.waited(asked.elapsed());
            work(&lane, turn, left, answer)
        };
        self.0.turns.ask(&place, Box::new(begun));
        let answer = match timeout(self.0.patience, &mut answered).await {
            Ok(answer) => answer,
            Err(_) if place.settle() => {
                self.0.events.metrics.turned_away();
                return Err(DbError::Unavailable("too many requests are waiting".to_owned()).into());
            }
            Err(_) => answered.await,
        };
        answer.unwrap_or_else(|_| Err(DbError::Thread.into()))
    }
}

/// A transaction whose work is done, waiting to be ended. Dropped, it is undone: the pool closes a
/// connection that comes back in the middle of one.
pub(super) struct Held {
    lease: Lease,
    turn: Turn,
}

impl Held {
    /// Does the last of the work and commits.
    pub(super) async fn commit<F>(self, last: F) -> Result<(), DbError>
    where
        F: FnOnce(&mut PgConnection) -> Result<(), DbError> + Send + 'static,
    {
        self.end(|lease| lease.finish(last)).await
    }

    pub(super) async fn roll_back(self) {
        // An error of our own undoes it; that it comes back is what was wanted.
        let _undone = self.end(|lease| lease.attempt(|_| Err::<(), _>(DbError::Thread))).await;
    }

    async fn end(self, how: impl FnOnce(&mut Lease) -> Result<(), DbError> + Send + 'static) -> Result<(), DbError> {
        let (answer, answered) = oneshot::channel();
        let Self { mut lease, turn } = self;
        // It runs to its end, whether somebody waits for it or not.
        drop(spawn_blocking(move || {
            let done = how(&mut lease);
            drop(lease);
            let _gone_meanwhile = answer.send(done);
            turn.pass_on(None);
        }));
        answered.await.unwrap_or(Err(DbError::Thread))
    }
}

/// A host that vanishes without a word is noticed within seconds, where TCP would take its many
/// minutes; what the URL says itself comes first.
fn with_limits(url: &str) -> String {
    const LIMITS: [(&str, u32); 5] = [
        ("connect_timeout", 3),
        ("keepalives_idle", 10),
        ("keepalives_interval", 5),
        ("keepalives_count", 3),
        ("tcp_user_timeout", 20_000),
    ];
    if !url.contains("://") {
        return url.to_owned();
    }
    LIMITS.iter().filter(|(name, _)| !url.contains(name)).fold(url.to_owned(), |url, (name, value)| {
        let separator = if url.contains('?') { '&' } else { '?' };
        format!("{url}{separator}{name}={value}")
    })
}

/// A connection for one transaction; none while a dead one is being replaced.
pub(super) struct Lease {
    lane: Lane,
    connection: Option<PooledConnection<ConnectionManager<PgConnection>>>,
    /// A transaction is open in which something was read, and of which diesel does not know.
    reads: bool,
}

impl Lease {
    fn take(lane: Lane) -> Result<Self, DbError> {
        let mut lease = Self { lane, connection: None, reads: false };
        lease.connect()?;
        Ok(lease)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where connections are taken")]
    fn connect(&mut self) -> Result<(), DbError> {
        let Inner { pool, events, .. } = &*self.lane.0;
        let patience = match events.failing_for() {
            Some(time) if pool.state().connections == 0 => PATIENCE.saturating_sub(time).max(PATIENCE_WHILE_AWAY),
            _ => PATIENCE,
        };
        self.connection = Some(pool.get_timeout(patience).map_err(|e| DbError::Unavailable(e.to_string()))?);
        Ok(())
    }

    fn connection(&mut self) -> Result<&mut PgConnection, DbError> {
        let none = || DbError::Unavailable("the connection was lost".to_owned());
        self.connection.as_deref_mut().ok_or_else(none)
    }

    /// Begins a transaction with `sql`, which is `BEGIN` and what belongs into the same round
    /// trip. Nothing has happened yet when it fails, so a dead connection is replaced and the
    /// beginning tried again, at most once for each connection that the pool may hold.
    pub(super) fn begin(&mut self, sql: &str) -> Result<(), DbError> {
        self.begin_by(sql, AnsiTransactionManager::begin_transaction_sql)
    }

    /// The same for one that only reads, which diesel is not told of: it is ended with whatever comes next on this
    /// connection.
    pub(super) fn begin_reading(&mut self, sql: &str) -> Result<(), DbError> {
        self.begin_by(sql, PgConnection::batch_execute)?;
        self.reads = true;
        Ok(())
    }

    fn begin_by(
        &mut self,
        sql: &str,
        begin: impl Fn(&mut PgConnection, &str) -> diesel::QueryResult<()>,
    ) -> Result<(), DbError> {
        for _ in 0..=self.lane.0.pool.max_size() {
            let after_reading = std::mem::take(&mut self.reads).then(|| format!("COMMIT; {sql}"));
            let connection = self.connection()?;
            let Err(error) = begin(connection, after_reading.as_deref().unwrap_or(sql)) else {
                return Ok(());
            };
            match DbError::from(error) {
                DbError::Unavailable(_) => self.replace()?,
                other => {
                    // BEGIN itself has happened, and diesel does not know of it.
                    if connection.batch_execute("ROLLBACK").is_err() {
                        self.discard();
                    }
                    return Err(other);
                }
            }
        }
        Err(DbError::Unavailable("no connection is alive".to_owned()))
    }

    /// Does work inside the transaction that [`Lease::begin`] opened, which is rolled back when the
    /// work fails.
    pub(super) fn attempt<T, E: From<DbError>>(
        &mut self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = self.connection()?;
        let result = work(connection);
        if result.is_err() && AnsiTransactionManager::rollback_transaction(connection).is_err() {
            self.discard();
        }
        result
    }

    /// Reads inside the transaction that [`Lease::begin_reading`] opened, which stays open when that succeeds.
    pub(super) fn reading<T, E: From<DbError>>(
        &mut self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let result = work(self.connection()?);
        if result.is_err() {
            self.end_reading();
        }
        result
    }

    /// A dead connection is given back, and there is none then.
    pub(super) fn end_reading(&mut self) {
        if std::mem::take(&mut self.reads) && self.connection().is_ok_and(|conn| conn.batch_execute("COMMIT").is_err())
        {
            self.discard();
        }
    }

    /// With nothing open on it: for what is no transaction of ours.
    fn idle_connection(&mut self) -> Result<&mut PgConnection, DbError> {
        self.end_reading();
        if self.connection.is_none() {
            self.connect()?;
        }
        self.connection()
    }

    /// As [`Lease::attempt`], and commits when the work succeeds.
    pub(super) fn finish<T, E: From<DbError>>(
        &mut self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let value = self.attempt(work)?;
        let Err(error) = AnsiTransactionManager::commit_transaction(self.connection()?) else {
            return Ok(value);
        };
        self.discard();
        // The answer to COMMIT is lost: it may have happened, and it may not.
        Err(match DbError::from(error) {
            DbError::Unavailable(reason) => DbError::OutcomeUnknown(reason).into(),
            other => other.into(),
        })
    }

    /// The bare connection, for a single statement that is a transaction of its own and may be
    /// tried again.
    pub(super) fn statement<T>(
        &mut self,
        mut run: impl FnMut(&mut PgConnection) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        for _ in 0..self.lane.0.pool.max_size() {
            match run(self.idle_connection()?) {
                Err(DbError::Unavailable(_)) => self.replace()?,
                other => return other,
            }
        }
        run(self.connection()?)
    }

    /// The same for one that must not happen twice. Its connection may have been dead for long; then the next
    /// one to ask gets a new one.
    pub(super) fn statement_once<T>(
        &mut self,
        run: impl FnOnce(&mut PgConnection) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let result = run(self.idle_connection()?);
        if matches!(result, Err(DbError::Unavailable(_))) {
            self.discard();
        }
        result
    }

    /// The dead one goes first: the pool counts it as long as it is held.
    fn replace(&mut self) -> Result<(), DbError> {
        self.discard();
        self.connect()
    }

    /// Gives the connection back with a mark, so that the pool closes it.
    fn discard(&mut self) {
        type Manager = <PgConnection as Connection>::TransactionManager;
        if let Some(mut connection) = self.connection.take() {
            Manager::transaction_manager_status_mut(&mut *connection).set_in_error();
        }
    }
}

/// Nothing that is open goes back to the pool.
impl Drop for Lease {
    fn drop(&mut self) {
        if self.reads {
            self.discard();
        }
    }
}

/// Makes a new connection ready. Where the schema is not there yet, it is left unready, and the first who begins
/// a transaction on it gets another one in its place.
#[derive(Debug)]
struct Prepares(Option<&'static str>);

impl CustomizeConnection<PgConnection, Error> for Prepares {
    fn on_acquire(&self, connection: &mut PgConnection) -> Result<(), Error> {
        match self.0.map(|statements| connection.batch_execute(statements)) {
            Some(Err(error)) if !matches!(error, QueryError::DatabaseError(DatabaseErrorKind::Unknown, _)) => {
                Err(Error::QueryError(error))
            }
            _ => Ok(()),
        }
    }
}

/// What happens to the pool: counted, and noted when connections do not come about.
#[derive(Clone, Debug)]
struct Events {
    metrics: Login,
    failing_since: Arc<Mutex<Option<Instant>>>,
}

impl Events {
    /// For how long every try to connect has failed.
    fn failing_for(&self) -> Option<Duration> {
        self.since().map(|since| since.elapsed())
    }

    fn since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.failing_since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// libpq names host, port and user in its errors, and no password.
impl<E: std::error::Error> HandleError<E> for Events {
    fn handle_error(&self, error: E) {
        self.since().get_or_insert_with(Instant::now);
        self.metrics.failed();
        tracing::warn!(error = %error, "no connection to the database");
    }
}

impl HandleEvent for Events {
    fn handle_acquire(&self, _: AcquireEvent) {
        *self.since() = None;
        self.metrics.opened();
    }

    fn handle_release(&self, _: ReleaseEvent) {
        self.metrics.closed();
    }

    fn handle_checkout(&self, _: CheckoutEvent) {
        self.metrics.taken();
    }

    fn handle_checkin(&self, event: CheckinEvent) {
        self.metrics.given_back(event.duration());
    }
}
