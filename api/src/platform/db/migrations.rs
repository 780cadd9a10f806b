//! Migrations: built into the binary, run by `countinghouse migrate` as the owner.

use super::error::DbError;
use diesel::{Connection, PgConnection, connection::SimpleConnection, migration::MigrationSource, pg::Pg};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// One lock for all who migrate: copies of the service may be started at once.
const LOCK: i64 = 0x0063_6f75_6e74_696e;

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("no connection as the owner: {0}")]
    Connect(#[from] diesel::ConnectionError),
    #[error("a migration failed, and nothing of it stays: {0}")]
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

/// Applies what is missing and returns its names. Several at once wait for each other.
#[expect(clippy::disallowed_methods, reason = "the owner's login has no pool: it migrates and nothing else")]
pub fn migrate(owner_url: &str) -> Result<Vec<String>, MigrateError> {
    let mut conn = PgConnection::establish(owner_url)?;
    conn.batch_execute(&format!("SET lock_timeout = 0; SELECT pg_advisory_lock({LOCK}); RESET lock_timeout"))
        .map_err(|e| MigrateError::Failed(e.into()))?;
    let pending = conn.pending_migrations(MIGRATIONS).map_err(MigrateError::Failed)?;
    conn.run_migrations(&pending).map_err(MigrateError::Failed)?;
    Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
}

/// Names of the migrations that this binary brings and the database lacks.
pub fn missing_migrations(conn: &mut PgConnection) -> Result<Vec<String>, DbError> {
    use diesel::{RunQueryDsl, sql_query, sql_types::Text};

    #[derive(diesel::QueryableByName)]
    struct Applied {
        #[diesel(sql_type = Text)]
        version: String,
    }
    let applied: Vec<Applied> = sql_query("SELECT version FROM __diesel_schema_migrations").load(conn)?;
    let known = MigrationSource::<Pg>::migrations(&MIGRATIONS)
        .map_err(|e| DbError::Corrupt { table: "migrations", what: e.to_string() })?;
    let names = known.iter().map(|migration| migration.name());
    Ok(names
        .filter(|name| !applied.iter().any(|row| row.version == name.version().to_string()))
        .map(|name| name.to_string())
        .collect())
}
