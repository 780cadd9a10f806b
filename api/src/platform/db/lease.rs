//! A lease of a connection: transactions begin and end on it, and a dead one is replaced where nothing is lost by it.

use super::{connections::Connections, error::DbError};
use diesel::{
    Connection, PgConnection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    r2d2::{ConnectionManager, PooledConnection},
};

/// A connection for one transaction; none while a dead one is being replaced.
pub(super) struct Lease {
    connections: Connections,
    connection: Option<PooledConnection<ConnectionManager<PgConnection>>>,
    /// A transaction is open in which something was read, and of which diesel does not know.
    reads: bool,
}

impl Lease {
    pub(super) fn take(connections: Connections) -> Result<Self, DbError> {
        let mut lease = Self { connections, connection: None, reads: false };
        lease.connect()?;
        Ok(lease)
    }

    fn connect(&mut self) -> Result<(), DbError> {
        self.connection = Some(self.connections.take()?);
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
        for _ in 0..=self.connections.most() {
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

    /// Whether something was read, and is still open.
    pub(super) fn reads(&self) -> bool {
        self.reads
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
        for _ in 0..self.connections.most() {
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
