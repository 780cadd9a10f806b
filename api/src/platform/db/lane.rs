//! A lane: the connections of one database login, with a queue in front.
//!
//! r2d2 hands out connections unfairly when more ask than there are, so a semaphore of the pool's
//! size stands in front of it, and the wait happens before a thread is taken. A connection that
//! turns out dead at BEGIN is replaced, which costs a healthy one nothing.

use super::error::DbError;
use actix_web::web;
use diesel::{
    Connection, PgConnection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    r2d2::{ConnectionManager, Pool, PooledConnection},
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::timeout};

/// How long a request waits for its turn, and then for a connection, before it answers 503.
const PATIENCE: Duration = Duration::from_secs(3);

type Connections = Pool<ConnectionManager<PgConnection>>;

#[derive(Clone)]
pub(super) struct Lane {
    pool: Connections,
    turns: Arc<Semaphore>,
}

impl Lane {
    pub(super) fn new(url: &str, size: u32) -> Self {
        let pool = Pool::builder()
            .max_size(size)
            .connection_timeout(PATIENCE)
            .test_on_check_out(false)
            .error_handler(Box::new(LogErrors))
            .build_unchecked(ConnectionManager::new(url));
        Self { pool, turns: Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(1))) }
    }

    /// Runs the work on a connection, off the HTTP workers.
    pub(super) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Lease) -> Result<T, E> + Send + 'static,
    {
        let turn = match timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) => return Err(DbError::Thread.into()),
            Err(_) => return Err(DbError::Unavailable("too many requests are waiting".to_owned()).into()),
        };
        let pool = self.pool.clone();
        let done = web::block(move || {
            let _turn = turn;
            work(&mut Lease::take(pool)?)
        });
        done.await.unwrap_or_else(|_| Err(DbError::Thread.into()))
    }
}

/// A connection for one transaction.
pub(super) struct Lease {
    pool: Connections,
    connection: PooledConnection<ConnectionManager<PgConnection>>,
}

impl Lease {
    #[expect(clippy::disallowed_methods, reason = "the one place where connections are taken")]
    fn take(pool: Connections) -> Result<Self, DbError> {
        let connection = pool.get().map_err(|e| DbError::Unavailable(e.to_string()))?;
        Ok(Self { pool, connection })
    }

    /// Begins a transaction with `sql`, which is `BEGIN` and what belongs into the same round
    /// trip. Nothing has happened yet when it fails, so a dead connection is replaced and the
    /// beginning tried again, at most once for each connection that the pool may hold.
    pub(super) fn begin(&mut self, sql: &str) -> Result<(), DbError> {
        for _ in 0..=self.pool.max_size() {
            match AnsiTransactionManager::begin_transaction_sql(&mut *self.connection, sql) {
                Ok(()) => return Ok(()),
                Err(error) => match DbError::from(error) {
                    DbError::Unavailable(_) => self.replace()?,
                    other => {
                        // BEGIN itself has happened, and diesel does not know of it.
                        if self.connection.batch_execute("ROLLBACK").is_err() {
                            self.discard();
                        }
                        return Err(other);
                    }
                },
            }
        }
        Err(DbError::Unavailable("no connection is alive".to_owned()))
    }

    /// Does the work inside the transaction that [`Lease::begin`] opened, and commits it, or rolls
    /// it back when the work fails.
    pub(super) fn finish<T, E: From<DbError>>(
        &mut self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let result = work(&mut self.connection);
        let ended = match &result {
            Ok(_) => AnsiTransactionManager::commit_transaction(&mut *self.connection),
            Err(_) => AnsiTransactionManager::rollback_transaction(&mut *self.connection),
        };
        match (result, ended) {
            (Ok(_), Err(error)) => {
                self.discard();
                Err(DbError::from(error).into())
            }
            (result, ended) => {
                if ended.is_err() {
                    self.discard();
                }
                result
            }
        }
    }

    /// The bare connection, for a single statement that is a transaction of its own.
    pub(super) fn statement<T>(
        &mut self,
        mut run: impl FnMut(&mut PgConnection) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        for _ in 0..self.pool.max_size() {
            match run(&mut self.connection) {
                Err(DbError::Unavailable(_)) => self.replace()?,
                other => return other,
            }
        }
        run(&mut self.connection)
    }

    fn replace(&mut self) -> Result<(), DbError> {
        self.discard();
        *self = Self::take(self.pool.clone())?;
        Ok(())
    }

    /// Marks the connection so that the pool closes it instead of taking it back.
    fn discard(&mut self) {
        type Manager = <PgConnection as Connection>::TransactionManager;
        Manager::transaction_manager_status_mut(&mut *self.connection).set_in_error();
    }
}

/// Connection errors go to the log, without the address and the password in it.
#[derive(Debug)]
struct LogErrors;

impl<E: std::error::Error> diesel::r2d2::HandleError<E> for LogErrors {
    fn handle_error(&self, error: E) {
        tracing::warn!(error = %error, "no connection to the database");
    }
}
