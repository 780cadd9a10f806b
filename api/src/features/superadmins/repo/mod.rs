//! Superadmins, their sessions, refresh tokens and the operator's data keys in the database.

mod refresh;

pub use refresh::{
    RefreshRow, end_session, extend_session, insert_refresh_token, lock_refresh_token, mark_refresh_used, refresh_hash,
};

use crate::{
    features::identity::Origin,
    platform::{
        crypto::DataKey,
        db::{DbError, EntryTx},
    },
    schema::{platform_data_keys, superadmin_sessions, superadmins},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{SessionId, SuperadminId};
use diesel::{dsl::sql, prelude::*, sql_types::Bool};
use uuid::Uuid;

/// What logging in needs of a superadmin.
#[derive(Queryable)]
pub struct Found {
    pub id: Uuid,
    pub username: String,
    pub password_hash: String,
    pub totp_secret: Vec<u8>,
    pub disabled: bool,
}

pub fn find(tx: &mut EntryTx<'_>, username: &str) -> Result<Option<Found>, DbError> {
    let same_name = sql::<Bool>("lower(username) = lower(").bind::<diesel::sql_types::Text, _>(username).sql(")");
    Ok(superadmins::table
        .filter(same_name)
        .select((
            superadmins::id,
            superadmins::username,
            superadmins::password_hash,
            superadmins::totp_secret,
            superadmins::disabled,
        ))
        .first(tx.conn())
        .optional()?)
}

pub struct NewSuperadmin {
    pub id: SuperadminId,
    pub username: String,
    pub password_hash: String,
    /// Sealed.
    pub totp_secret: Vec<u8>,
}

pub fn insert(tx: &mut EntryTx<'_>, row: &NewSuperadmin) -> Result<(), DbError> {
    let now = tx.ids().now();
    diesel::insert_into(superadmins::table)
        .values((
            superadmins::id.eq(row.id.0),
            superadmins::username.eq(&row.username),
            superadmins::password_hash.eq(&row.password_hash),
            superadmins::totp_secret.eq(&row.totp_secret),
            superadmins::created_at.eq(now),
            superadmins::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Marks a TOTP step as used; false when it, or a later one, was used before.
pub fn use_totp_step(tx: &mut EntryTx<'_>, id: SuperadminId, step: i64, now: DateTime<Utc>) -> Result<bool, DbError> {
    let changed = diesel::update(superadmins::table.find(id.0))
        .filter(superadmins::last_totp_step.lt(step))
        .filter(superadmins::disabled.eq(false))
        .set((superadmins::last_totp_step.eq(step), superadmins::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(changed == 1)
}

pub struct NewSession {
    pub id: SessionId,
    pub superadmin: SuperadminId,
    pub from: Origin,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub latest_end: DateTime<Utc>,
}

pub fn insert_session(tx: &mut EntryTx<'_>, row: &NewSession) -> Result<(), DbError> {
    diesel::insert_into(superadmin_sessions::table)
        .values((
            superadmin_sessions::id.eq(row.id.0),
            superadmin_sessions::superadmin_id.eq(row.superadmin.0),
            superadmin_sessions::address.eq(&row.from.address),
            superadmin_sessions::user_agent.eq(&row.from.user_agent),
            superadmin_sessions::created_at.eq(row.created_at),
            superadmin_sessions::last_seen_at.eq(row.created_at),
            superadmin_sessions::expires_at.eq(row.expires_at),
            superadmin_sessions::latest_end.eq(row.latest_end),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// A data key as it is kept: wrapped.
#[derive(Queryable, Selectable)]
#[diesel(table_name = platform_data_keys)]
pub struct WrappedKey {
    pub id: Uuid,
    pub master_key_id: String,
    pub wrapped: Vec<u8>,
}

pub fn data_key(tx: &mut EntryTx<'_>, id: Uuid) -> Result<WrappedKey, DbError> {
    Ok(platform_data_keys::table.find(id).select(WrappedKey::as_select()).first(tx.conn())?)
}

pub fn newest_data_key(tx: &mut EntryTx<'_>) -> Result<Option<WrappedKey>, DbError> {
    let newest = platform_data_keys::table.order(platform_data_keys::created_at.desc());
    Ok(newest.select(WrappedKey::as_select()).first(tx.conn()).optional()?)
}

pub fn insert_data_key(
    tx: &mut EntryTx<'_>,
    key: &DataKey,
    master_key_id: String,
    wrapped: Vec<u8>,
) -> Result<(), DbError> {
    let now = tx.ids().now();
    diesel::insert_into(platform_data_keys::table)
        .values((
            platform_data_keys::id.eq(key.id()),
            platform_data_keys::master_key_id.eq(master_key_id),
            platform_data_keys::wrapped.eq(wrapped),
            platform_data_keys::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}
