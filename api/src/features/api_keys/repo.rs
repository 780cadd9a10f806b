//! API keys in the database; revoked ones are as if they were not there.

use crate::{
    platform::{
        db::{DbError, TakeFirstRows, TenantTx},
        http::PageRequest,
    },
    schema::api_keys,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{ApiKeyId, UserId, api_keys::ApiKey};
use diesel::prelude::*;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_keys)]
struct Row {
    id: Uuid,
    name: String,
    permissions: Vec<String>,
    created_by: Uuid,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

impl From<Row> for ApiKey {
    fn from(row: Row) -> Self {
        Self {
            id: ApiKeyId(row.id),
            name: row.name,
            permissions: row.permissions,
            created_by: UserId(row.created_by),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        }
    }
}

pub fn list(tx: &mut TenantTx<'_>, asked: PageRequest) -> Result<Vec<ApiKey>, DbError> {
    let tenant = tx.tenant_id();
    let mut query = api_keys::table
        .filter(api_keys::tenant_id.eq(tenant.0).and(api_keys::revoked_at.is_null()))
        .select(Row::as_select())
        .into_boxed();
    if let Some(after) = asked.after {
        query = query
            .filter(api_keys::created_at.le(after.created_at))
            .filter(api_keys::created_at.lt(after.created_at).or(api_keys::id.lt(after.id)));
    }
    let rows =
        query.order((api_keys::created_at.desc(), api_keys::id.desc())).first_rows(asked.rows()).load(tx.conn())?;
    Ok(rows.into_iter().map(ApiKey::from).collect())
}

pub fn insert(tx: &mut TenantTx<'_>, key: &ApiKey, secret_sha256: &[u8]) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    diesel::insert_into(api_keys::table)
        .values((
            api_keys::tenant_id.eq(tenant.0),
            api_keys::id.eq(key.id.0),
            api_keys::name.eq(&key.name),
            api_keys::permissions.eq(&key.permissions),
            api_keys::secret_sha256.eq(secret_sha256),
            api_keys::created_by.eq(key.created_by.0),
            api_keys::created_at.eq(key.created_at),
            api_keys::expires_at.eq(key.expires_at),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// False when there is no such key, or it was revoked before.
pub fn revoke(tx: &mut TenantTx<'_>, id: ApiKeyId) -> Result<bool, DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let revoked = diesel::update(api_keys::table.find((tenant.0, id.0)))
        .filter(api_keys::revoked_at.is_null())
        .set(api_keys::revoked_at.eq(now))
        .execute(tx.conn())?;
    Ok(revoked == 1)
}
