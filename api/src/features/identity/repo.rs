//! Users and sessions in the database.

use super::{NewUser, Origin};
use crate::{
    platform::db::{DbError, EntryTx, PlatformTx, TenantTx},
    schema::{sessions, tenants, users},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{SessionId, TenantId, UserId};
use diesel::{dsl::sql, prelude::*, sql_types::Bool};
use uuid::Uuid;

/// What logging in needs of a user.
#[derive(Queryable)]
pub struct LoginRow {
    pub id: Uuid,
    pub username: String,
    pub role: String,
    pub password_hash: String,
    pub disabled: bool,
    pub tenant_status: String,
}

pub fn find_login(tx: &mut EntryTx<'_>, username: &str) -> Result<Option<LoginRow>, DbError> {
    let same_name = sql::<Bool>("lower(username) = lower(").bind::<diesel::sql_types::Text, _>(username).sql(")");
    Ok(users::table
        .inner_join(tenants::table.on(tenants::id.eq(users::tenant_id)))
        .filter(same_name)
        .select((users::id, users::username, users::role, users::password_hash, users::disabled, tenants::status))
        .first(tx.conn())
        .optional()?)
}

pub struct NewSession {
    pub tenant: TenantId,
    pub id: SessionId,
    pub user: UserId,
    pub from: Origin,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

pub fn insert_session(tx: &mut EntryTx<'_>, session: &NewSession) -> Result<(), DbError> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::tenant_id.eq(session.tenant.0),
            sessions::id.eq(session.id.0),
            sessions::user_id.eq(session.user.0),
            sessions::address.eq(&session.from.address),
            sessions::user_agent.eq(&session.from.user_agent),
            sessions::created_at.eq(session.created_at),
            sessions::expires_at.eq(session.expires_at),
        ))
        .execute(tx.conn())?;
    Ok(())
}

pub fn end_session(tx: &mut TenantTx<'_>, session: SessionId) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    diesel::update(sessions::table.find((tenant.0, session.0)))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .execute(tx.conn())?;
    Ok(())
}

pub fn insert_user(tx: &mut PlatformTx<'_>, id: UserId, user: &NewUser) -> Result<(), DbError> {
    let now = tx.now();
    diesel::insert_into(users::table)
        .values((
            users::tenant_id.eq(user.tenant.0),
            users::id.eq(id.0),
            users::username.eq(&user.username),
            users::email.eq(&user.email),
            users::role.eq(user.role),
            users::password_hash.eq(&user.password_hash),
            users::created_at.eq(now),
            users::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}
