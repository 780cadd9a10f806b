//! Deliveries and what became of them.

use super::super::model::NewDelivery;
use crate::{
    platform::{
        db::{DbError, Named, TenantTx, prepared},
        http::PageRequest,
    },
    schema::{events, webhook_attempts, webhook_deliveries},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    EventId, WebhookDeliveryId, WebhookEndpointId,
    webhooks::{DeliveryCause, DeliveryState, WebhookAttempt, WebhookDelivery, WebhookDeliveryLog, WebhookPayload},
};
use diesel::{
    prelude::*,
    sql_types::{Array, Text, Timestamptz, Uuid as SqlUuid},
};
use serde_json::Value;
use uuid::Uuid;

/// Stores deliveries that are due now; of those for an event that is stored already, none.
pub fn insert_deliveries(tx: &mut TenantTx<'_>, new: &[NewDelivery]) -> Result<(), DbError> {
    if new.is_empty() {
        return Ok(());
    }
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let ids = |pick: fn(&NewDelivery) -> Uuid| new.iter().map(pick).collect::<Vec<_>>();
    prepared(
        "INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, cause, next_attempt_at, created_at) \
         SELECT $1, id, endpoint_id, event_id, cause, $2, $2 \
         FROM unnest($3, $4, $5, $6) AS d (id, endpoint_id, event_id, cause) ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<SqlUuid>, _>(ids(|delivery| delivery.id.0))
    .bind::<Array<SqlUuid>, _>(ids(|delivery| delivery.endpoint.0))
    .bind::<Array<SqlUuid>, _>(ids(|delivery| delivery.event.0))
    .bind::<Array<Text>, _>(new.iter().map(|delivery| delivery.cause.name()).collect::<Vec<_>>())
    .execute(tx.conn())?;
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_deliveries)]
struct Row {
    id: Uuid,
    endpoint_id: Uuid,
    event_id: Uuid,
    cause: String,
    state: String,
    attempts: i32,
    next_attempt_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

fn delivery((row, event_type): (Row, String)) -> Result<WebhookDelivery, DbError> {
    Ok(WebhookDelivery {
        id: WebhookDeliveryId(row.id),
        endpoint_id: WebhookEndpointId(row.endpoint_id),
        event_id: EventId(row.event_id),
        event_type,
        cause: DeliveryCause::read(TABLE, &row.cause)?,
        state: DeliveryState::read(TABLE, &row.state)?,
        attempts: row.attempts,
        next_attempt_at: row.next_attempt_at,
        created_at: row.created_at,
        finished_at: row.finished_at,
    })
}

/// The table whose words are read here.
pub const TABLE: &str = "webhook_deliveries";

/// The body of a delivery of an event.
pub fn payload(kind: String, timestamp: DateTime<Utc>, data: Value) -> Result<WebhookPayload, DbError> {
    let corrupt = |error: serde_json::Error| DbError::Corrupt { table: "events", what: error.to_string() };
    Ok(WebhookPayload { kind, timestamp, data: serde_json::from_value(data).map_err(corrupt)? })
}

/// The tenant's deliveries with their events.
#[diesel::dsl::auto_type(no_type_alias)]
fn with_event(tenant: Uuid) -> _ {
    let same_event =
        events::tenant_id.eq(webhook_deliveries::tenant_id).and(events::id.eq(webhook_deliveries::event_id));
    webhook_deliveries::table.inner_join(events::table.on(same_event)).filter(webhook_deliveries::tenant_id.eq(tenant))
}

pub fn list_deliveries(
    tx: &mut TenantTx<'_>,
    endpoint: WebhookEndpointId,
    state: Option<DeliveryState>,
    asked: PageRequest,
) -> Result<Vec<WebhookDelivery>, DbError> {
    let tenant = tx.tenant_id();
    let mut query = with_event(tenant.0)
        .filter(webhook_deliveries::endpoint_id.eq(endpoint.0))
        .select((Row::as_select(), events::kind))
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(webhook_deliveries::state.eq(state.name()));
    }
    if let Some(after) = asked.after {
        query = query
            .filter(webhook_deliveries::created_at.le(after.created_at))
            .filter(webhook_deliveries::created_at.lt(after.created_at).or(webhook_deliveries::id.lt(after.id)));
    }
    let newest = (webhook_deliveries::created_at.desc(), webhook_deliveries::id.desc());
    let rows: Vec<(Row, String)> = query.order(newest).limit(asked.rows()).load(tx.conn())?;
    rows.into_iter().map(delivery).collect()
}

pub fn find_delivery(tx: &mut TenantTx<'_>, id: WebhookDeliveryId) -> Result<Option<WebhookDeliveryLog>, DbError> {
    let tenant = tx.tenant_id();
    let found: Option<(Row, String, DateTime<Utc>, Value)> = with_event(tenant.0)
        .filter(webhook_deliveries::id.eq(id.0))
        .select((Row::as_select(), events::kind, events::created_at, events::data))
        .first(tx.conn())
        .optional()?;
    let Some((row, kind, happened_at, data)) = found else { return Ok(None) };
    let of_delivery = webhook_attempts::tenant_id.eq(tenant.0).and(webhook_attempts::delivery_id.eq(id.0));
    let attempts = webhook_attempts::table.filter(of_delivery).order(webhook_attempts::number);
    let attempts: Vec<AttemptRow> = attempts.select(AttemptRow::as_select()).load(tx.conn())?;
    let log = attempts.into_iter().map(WebhookAttempt::try_from).collect::<Result<_, _>>()?;
    let payload = payload(kind.clone(), happened_at, data)?;
    Ok(Some(WebhookDeliveryLog { delivery: delivery((row, kind))?, payload, log }))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_attempts)]
struct AttemptRow {
    number: i32,
    attempted_at: DateTime<Utc>,
    duration_ms: i64,
    status: Option<i32>,
    headers: Option<Value>,
    body: Option<String>,
    error: Option<String>,
}

impl TryFrom<AttemptRow> for WebhookAttempt {
    type Error = DbError;

    fn try_from(row: AttemptRow) -> Result<Self, DbError> {
        let corrupt =
            |error: serde_json::Error| DbError::Corrupt { table: "webhook_attempts", what: error.to_string() };
        Ok(Self {
            number: row.number,
            attempted_at: row.attempted_at,
            duration_ms: row.duration_ms,
            status: row.status,
            headers: row.headers.map(serde_json::from_value).transpose().map_err(corrupt)?,
            body: row.body,
            error: row.error,
        })
    }
}
