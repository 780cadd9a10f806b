//! Endpoints and their secrets.

use crate::{
    platform::{
        db::{DbError, Named, TenantTx},
        http::PageRequest,
    },
    schema::{webhook_endpoints, webhook_secrets},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    WebhookEndpointId, WebhookSecretId,
    events::{DisabledBy, EventType},
    webhooks::WebhookEndpoint,
};
use diesel::{dsl::sql, prelude::*, sql_query, sql_types};
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_endpoints)]
struct Row {
    id: Uuid,
    url: String,
    description: Option<String>,
    event_types: Vec<String>,
    disabled_at: Option<DateTime<Utc>>,
    disabled_by: Option<String>,
    failing_since: Option<DateTime<Utc>>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for WebhookEndpoint {
    fn from(row: Row) -> Self {
        Self {
            id: WebhookEndpointId(row.id),
            url: row.url,
            description: row.description,
            // One that this binary does not know is another's, and stays as it is.
            event_types: row.event_types.iter().filter_map(|text| EventType::from_text(text)).collect(),
            disabled_at: row.disabled_at,
            disabled_by: row.disabled_by.and_then(|text| DisabledBy::named(&text)),
            failing_since: row.failing_since,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// The endpoints of the tenant that are not deleted.
#[diesel::dsl::auto_type(no_type_alias)]
fn present(tenant: Uuid) -> _ {
    let own = webhook_endpoints::tenant_id.eq(tenant).and(webhook_endpoints::deleted_at.is_null());
    webhook_endpoints::table.filter(own)
}

pub fn find(tx: &mut TenantTx<'_>, id: WebhookEndpointId) -> Result<Option<WebhookEndpoint>, DbError> {
    let tenant = tx.tenant_id();
    let one = present(tenant.0).filter(webhook_endpoints::id.eq(id.0)).select(Row::as_select());
    Ok(one.first(tx.conn()).optional()?.map(WebhookEndpoint::from))
}

/// As [`find`], and nobody else changes it until the transaction ends.
pub fn lock(tx: &mut TenantTx<'_>, id: WebhookEndpointId) -> Result<Option<WebhookEndpoint>, DbError> {
    let tenant = tx.tenant_id();
    let one = present(tenant.0).filter(webhook_endpoints::id.eq(id.0)).select(Row::as_select());
    Ok(one.for_no_key_update().first(tx.conn()).optional()?.map(WebhookEndpoint::from))
}

pub fn list(tx: &mut TenantTx<'_>, asked: PageRequest) -> Result<Vec<WebhookEndpoint>, DbError> {
    let tenant = tx.tenant_id();
    let mut query = present(tenant.0).select(Row::as_select()).into_boxed();
    if let Some(after) = asked.after {
        query = query
            .filter(webhook_endpoints::created_at.le(after.created_at))
            .filter(webhook_endpoints::created_at.lt(after.created_at).or(webhook_endpoints::id.lt(after.id)));
    }
    let newest = (webhook_endpoints::created_at.desc(), webhook_endpoints::id.desc());
    let rows: Vec<Row> = query.order(newest).limit(asked.rows()).load(tx.conn())?;
    Ok(rows.into_iter().map(WebhookEndpoint::from).collect())
}

/// How many there are; nobody else adds one until the transaction ends.
pub fn count_alone(tx: &mut TenantTx<'_>) -> Result<i64, DbError> {
    let tenant = tx.tenant_id();
    sql_query("SELECT pg_advisory_xact_lock(hashtext('countinghouse.webhook_endpoints'), hashtext($1))")
        .bind::<sql_types::Text, _>(tenant.to_string())
        .execute(tx.conn())?;
    Ok(present(tenant.0).count().get_result(tx.conn())?)
}

pub fn insert(tx: &mut TenantTx<'_>, endpoint: &WebhookEndpoint) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    diesel::insert_into(webhook_endpoints::table)
        .values((
            webhook_endpoints::tenant_id.eq(tenant.0),
            webhook_endpoints::id.eq(endpoint.id.0),
            webhook_endpoints::url.eq(&endpoint.url),
            webhook_endpoints::description.eq(&endpoint.description),
            webhook_endpoints::event_types.eq(texts(&endpoint.event_types)),
            webhook_endpoints::version.eq(endpoint.version),
            webhook_endpoints::created_at.eq(endpoint.created_at),
            webhook_endpoints::updated_at.eq(endpoint.updated_at),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Writes what people change over the one that [`lock`] gave. A pause was for the server that asked for it.
pub fn update(tx: &mut TenantTx<'_>, endpoint: &WebhookEndpoint) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    diesel::update(webhook_endpoints::table.find((tenant.0, endpoint.id.0)))
        .set((
            webhook_endpoints::url.eq(&endpoint.url),
            webhook_endpoints::description.eq(&endpoint.description),
            webhook_endpoints::event_types.eq(texts(&endpoint.event_types)),
            webhook_endpoints::disabled_at.eq(endpoint.disabled_at),
            webhook_endpoints::disabled_by.eq(endpoint.disabled_by.map(Named::name)),
            webhook_endpoints::failing_since.eq(endpoint.failing_since),
            webhook_endpoints::paused_until.eq(None::<DateTime<Utc>>),
            webhook_endpoints::version.eq(endpoint.version),
            webhook_endpoints::updated_at.eq(endpoint.updated_at),
        ))
        .execute(tx.conn())?;
    Ok(())
}

pub fn delete(tx: &mut TenantTx<'_>, id: WebhookEndpointId) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let since = sql::<sql_types::Nullable<sql_types::Timestamptz>>("coalesce(disabled_at, ")
        .bind::<sql_types::Timestamptz, _>(now)
        .sql(")");
    diesel::update(webhook_endpoints::table.find((tenant.0, id.0)))
        .set((
            webhook_endpoints::deleted_at.eq(now),
            webhook_endpoints::disabled_at.eq(since),
            webhook_endpoints::disabled_by.eq(DisabledBy::User.name()),
        ))
        .execute(tx.conn())?;
    let of_endpoint = webhook_secrets::tenant_id.eq(tenant.0).and(webhook_secrets::endpoint_id.eq(id.0));
    diesel::delete(webhook_secrets::table.filter(of_endpoint)).execute(tx.conn())?;
    Ok(())
}

fn texts(types: &[EventType]) -> Vec<&'static str> {
    types.iter().map(|kind| kind.as_str()).collect()
}

/// The secret in force from now on.
pub fn insert_secret(
    tx: &mut TenantTx<'_>,
    id: WebhookSecretId,
    endpoint: WebhookEndpointId,
    envelope: &[u8],
) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    diesel::insert_into(webhook_secrets::table)
        .values((
            webhook_secrets::tenant_id.eq(tenant.0),
            webhook_secrets::id.eq(id.0),
            webhook_secrets::endpoint_id.eq(endpoint.0),
            webhook_secrets::secret.eq(envelope),
            webhook_secrets::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// The secret of now signs until then, or no more; one before it no more.
pub fn retire_secrets(
    tx: &mut TenantTx<'_>,
    endpoint: WebhookEndpointId,
    until: Option<DateTime<Utc>>,
) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    let of_endpoint = webhook_secrets::tenant_id.eq(tenant.0).and(webhook_secrets::endpoint_id.eq(endpoint.0));
    let mut gone = diesel::delete(webhook_secrets::table.filter(of_endpoint)).into_boxed();
    if until.is_some() {
        gone = gone.filter(webhook_secrets::expires_at.is_not_null());
    }
    gone.execute(tx.conn())?;
    diesel::update(webhook_secrets::table.filter(of_endpoint))
        .set(webhook_secrets::expires_at.eq(until))
        .execute(tx.conn())?;
    Ok(())
}
