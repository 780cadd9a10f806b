//! Jobs and schedules of one client in the database.

use crate::{
    platform::db::{DbError, TenantTx, prepared},
    schema::{jobs, schedules},
};
use chrono::{DateTime, Duration, Utc};
use countinghouse_contract::JobId;
use diesel::{prelude::*, sql_types};
use serde_json::Value;

/// A job to be stored.
pub struct NewJob {
    pub kind: &'static str,
    pub version: i32,
    pub max_attempts: i32,
    pub payload: Value,
    pub run_at: DateTime<Utc>,
    pub unique_key: Option<String>,
}

pub fn insert(tx: &mut TenantTx<'_>, job: &NewJob) -> Result<Option<JobId>, DbError> {
    let (tenant, now, id) = (tx.tenant_id(), tx.now(), tx.make_id::<JobId>()?);
    let stored = diesel::insert_into(jobs::table)
        .values((
            jobs::tenant_id.eq(tenant.0),
            jobs::id.eq(id.0),
            jobs::kind.eq(job.kind),
            jobs::payload_version.eq(job.version),
            jobs::payload.eq(&job.payload),
            jobs::unique_key.eq(&job.unique_key),
            jobs::max_attempts.eq(job.max_attempts),
            jobs::run_at.eq(job.run_at),
            jobs::created_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(tx.conn())?;
    Ok((stored == 1).then_some(id))
}

/// All of one kind, each with a unique key, in the order of these. One that waits is locked, whether it comes
/// forward or not: nobody takes it before they see what this transaction writes.
pub fn insert_or_bring_forward(tx: &mut TenantTx<'_>, new: &[NewJob]) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let ids = new.iter().map(|_| tx.make_id::<JobId>().map(|id| id.0)).collect::<Result<Vec<_>, _>>()?;
    let Some(NewJob { kind, version, max_attempts, run_at, .. }) = new.first() else { return Ok(()) };
    prepared(
        "INSERT INTO jobs \
         (tenant_id, id, kind, payload_version, payload, unique_key, max_attempts, run_at, created_at) \
         SELECT $1, id, $2, $3, payload, unique_key, $4, $5, $6 \
         FROM unnest($7, $8, $9) WITH ORDINALITY AS j (id, payload, unique_key, position) ORDER BY position \
         ON CONFLICT (tenant_id, kind, unique_key) WHERE state = 'waiting' AND unique_key IS NOT NULL \
         DO UPDATE SET run_at = EXCLUDED.run_at WHERE jobs.run_at > EXCLUDED.run_at",
    )
    .bind::<sql_types::Uuid, _>(tenant.0)
    .bind::<sql_types::Text, _>(*kind)
    .bind::<sql_types::Integer, _>(*version)
    .bind::<sql_types::Integer, _>(*max_attempts)
    .bind::<sql_types::Timestamptz, _>(*run_at)
    .bind::<sql_types::Timestamptz, _>(now)
    .bind::<sql_types::Array<sql_types::Uuid>, _>(ids)
    .bind::<sql_types::Array<sql_types::Jsonb>, _>(new.iter().map(|job| &job.payload).collect::<Vec<_>>())
    .bind::<sql_types::Array<sql_types::Nullable<sql_types::Text>>, _>(
        new.iter().map(|job| job.unique_key.as_deref()).collect::<Vec<_>>(),
    )
    .execute(tx.conn())?;
    Ok(())
}

pub fn cancel(tx: &mut TenantTx<'_>, id: JobId) -> Result<bool, DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let cancelled = diesel::update(jobs::table.find((tenant.0, id.0)))
        .filter(jobs::state.eq("waiting"))
        .set((jobs::state.eq("cancelled"), jobs::finished_at.eq(now)))
        .execute(tx.conn())?;
    Ok(cancelled == 1)
}

pub fn delete_done(tx: &mut TenantTx<'_>, kind: &str) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let done = jobs::tenant_id.eq(tenant.0).and(jobs::kind.eq(kind)).and(jobs::state.eq("done"));
    // By the index of what ended: older ones are the purge's. This transaction's own stays.
    let lately = jobs::finished_at.ge(now - Duration::hours(1)).and(jobs::finished_at.lt(now));
    diesel::delete(jobs::table.filter(done).filter(lately)).execute(tx.conn())?;
    Ok(())
}

/// A worker works out when it is due; one that stays as it was stays due when it was.
pub fn set_schedule(tx: &mut TenantTx<'_>, kind: &str, cron: &str) -> Result<(), DbError> {
    use diesel::query_dsl::methods::FilterDsl as _;

    let tenant = tx.tenant_id();
    diesel::insert_into(schedules::table)
        .values((schedules::tenant_id.eq(tenant.0), schedules::kind.eq(kind), schedules::cron.eq(cron)))
        .on_conflict((schedules::tenant_id, schedules::kind))
        .do_update()
        .set((schedules::cron.eq(cron), schedules::next_at.eq(None::<DateTime<Utc>>)))
        .filter(schedules::cron.ne(cron))
        .execute(tx.conn())?;
    Ok(())
}

pub fn delete_schedule(tx: &mut TenantTx<'_>, kind: &str) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    diesel::delete(schedules::table.find((tenant.0, kind))).execute(tx.conn())?;
    Ok(())
}
