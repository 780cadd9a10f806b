//! Reading every client's rows, as the owner: for commands that check a whole database. Requests
//! can not come here: `serve` does not know the owner's password.

use super::{error::DbError, tx::AnyTx};
use diesel::{Connection, PgConnection};

/// A transaction that sees all rows as they stand at one moment, and can change none.
pub struct OwnerTx<'c> {
    conn: &'c mut PgConnection,
}

impl OwnerTx<'_> {
    /// For repos.
    pub fn conn(&mut self) -> &mut PgConnection {
        self.conn
    }
}

impl AnyTx for OwnerTx<'_> {
    fn any_conn(&mut self) -> &mut PgConnection {
        self.conn
    }
}

/// A connection of the owner's. It has no pool: commands use it, and requests never.
pub struct Owner(PgConnection);

impl Owner {
    #[expect(clippy::disallowed_methods, reason = "the owner's login has no pool: commands use it, and requests never")]
    pub fn connect(url: &str) -> Result<Self, DbError> {
        PgConnection::establish(url).map(Self).map_err(|error| DbError::Unavailable(error.to_string()))
    }

    /// Reads what the work reads, all of one moment, while the service goes on.
    pub fn read<T>(&mut self, work: impl FnOnce(&mut OwnerTx<'_>) -> Result<T, DbError>) -> Result<T, DbError> {
        let mut reading = self.0.build_transaction().repeatable_read().read_only();
        reading.run(|conn| work(&mut OwnerTx { conn }))
    }
}
