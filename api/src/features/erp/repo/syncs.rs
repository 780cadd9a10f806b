//! Versions of orders on their way. Whoever changes one holds its order, or takes it by the status that it has.

use super::super::model::{Due, Ended, Standing, Task};
use crate::{
    platform::db::{DbError, Named, TenantTx, prepared},
    schema::erp_syncs,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    ErpSyncId, OrderId,
    erp::{ErpAttemptKind, ErpSyncStatus},
};
use diesel::{
    dsl::min,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use std::collections::HashMap;
use uuid::Uuid;

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    order_id: Uuid,
    #[diesel(sql_type = Text)]
    order_number: String,
    #[diesel(sql_type = Integer)]
    order_version: i32,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Integer)]
    max_attempts: i32,
    #[diesel(sql_type = Bool)]
    outcome_unknown: bool,
    #[diesel(sql_type = Text)]
    idempotency_key: String,
    #[diesel(sql_type = Nullable<Text>)]
    payload: Option<String>,
    #[diesel(sql_type = Integer)]
    calls: i32,
    #[diesel(sql_type = Nullable<Text>)]
    erp_reference: Option<String>,
    #[diesel(sql_type = Bool)]
    overtaken: bool,
    #[diesel(sql_type = Bool)]
    blocked: bool,
}

impl From<DueRow> for Due {
    fn from(row: DueRow) -> Self {
        let kind = if row.outcome_unknown { ErpAttemptKind::LookUp } else { ErpAttemptKind::Send };
        Self {
            task: Task {
                sync: ErpSyncId(row.id),
                order: OrderId(row.order_id),
                order_number: row.order_number,
                order_version: row.order_version,
                attempts: row.attempts,
                max_attempts: row.max_attempts,
                key: row.idempotency_key,
                payload: row.payload.unwrap_or_default(),
                number: row.calls,
                kind,
            },
            overtaken: row.overtaken,
            blocked: row.blocked,
            begun: row.attempts > 0 || row.outcome_unknown,
            erp_reference: row.erp_reference,
        }
    }
}

/// A row as [`Due`]; the rest of the query says which.
macro_rules! due {
    ($which:literal) => {
        concat!(
            "SELECT s.id, s.order_id, s.order_number, s.order_version, s.attempts, s.max_attempts, \
     s.outcome_unknown, s.idempotency_key, s.payload, \
     (SELECT coalesce(max(a.number), 0) FROM erp_attempts a WHERE a.tenant_id = $1 AND a.sync_id = s.id) AS calls, \
     (SELECT r.erp_reference FROM erp_syncs r WHERE r.tenant_id = $1 AND r.order_id = s.order_id \
        AND r.erp_reference IS NOT NULL ORDER BY r.order_version DESC LIMIT 1) AS erp_reference, \
     EXISTS (SELECT FROM erp_syncs n WHERE n.tenant_id = $1 AND n.order_id = s.order_id \
        AND n.order_version > s.order_version AND n.status <> 'discarded') AS overtaken, \
     EXISTS (SELECT FROM erp_syncs o WHERE o.tenant_id = $1 AND o.order_id = s.order_id \
        AND o.order_version < s.order_version AND (o.status = 'in_progress' \
        OR (o.status = 'pending' AND (o.attempts > 0 OR o.outcome_unknown)))) AS blocked FROM erp_syncs s ",
            $which
        )
    };
}

/// What is due, the longest due first: more than is sent at a time, for some may have to wait for others. How many
/// stands in the text: a plan that does not know it expects a tenth of all to be wanted.
pub fn due(tx: &mut TenantTx<'_>) -> Result<Vec<Due>, DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let rows: Vec<DueRow> = prepared(due!(
        "WHERE s.tenant_id = $1 AND s.status = 'pending' AND s.next_attempt_at <= $2 \
         ORDER BY s.next_attempt_at, s.id LIMIT 12"
    ))
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .load(tx.conn())?;
    Ok(rows.into_iter().map(Due::from).collect())
}

/// What a job that sends no longer has left under way.
pub fn under_way(tx: &mut TenantTx<'_>) -> Result<Vec<Task>, DbError> {
    let tenant = tx.tenant_id();
    let rows: Vec<DueRow> = prepared(due!("WHERE s.tenant_id = $1 AND s.status = 'in_progress'"))
        .bind::<SqlUuid, _>(tenant.0)
        .load(tx.conn())?;
    Ok(rows.into_iter().map(|row| Due::from(row).task).collect())
}

/// When the next one is due.
pub fn next_due(tx: &mut TenantTx<'_>) -> Result<Option<DateTime<Utc>>, DbError> {
    let tenant = tx.tenant_id();
    let waiting = erp_syncs::tenant_id.eq(tenant.0).and(erp_syncs::status.eq("pending"));
    let next = erp_syncs::table.filter(waiting).select(min(erp_syncs::next_attempt_at));
    Ok(next.first(tx.conn())?)
}

// Below, `= ANY` says once more what the join says: a plan that was made while there were few rows would read all of the
// client's.

/// These attempts begin: they are counted before anything is sent, and unknown until somebody knows. Those that
/// were taken; one that is not pending any more is not.
pub fn begin(tx: &mut TenantTx<'_>, tasks: &[Task]) -> Result<Vec<ErpSyncId>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let rows: Vec<Row> = prepared(
        "UPDATE erp_syncs s SET status = 'in_progress', attempts = s.attempts + 1, outcome_unknown = true, \
         next_attempt_at = NULL, last_attempt_at = $2, updated_at = $2, payload = b.payload \
         FROM unnest($3, $4) AS b (id, payload) WHERE s.tenant_id = $1 AND s.id = ANY ($3) AND s.id = b.id \
         AND s.status = 'pending' \
         RETURNING s.id",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<SqlUuid>, _>(ids(tasks))
    .bind::<Array<Text>, _>(tasks.iter().map(|task| task.payload.as_str()).collect::<Vec<_>>())
    .load(tx.conn())?;
    Ok(rows.into_iter().map(|row| ErpSyncId(row.id)).collect())
}

fn ids(tasks: &[Task]) -> Vec<Uuid> {
    tasks.iter().map(|task| task.sync.0).collect()
}

/// What the ERP called these in a callback that came before its answer.
pub fn references(tx: &mut TenantTx<'_>, syncs: &[ErpSyncId]) -> Result<HashMap<ErpSyncId, String>, DbError> {
    let tenant = tx.tenant_id();
    let rows: Vec<(Uuid, Option<String>)> = erp_syncs::table
        .filter(erp_syncs::tenant_id.eq(tenant.0))
        .filter(erp_syncs::id.eq_any(syncs.iter().map(|id| id.0).collect::<Vec<_>>()))
        .filter(erp_syncs::erp_reference.is_not_null())
        .select((erp_syncs::id, erp_syncs::erp_reference))
        .load(tx.conn())?;
    Ok(rows.into_iter().filter_map(|(id, reference)| Some((ErpSyncId(id), reference?))).collect())
}

/// How these stand from now on. The payload goes when it is settled, but for one of which nobody knows: should it
/// be tried again, its key names that body.
pub fn conclude(tx: &mut TenantTx<'_>, ended: &[&Ended], standings: &[Standing]) -> Result<(), DbError> {
    if ended.is_empty() {
        return Ok(());
    }
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let texts = |pick: fn(&Standing) -> Option<&str>| standings.iter().map(pick).collect::<Vec<_>>();
    prepared(
        "UPDATE erp_syncs s SET status = e.status, next_attempt_at = e.next, outcome_unknown = e.unknown, \
         last_error = e.error, warning = e.warning, erp_reference = coalesce(e.reference, s.erp_reference), \
         erp_status = coalesce(s.erp_status, e.erp_status), updated_at = $2, \
         finished_at = CASE WHEN e.status <> 'pending' THEN $2 END, \
         payload = CASE WHEN e.status = 'pending' OR e.unknown THEN s.payload END \
         FROM unnest($3, $4, $5, $6, $7, $8, $9, $10) \
         AS e (id, status, next, unknown, error, warning, reference, erp_status) \
         WHERE s.tenant_id = $1 AND s.id = ANY ($3) AND s.id = e.id AND s.status = 'in_progress'",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<SqlUuid>, _>(ended.iter().map(|ended| ended.task.sync.0).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(standings.iter().map(|standing| standing.status.name()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(
        standings.iter().map(|standing| standing.next_attempt_at).collect::<Vec<_>>(),
    )
    .bind::<Array<Bool>, _>(standings.iter().map(|standing| standing.outcome_unknown).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(texts(|standing| standing.error.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(texts(|standing| standing.accepted.warning))
    .bind::<Array<Nullable<Text>>, _>(texts(|standing| standing.accepted.reference.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(texts(|standing| standing.accepted.status.as_deref()))
    .execute(tx.conn())?;
    Ok(())
}

/// Whether the ERP has these orders as they stand: it has their last version.
pub fn mark_synced(tx: &mut TenantTx<'_>, orders: &[OrderId]) -> Result<(), DbError> {
    if orders.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant_id();
    prepared(
        "UPDATE orders o SET erp_synced = NOT o.erp_synced WHERE o.tenant_id = $1 AND o.id = ANY ($2) \
         AND o.erp_synced <> ('success' = (SELECT s.status FROM erp_syncs s WHERE s.tenant_id = $1 \
         AND s.order_id = o.id ORDER BY s.order_version DESC LIMIT 1))",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<SqlUuid>, _>(orders.iter().map(|id| id.0).collect::<Vec<_>>())
    .execute(tx.conn())?;
    Ok(())
}

/// These were never sent, and need not be: a later version says all.
pub fn supersede(tx: &mut TenantTx<'_>, tasks: &[Task]) -> Result<(), DbError> {
    if tasks.is_empty() {
        return Ok(());
    }
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let waiting = erp_syncs::tenant_id.eq(tenant.0).and(erp_syncs::status.eq("pending"));
    diesel::update(erp_syncs::table.filter(waiting).filter(erp_syncs::id.eq_any(ids(tasks))))
        .set((
            erp_syncs::status.eq(ErpSyncStatus::Discarded.name()),
            erp_syncs::discard_reason.eq("superseded"),
            erp_syncs::next_attempt_at.eq(None::<DateTime<Utc>>),
            (erp_syncs::updated_at.eq(now), erp_syncs::finished_at.eq(now)),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// These wait for the version before them, until then at most.
pub fn put_off(tx: &mut TenantTx<'_>, tasks: &[Task], until: DateTime<Utc>) -> Result<(), DbError> {
    if tasks.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant_id();
    let waiting = erp_syncs::tenant_id.eq(tenant.0).and(erp_syncs::status.eq("pending"));
    diesel::update(erp_syncs::table.filter(waiting).filter(erp_syncs::id.eq_any(ids(tasks))))
        .set(erp_syncs::next_attempt_at.eq(until))
        .execute(tx.conn())?;
    Ok(())
}

/// Versions of these orders that waited for one before them are due. Whether there are any.
pub fn bring_forward(tx: &mut TenantTx<'_>, orders: &[OrderId]) -> Result<bool, DbError> {
    if orders.is_empty() {
        return Ok(false);
    }
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let count = prepared(
        "UPDATE erp_syncs SET next_attempt_at = $2 WHERE tenant_id = $1 AND order_id = ANY ($3) \
         AND status = 'pending' AND attempts = 0 AND next_attempt_at > $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<SqlUuid>, _>(orders.iter().map(|id| id.0).collect::<Vec<_>>())
    .execute(tx.conn())?;
    Ok(count > 0)
}

/// Lets the oldest of what is queued go; how many.
pub fn release(tx: &mut TenantTx<'_>, most: i64) -> Result<i64, DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let released = prepared(
        "UPDATE erp_syncs SET status = 'pending', next_attempt_at = $2, updated_at = $2 WHERE tenant_id = $1 \
         AND status = 'queued' AND id = ANY (ARRAY(SELECT q.id FROM erp_syncs q WHERE q.tenant_id = $1 \
         AND q.status = 'queued' ORDER BY q.created_at, q.id LIMIT $3 FOR UPDATE SKIP LOCKED))",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(most)
    .execute(tx.conn())?;
    Ok(i64::try_from(released).unwrap_or(i64::MAX))
}

/// How many there are of those that are not done, by status, and since when the oldest has been due.
pub type Figures = (HashMap<String, i64>, Option<DateTime<Utc>>);

pub fn figures(tx: &mut TenantTx<'_>) -> Result<Figures, DbError> {
    let tenant = tx.tenant_id();
    let open = ["pending", "queued", "in_progress", "failed"];
    let counts: Vec<(String, i64)> = erp_syncs::table
        .filter(erp_syncs::tenant_id.eq(tenant.0).and(erp_syncs::status.eq_any(open)))
        .group_by(erp_syncs::status)
        .select((erp_syncs::status, diesel::dsl::count_star()))
        .load(tx.conn())?;
    Ok((counts.into_iter().collect(), next_due(tx)?))
}
