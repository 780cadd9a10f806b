//! Taking turns at an endpoint, and keeping what came of it.

use super::{
    super::{
        model::{Message, Outcome, Standing},
        schedule::Health,
    },
    deliveries::{TABLE, payload},
};
use crate::{
    platform::db::{DbError, Named, TenantTx, prepared},
    schema::{events, webhook_deliveries, webhook_endpoints, webhook_secrets},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    EventId, JobId, WebhookDeliveryId, WebhookEndpointId, WebhookSecretId, events::DisabledBy, webhooks::DeliveryCause,
};
use diesel::{
    dsl::min,
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use serde_json::{Value, json};
use uuid::Uuid;

/// An endpoint as whoever wants to send to it finds it.
pub struct Turn {
    pub url: String,
    /// Who took the last turn, and did not say that it was over.
    pub sender: Option<JobId>,
    pub health: Health,
}

/// An endpoint, deleted or not, which nobody else changes until the transaction ends.
pub fn lock_turn(tx: &mut TenantTx<'_>, id: WebhookEndpointId) -> Result<Option<Turn>, DbError> {
    #[derive(Queryable, Selectable)]
    #[diesel(table_name = webhook_endpoints)]
    struct Row {
        url: String,
        sender: Option<Uuid>,
        failing_since: Option<DateTime<Utc>>,
        paused_until: Option<DateTime<Utc>>,
        disabled_by: Option<String>,
    }
    let tenant = tx.tenant_id();
    let one = webhook_endpoints::table.find((tenant.0, id.0)).select(Row::as_select());
    let row: Option<Row> = one.for_no_key_update().first(tx.conn()).optional()?;
    let turn = |row: Row| Turn {
        url: row.url,
        sender: row.sender.map(JobId),
        health: Health {
            failing_since: row.failing_since,
            paused_until: row.paused_until,
            disabled: row.disabled_by.and_then(|text| DisabledBy::named(&text)),
        },
    };
    Ok(row.map(turn))
}

/// Whether the sender still runs. A look of its own behind [`lock_turn`]: whoever waited there for the sender's
/// last transaction has to see that it is committed.
pub fn sender_runs(tx: &mut TenantTx<'_>, id: WebhookEndpointId) -> Result<bool, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        runs: bool,
    }
    let tenant = tx.tenant_id();
    let row: Row = sql_query(
        "SELECT EXISTS (SELECT FROM webhook_endpoints e JOIN jobs j ON j.tenant_id = $1 AND j.id = e.sender \
         WHERE e.tenant_id = $1 AND e.id = $2 AND j.state = 'running') AS runs",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .get_result(tx.conn())?;
    Ok(row.runs)
}

pub fn set_sender(tx: &mut TenantTx<'_>, id: WebhookEndpointId, job: JobId) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    diesel::update(webhook_endpoints::table.find((tenant.0, id.0)))
        .set(webhook_endpoints::sender.eq(job.0))
        .execute(tx.conn())?;
    Ok(())
}

/// What is known of an endpoint after a turn, which is over.
pub fn set_health(tx: &mut TenantTx<'_>, id: WebhookEndpointId, health: Health) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let Health { failing_since, paused_until, disabled } = health;
    prepared(
        "UPDATE webhook_endpoints SET sender = NULL, failing_since = $3, paused_until = $4, \
         disabled_at = CASE WHEN $5 IS NOT NULL THEN coalesce(disabled_at, $6) END, disabled_by = $5, \
         version = version + CASE WHEN disabled_by IS DISTINCT FROM $5 THEN 1 ELSE 0 END, \
         updated_at = CASE WHEN disabled_by IS DISTINCT FROM $5 THEN $6 ELSE updated_at END \
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Nullable<Timestamptz>, _>(failing_since)
    .bind::<Nullable<Timestamptz>, _>(paused_until)
    .bind::<Nullable<Text>, _>(disabled.map(Named::name))
    .bind::<Timestamptz, _>(now)
    .execute(tx.conn())?;
    Ok(())
}

/// What is due at an endpoint, the longest due first.
pub fn due(tx: &mut TenantTx<'_>, endpoint: WebhookEndpointId, most: i64) -> Result<Vec<Message>, DbError> {
    type Row = (Uuid, Uuid, String, i32, String, DateTime<Utc>, Value);
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let same_event = events::tenant_id.eq(tenant.0).and(events::id.eq(webhook_deliveries::event_id));
    let rows: Vec<Row> = webhook_deliveries::table
        .inner_join(events::table.on(same_event))
        .filter(webhook_deliveries::tenant_id.eq(tenant.0).and(webhook_deliveries::endpoint_id.eq(endpoint.0)))
        .filter(webhook_deliveries::state.eq("pending").and(webhook_deliveries::next_attempt_at.le(now)))
        .order((webhook_deliveries::next_attempt_at, webhook_deliveries::id))
        .limit(most)
        .select((
            webhook_deliveries::id,
            webhook_deliveries::event_id,
            webhook_deliveries::cause,
            webhook_deliveries::attempts,
            events::kind,
            events::created_at,
            events::data,
        ))
        .load(tx.conn())?;
    let message = |(delivery, event, cause, attempts, kind, happened_at, data): Row| {
        Ok(Message {
            delivery: WebhookDeliveryId(delivery),
            event: EventId(event),
            cause: DeliveryCause::read(TABLE, &cause)?,
            attempts,
            payload: payload(kind, happened_at, data)?,
        })
    };
    rows.into_iter().map(message).collect()
}

/// When the next delivery of an endpoint is due.
pub fn next_due(tx: &mut TenantTx<'_>, endpoint: WebhookEndpointId) -> Result<Option<DateTime<Utc>>, DbError> {
    let tenant = tx.tenant_id();
    let next = webhook_deliveries::table
        .filter(webhook_deliveries::tenant_id.eq(tenant.0).and(webhook_deliveries::endpoint_id.eq(endpoint.0)))
        .filter(webhook_deliveries::state.eq("pending"))
        .select(min(webhook_deliveries::next_attempt_at))
        .first(tx.conn())?;
    Ok(next)
}

/// The envelopes of the secrets that sign now, the last one first.
pub fn secrets_in_force(
    tx: &mut TenantTx<'_>,
    endpoint: WebhookEndpointId,
) -> Result<Vec<(WebhookSecretId, Vec<u8>)>, DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let rows: Vec<(Uuid, Vec<u8>)> = webhook_secrets::table
        .filter(webhook_secrets::tenant_id.eq(tenant.0).and(webhook_secrets::endpoint_id.eq(endpoint.0)))
        .filter(webhook_secrets::expires_at.is_null().or(webhook_secrets::expires_at.gt(now)))
        .order(webhook_secrets::created_at.desc())
        .select((webhook_secrets::id, webhook_secrets::secret))
        .load(tx.conn())?;
    Ok(rows.into_iter().map(|(id, envelope)| (WebhookSecretId(id), envelope)).collect())
}

/// Adds to the log what became of each, and moves the deliveries on; one that was cancelled meanwhile stays so.
pub fn keep_outcomes(tx: &mut TenantTx<'_>, sent: &[Outcome], standings: &[Standing]) -> Result<(), DbError> {
    if sent.is_empty() {
        return Ok(());
    }
    insert_attempts(tx, sent)?;
    let (tenant, now) = (tx.tenant_id(), tx.now());
    prepared(
        "UPDATE webhook_deliveries d SET attempts = o.attempts, state = o.state, next_attempt_at = o.next, \
         finished_at = CASE WHEN o.state <> 'pending' THEN $2 END \
         FROM unnest($3, $4, $5, $6) AS o (id, attempts, state, next) \
         WHERE d.tenant_id = $1 AND d.id = o.id AND (d.state = 'pending' OR o.state = 'delivered')",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<SqlUuid>, _>(sent.iter().map(|outcome| outcome.delivery.0).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(sent.iter().map(|outcome| outcome.attempts).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(standings.iter().map(|standing| standing.state.name()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(
        standings.iter().map(|standing| standing.next_attempt_at).collect::<Vec<_>>(),
    )
    .execute(tx.conn())?;
    Ok(())
}

fn insert_attempts(tx: &mut TenantTx<'_>, sent: &[Outcome]) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    let answers = || sent.iter().map(|outcome| outcome.answer.as_ref());
    let milliseconds = |outcome: &Outcome| i64::try_from(outcome.took.as_millis()).unwrap_or(i64::MAX);
    prepared(
        "INSERT INTO webhook_attempts (tenant_id, delivery_id, number, attempted_at, duration_ms, status, headers, \
         body, error) SELECT $1, a.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9) \
         AS a (delivery_id, number, attempted_at, duration_ms, status, headers, body, error)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<SqlUuid>, _>(sent.iter().map(|outcome| outcome.delivery.0).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(sent.iter().map(|outcome| outcome.attempts).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(sent.iter().map(|outcome| outcome.at).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(sent.iter().map(milliseconds).collect::<Vec<_>>())
    .bind::<Array<Nullable<Integer>>, _>(answers().map(|a| a.ok().map(|a| i32::from(a.status))).collect::<Vec<_>>())
    .bind::<Array<Nullable<Jsonb>>, _>(answers().map(|a| a.ok().map(|a| json!(a.headers))).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(answers().map(|a| a.ok().map(|a| a.body.as_str())).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(answers().map(|a| a.err().map(ToString::to_string)).collect::<Vec<_>>())
    .execute(tx.conn())?;
    Ok(())
}

/// Cancels some of what was on its way to an endpoint; how many.
pub fn cancel_pending(tx: &mut TenantTx<'_>, endpoint: WebhookEndpointId, most: i64) -> Result<i64, DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let cancelled = prepared(
        "UPDATE webhook_deliveries SET state = 'cancelled', next_attempt_at = NULL, finished_at = $3 \
         WHERE tenant_id = $1 AND id IN (SELECT id FROM webhook_deliveries WHERE tenant_id = $1 AND endpoint_id = $2 \
         AND state = 'pending' LIMIT $4)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(endpoint.0)
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(most)
    .execute(tx.conn())?;
    Ok(i64::try_from(cancelled).unwrap_or(i64::MAX))
}
