//! Deleting what is past its time, some rows at a time.

use crate::platform::db::{DbError, TenantTx};
use chrono::{DateTime, Duration, Utc};
use diesel::{PgConnection, RunQueryDsl, sql_query, sql_types};

/// A table of clients whose rows are not kept for ever.
pub struct Kept {
    table: &'static str,
    /// When a row is past its time, which is `$2`.
    past: &'static str,
}

pub const SESSION_LOG: Kept = Kept { table: "session_events", past: "created_at < $2" };
/// Their refresh tokens go with them.
pub const SESSIONS: Kept = Kept { table: "sessions", past: "least(ended_at, expires_at) < $2" };
pub const JOBS: Kept = Kept { table: "jobs", past: "finished_at < $2" };
/// What was told of them goes with them; what is still being told stays.
pub const EVENTS: Kept = Kept {
    table: "events",
    past: "created_at < $2 AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.tenant_id = events.tenant_id \
           AND d.event_id = events.id AND d.state = 'pending')",
};
/// Deleted ones.
pub const WEBHOOK_ENDPOINTS: Kept = Kept { table: "webhook_endpoints", past: "deleted_at < $2" };
/// What was wrong with them, and files that nobody came to read, go with them.
pub const IMPORTS: Kept = Kept { table: "imports", past: "created_at < $2" };
/// Calls of ERPs; what is under way is younger.
pub const ERP_ATTEMPTS: Kept = Kept { table: "erp_attempts", past: "attempted_at < $2" };
/// The last one of an order says how the order stands, and stays.
pub const ERP_SYNCS: Kept = Kept {
    table: "erp_syncs",
    past: "finished_at < $2 AND EXISTS (SELECT FROM erp_syncs n WHERE n.tenant_id = erp_syncs.tenant_id \
           AND n.order_id = erp_syncs.order_id AND n.order_version > erp_syncs.order_version)",
};
/// Those with which callbacks may be signed no longer.
pub const ERP_SECRETS: Kept = Kept { table: "erp_secrets", past: "expires_at < $2" };
/// For how long an ERP's attempts are kept uncut where a client wants to see them whole.
pub const WHOLE_BODIES: Duration = Duration::days(1);
/// Answers of requests with an `Idempotency-Key`, which are given no longer.
pub const ANSWERS: Kept = Kept { table: "idempotency_keys", past: "created_at < $2" };

/// Deletes some, and answers how many. A row that is written over meanwhile is elsewhere then, and stays.
pub fn delete(tx: &mut TenantTx<'_>, kept: &Kept, before: DateTime<Utc>, most: i64) -> Result<usize, DbError> {
    let tenant = tx.tenant_id();
    let Kept { table, past } = kept;
    let some = format!("SELECT ctid FROM {table} WHERE tenant_id = $1 AND {past} LIMIT $3");
    Ok(sql_query(format!("DELETE FROM {table} WHERE tenant_id = $1 AND ctid = ANY (ARRAY({some}))"))
        .bind::<sql_types::Uuid, _>(tenant.0)
        .bind::<sql_types::Timestamptz, _>(before)
        .bind::<sql_types::BigInt, _>(most)
        .execute(tx.conn())?)
}

/// Cuts some bodies that were kept whole, and answers how many.
pub fn cut_bodies(tx: &mut TenantTx<'_>, before: DateTime<Utc>, most: i64) -> Result<usize, DbError> {
    let tenant = tx.tenant_id();
    Ok(sql_query(
        "UPDATE erp_attempts SET whole = false, request_body = left(request_body, 4000), body = left(body, 4000) \
         WHERE tenant_id = $1 AND ctid = ANY (ARRAY(SELECT ctid FROM erp_attempts \
         WHERE tenant_id = $1 AND whole AND attempted_at < $2 LIMIT $3))",
    )
    .bind::<sql_types::Uuid, _>(tenant.0)
    .bind::<sql_types::Timestamptz, _>(before)
    .bind::<sql_types::BigInt, _>(most)
    .execute(tx.conn())?)
}

/// For how long superadmins' screens can go on where they were.
pub const OPERATOR_EVENTS: Duration = Duration::hours(24);

pub fn delete_operator_events(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<(), DbError> {
    sql_query("SELECT purge_operator_events($1)").bind::<sql_types::Timestamptz, _>(before).execute(conn)?;
    Ok(())
}

/// Their refresh tokens go with them.
pub fn delete_superadmin_sessions(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<(), DbError> {
    sql_query("SELECT purge_superadmin_sessions($1)").bind::<sql_types::Timestamptz, _>(before).execute(conn)?;
    Ok(())
}
