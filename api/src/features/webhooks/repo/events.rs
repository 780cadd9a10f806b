//! Who is told of what happened.

use crate::platform::{
    db::{DbError, TenantTx, prepared},
    http::Position,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{EventId, WebhookEndpointId};
use diesel::{
    QueryableByName, RunQueryDsl,
    sql_types::{BigInt, Bool, Nullable, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

/// The endpoints that listen for an event.
pub fn listening(tx: &mut TenantTx<'_>, event: EventId) -> Result<Vec<WebhookEndpointId>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let tenant = tx.tenant_id();
    let rows: Vec<Row> = prepared(
        "SELECT e.id FROM webhook_endpoints e JOIN events h ON h.tenant_id = $1 AND h.id = $2 \
         WHERE e.tenant_id = $1 AND e.disabled_at IS NULL AND (e.event_types = '{}' OR h.kind = ANY (e.event_types))",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(event.0)
    .load(tx.conn())?;
    Ok(rows.into_iter().map(|row| WebhookEndpointId(row.id)).collect())
}

/// A part of what happened in a time.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub after: Option<Position>,
    pub most: i64,
}

/// Something that happened, and whether an endpoint wants to hear of it again.
pub struct Happened {
    pub id: EventId,
    pub created_at: DateTime<Utc>,
    pub wanted: bool,
}

#[derive(QueryableByName)]
struct HappenedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    wanted: bool,
}

/// What happened, the oldest first.
pub fn events_for(
    tx: &mut TenantTx<'_>,
    endpoint: WebhookEndpointId,
    span: Span,
    only_undelivered: bool,
) -> Result<Vec<Happened>, DbError> {
    let tenant = tx.tenant_id();
    let rows: Vec<HappenedRow> = prepared(
        "SELECT h.id, h.created_at, h.kind <> 'webhook.test' \
         AND EXISTS (SELECT FROM webhook_endpoints e WHERE e.tenant_id = $1 AND e.id = $2 \
         AND (e.event_types = '{}' OR h.kind = ANY (e.event_types))) \
         AND NOT ($3 AND EXISTS (SELECT FROM webhook_deliveries d WHERE d.tenant_id = $1 AND d.event_id = h.id \
         AND d.endpoint_id = $2 AND d.state = 'delivered')) AS wanted \
         FROM events h WHERE h.tenant_id = $1 AND h.created_at >= $4 AND h.created_at < $5 \
         AND (h.created_at, h.id) > (coalesce($6, '-infinity'), coalesce($7, '00000000-0000-0000-0000-000000000000')) \
         ORDER BY h.created_at, h.id LIMIT $8",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(endpoint.0)
    .bind::<Bool, _>(only_undelivered)
    .bind::<Timestamptz, _>(span.since)
    .bind::<Timestamptz, _>(span.until)
    .bind::<Nullable<Timestamptz>, _>(span.after.map(|position| position.created_at))
    .bind::<Nullable<SqlUuid>, _>(span.after.map(|position| position.id))
    .bind::<BigInt, _>(span.most)
    .load(tx.conn())?;
    let happened = |row: HappenedRow| Happened { id: EventId(row.id), created_at: row.created_at, wanted: row.wanted };
    Ok(rows.into_iter().map(happened).collect())
}
