//! Who is logged in and who was turned away, and which endpoints are not reached, of all clients, each by an index of
//! its own (`…_of_all` in the migrations).

use crate::platform::{
    db::{DbError, Named, PlatformTx},
    http::PageRequest,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    OrderId, SessionEventId, SessionId, TenantId, UserId, WebhookEndpointId,
    admin::looks::{TenantSession, TenantSessionEvent, TenantWebhookEndpoint},
    events::{DisabledBy, EventType},
    sessions::{Session, SessionEvent, SessionEventKind},
    webhooks::WebhookEndpoint,
};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

/// Behind the last page, in the words of all these lists: `$2` and `$3`; of one client, where it is named: `$1`.
macro_rules! behind {
    ($before:literal, $alias:literal) => {
        concat!(
            $before,
            " AND ($1::uuid IS NULL OR ",
            $alias,
            ".tenant_id = $1) AND ($2::timestamptz IS NULL OR (",
            $alias,
            ".created_at, ",
            $alias,
            ".id) < ($2, $3)) ORDER BY ",
            $alias,
            ".created_at DESC, ",
            $alias,
            ".id DESC LIMIT $4"
        )
    };
}

#[derive(QueryableByName)]
struct SessionRow {
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    #[diesel(sql_type = Text)]
    username: String,
    #[diesel(sql_type = Nullable<Text>)]
    address: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    last_seen_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    expires_at: DateTime<Utc>,
}

/// Those that have not ended.
pub fn sessions(
    tx: &mut PlatformTx<'_>,
    client: Option<TenantId>,
    asked: PageRequest,
) -> Result<Vec<TenantSession>, DbError> {
    let now = tx.now();
    let rows: Vec<SessionRow> = sql_query(behind!(
        "SELECT t.slug, s.id, s.user_id, u.username, s.address, s.created_at, s.last_seen_at, s.expires_at \
         FROM sessions s JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id \
         JOIN tenants t ON t.id = s.tenant_id WHERE s.ended_at IS NULL AND s.expires_at > $5",
        "s"
    ))
    .bind::<Nullable<SqlUuid>, _>(client.map(|client| client.0))
    .bind::<Nullable<Timestamptz>, _>(asked.after.map(|after| after.created_at))
    .bind::<Nullable<SqlUuid>, _>(asked.after.map(|after| after.id))
    .bind::<BigInt, _>(asked.rows())
    .bind::<Timestamptz, _>(now)
    .load(tx.conn())?;
    let session = |row: SessionRow| TenantSession {
        tenant: row.slug,
        session: Session {
            id: SessionId(row.id),
            user_id: UserId(row.user_id),
            username: row.username,
            address: row.address,
            user_agent: None,
            current: false,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
        },
    };
    Ok(rows.into_iter().map(session).collect())
}

#[derive(QueryableByName)]
struct EventRow {
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    user_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    username: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    session_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    address: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

/// Lines of these kinds. Over all clients only those in which somebody was turned away have an index, which the
/// words of the query have to be seen to mean.
pub fn session_events(
    tx: &mut PlatformTx<'_>,
    client: Option<TenantId>,
    kinds: &[&str],
    asked: PageRequest,
) -> Result<Vec<TenantSessionEvent>, DbError> {
    const REFUSED: &str = behind!(
        "SELECT t.slug, e.id, e.kind, e.user_id, e.username, e.session_id, e.order_id, e.address, e.created_at \
         FROM session_events e JOIN tenants t ON t.id = e.tenant_id WHERE e.kind = ANY ($5) \
         AND e.kind IN ('login_failed', 'refresh_reused', 'second_factor_failed', 'second_factor_locked')",
        "e"
    );
    const OF_CLIENT: &str = behind!(
        "SELECT t.slug, e.id, e.kind, e.user_id, e.username, e.session_id, e.order_id, e.address, e.created_at \
         FROM session_events e JOIN tenants t ON t.id = e.tenant_id WHERE e.kind = ANY ($5)",
        "e"
    );
    let rows: Vec<EventRow> = sql_query(if client.is_some() { OF_CLIENT } else { REFUSED })
        .bind::<Nullable<SqlUuid>, _>(client.map(|client| client.0))
        .bind::<Nullable<Timestamptz>, _>(asked.after.map(|after| after.created_at))
        .bind::<Nullable<SqlUuid>, _>(asked.after.map(|after| after.id))
        .bind::<BigInt, _>(asked.rows())
        .bind::<Array<Text>, _>(kinds)
        .load(tx.conn())?;
    rows.into_iter().map(event).collect()
}

fn event(row: EventRow) -> Result<TenantSessionEvent, DbError> {
    let kind: Option<SessionEventKind> = serde_json::from_value(serde_json::Value::from(row.kind.as_str())).ok();
    let corrupt = || DbError::Corrupt { table: "session_events", what: format!("kind {}", row.kind) };
    Ok(TenantSessionEvent {
        tenant: row.slug,
        event: SessionEvent {
            id: SessionEventId(row.id),
            kind: kind.ok_or_else(corrupt)?,
            user_id: row.user_id.map(UserId),
            username: row.username,
            session_id: row.session_id.map(SessionId),
            order_id: row.order_id.map(OrderId),
            address: row.address,
            user_agent: None,
            created_at: row.created_at,
        },
    })
}

/// Whose session it is, and whether it was still open: it is not any more.
pub fn end_session(tx: &mut PlatformTx<'_>, id: SessionId) -> Result<Option<(TenantId, UserId, bool)>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        tenant_id: Uuid,
        #[diesel(sql_type = SqlUuid)]
        user_id: Uuid,
    }
    let now = tx.now();
    let row: Option<Row> = sql_query(
        "SELECT s.tenant_id, s.user_id FROM tenants t CROSS JOIN LATERAL \
         (SELECT s.tenant_id, s.user_id FROM sessions s WHERE s.tenant_id = t.id AND s.id = $1 OFFSET 0) s LIMIT 1",
    )
    .bind::<SqlUuid, _>(id.0)
    .get_result(tx.conn())
    .optional()?;
    let Some(row) = row else { return Ok(None) };
    let ended = sql_query("UPDATE sessions SET ended_at = $3 WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL")
        .bind::<SqlUuid, _>(row.tenant_id)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Timestamptz, _>(now)
        .execute(tx.conn())?;
    Ok(Some((TenantId(row.tenant_id), UserId(row.user_id), ended == 1)))
}

#[derive(QueryableByName)]
struct EndpointRow {
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    url: String,
    #[diesel(sql_type = Nullable<Text>)]
    description: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    event_types: Vec<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    disabled_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    disabled_by: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    failing_since: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

/// Those that nothing reaches, or that the service has switched off for that.
pub fn failing_endpoints(
    tx: &mut PlatformTx<'_>,
    client: Option<TenantId>,
    asked: PageRequest,
) -> Result<Vec<TenantWebhookEndpoint>, DbError> {
    let rows: Vec<EndpointRow> = sql_query(behind!(
        "SELECT t.slug, w.id, w.url, w.description, w.event_types, w.disabled_at, w.disabled_by, w.failing_since, \
             w.version, w.created_at, w.updated_at \
         FROM webhook_endpoints w JOIN tenants t ON t.id = w.tenant_id \
         WHERE w.deleted_at IS NULL AND (w.failing_since IS NOT NULL OR w.disabled_by IN ('gone', 'failing'))",
        "w"
    ))
    .bind::<Nullable<SqlUuid>, _>(client.map(|client| client.0))
    .bind::<Nullable<Timestamptz>, _>(asked.after.map(|after| after.created_at))
    .bind::<Nullable<SqlUuid>, _>(asked.after.map(|after| after.id))
    .bind::<BigInt, _>(asked.rows())
    .load(tx.conn())?;
    let endpoint = |row: EndpointRow| TenantWebhookEndpoint {
        tenant: row.slug,
        endpoint: WebhookEndpoint {
            id: WebhookEndpointId(row.id),
            url: row.url,
            description: row.description,
            event_types: row.event_types.iter().filter_map(|text| EventType::from_text(text)).collect(),
            disabled_at: row.disabled_at,
            disabled_by: row.disabled_by.and_then(|text| DisabledBy::named(&text)),
            failing_since: row.failing_since,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        },
    };
    Ok(rows.into_iter().map(endpoint).collect())
}
