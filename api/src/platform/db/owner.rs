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

/// Reads what the work reads, all of one moment, while the service goes on.
#[expect(clippy::disallowed_methods, reason = "the owner's login has no pool: commands use it, and requests never")]
pub fn read_as_owner<T>(
    owner_url: &str,
    work: impl FnOnce(&mut OwnerTx<'_>) -> Result<T, DbError>,
) -> Result<T, DbError> {
    let mut conn = PgConnection::establish(owner_url).map_err(|error| DbError::Unavailable(error.to_string()))?;
    let mut reading = conn.build_transaction().repeatable_read().read_only();
    reading.run(|conn| work(&mut OwnerTx { conn }))
}
