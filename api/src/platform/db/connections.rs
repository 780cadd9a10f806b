//! The connections of one database login: how they come about, and how many there are.

use super::error::DbError;
use crate::platform::metrics::Login;
use diesel::{
    PgConnection,
    connection::SimpleConnection,
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

/// How long it is waited for a connection, when it is one's turn.
const PATIENCE: Duration = Duration::from_secs(3);

/// The same for a connection when none has come about for as long: the pool goes on trying in the
/// background, and nobody is better off for waiting. A short restart is waited out.
const PATIENCE_WHILE_AWAY: Duration = Duration::from_millis(100);

#[derive(Clone)]
pub(super) struct Connections(Arc<Inner>);

struct Inner {
    pool: Pool<ConnectionManager<PgConnection>>,
    events: Events,
}

impl Connections {
    /// `prepares`: what each prepares before it is used.
    pub(super) fn new(url: &str, most: u32, prepares: Option<&'static str>, metrics: Login) -> Self {
        let events = Events { metrics, failing_since: Arc::default() };
        let pool = Pool::builder()
            .max_size(most)
            .connection_timeout(PATIENCE)
            .test_on_check_out(false)
            .error_handler(Box::new(events.clone()))
            .event_handler(Box::new(events.clone()))
            .connection_customizer(Box::new(Prepares(prepares)))
            .build_unchecked(ConnectionManager::new(with_limits(url)));
        Self(Arc::new(Inner { pool, events }))
    }

    /// One that nobody has; it may be dead.
    #[expect(clippy::disallowed_methods, reason = "the one place where connections are taken")]
    pub(super) fn take(&self) -> Result<PooledConnection<ConnectionManager<PgConnection>>, DbError> {
        let Inner { pool, events } = &*self.0;
        let patience = match events.failing_for() {
            Some(time) if pool.state().connections == 0 => PATIENCE.saturating_sub(time).max(PATIENCE_WHILE_AWAY),
            _ => PATIENCE,
        };
        pool.get_timeout(patience).map_err(|error| DbError::Unavailable(error.to_string()))
    }

    /// How many there may be.
    pub(super) fn most(&self) -> u32 {
        self.0.pool.max_size()
    }

    pub(super) fn metrics(&self) -> &Login {
        &self.0.events.metrics
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
