//! Deleting what is past its time, some rows at a time.

use crate::platform::db::{DbError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::{PgConnection, RunQueryDsl, sql_query, sql_types};

pub fn delete_session_events(tx: &mut TenantTx<'_>, before: DateTime<Utc>, most: i64) -> Result<usize, DbError> {
    delete(tx, "session_events", "created_at < $2", before, most)
}

/// Their refresh tokens go with them.
pub fn delete_sessions(tx: &mut TenantTx<'_>, before: DateTime<Utc>, most: i64) -> Result<usize, DbError> {
    delete(tx, "sessions", "least(ended_at, expires_at) < $2", before, most)
}

pub fn delete_jobs(tx: &mut TenantTx<'_>, before: DateTime<Utc>, most: i64) -> Result<usize, DbError> {
    delete(tx, "jobs", "finished_at < $2", before, most)
}

/// Answers of requests with an `Idempotency-Key`, which are given no longer.
pub fn delete_kept_answers(tx: &mut TenantTx<'_>, before: DateTime<Utc>, most: i64) -> Result<usize, DbError> {
    delete(tx, "idempotency_keys", "created_at < $2", before, most)
}

pub fn delete_events(tx: &mut TenantTx<'_>, before: DateTime<Utc>, most: i64) -> Result<usize, DbError> {
    delete(tx, "events", "created_at < $2", before, most)
}

/// Their refresh tokens go with them.
pub fn delete_superadmin_sessions(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<(), DbError> {
    sql_query("SELECT purge_superadmin_sessions($1)").bind::<sql_types::Timestamptz, _>(before).execute(conn)?;
    Ok(())
}

fn delete(
    tx: &mut TenantTx<'_>,
    table: &'static str,
    old: &'static str,
    before: DateTime<Utc>,
    most: i64,
) -> Result<usize, DbError> {
    let tenant = tx.tenant_id();
    let some = format!("SELECT ctid FROM {table} WHERE tenant_id = $1 AND {old} LIMIT $3");
    Ok(sql_query(format!("DELETE FROM {table} WHERE tenant_id = $1 AND ctid = ANY (ARRAY({some}))"))
        .bind::<sql_types::Uuid, _>(tenant.0)
        .bind::<sql_types::Timestamptz, _>(before)
        .bind::<sql_types::BigInt, _>(most)
        .execute(tx.conn())?)
}
