//! Refresh tokens, before anyone is known: row-level security keeps every statement to the tenant
//! that the token names.

use crate::{
    platform::{
        authn::RefreshToken,
        db::{DbError, EntryTx},
    },
    schema::{refresh_tokens, sessions, tenants, users},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::SessionId;
use diesel::prelude::*;
use uuid::Uuid;

/// A kept token with the session, user and client behind it.
#[derive(Queryable)]
pub struct RefreshRow {
    pub secret_sha256: Vec<u8>,
    pub used_at: Option<DateTime<Utc>>,
    pub successor_id: Option<Uuid>,
    pub session_id: Uuid,
    pub user_id: Uuid,
    pub ended_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
    pub latest_end: Option<DateTime<Utc>>,
    pub disabled: bool,
    pub tenant_status: String,
}

/// Reads a token and its session, and holds the token: of two who use it at once, one is first.
pub fn lock_refresh_token(tx: &mut EntryTx<'_>, id: Uuid) -> Result<Option<RefreshRow>, DbError> {
    let locked: Option<Uuid> = refresh_tokens::table
        .filter(refresh_tokens::id.eq(id))
        .select(refresh_tokens::id)
        .for_no_key_update()
        .first(tx.conn())
        .optional()?;
    if locked.is_none() {
        return Ok(None);
    }
    let of_session = sessions::tenant_id.eq(refresh_tokens::tenant_id).and(sessions::id.eq(refresh_tokens::session_id));
    let of_user = users::tenant_id.eq(sessions::tenant_id).and(users::id.eq(sessions::user_id));
    Ok(refresh_tokens::table
        .inner_join(sessions::table.on(of_session))
        .inner_join(users::table.on(of_user))
        .inner_join(tenants::table.on(tenants::id.eq(sessions::tenant_id)))
        .filter(refresh_tokens::id.eq(id))
        .select((
            refresh_tokens::secret_sha256,
            refresh_tokens::used_at,
            refresh_tokens::successor_id,
            sessions::id,
            users::id,
            sessions::ended_at,
            sessions::expires_at,
            sessions::latest_end,
            users::disabled,
            tenants::status,
        ))
        .first(tx.conn())
        .optional()?)
}

pub fn refresh_hash(tx: &mut EntryTx<'_>, id: Uuid) -> Result<Option<Vec<u8>>, DbError> {
    let token = refresh_tokens::table.filter(refresh_tokens::id.eq(id));
    Ok(token.select(refresh_tokens::secret_sha256).first(tx.conn()).optional()?)
}

pub fn insert_refresh_token(
    tx: &mut EntryTx<'_>,
    session: SessionId,
    token: &RefreshToken,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::tenant_id.eq(token.tenant),
            refresh_tokens::id.eq(token.id),
            refresh_tokens::session_id.eq(session.0),
            refresh_tokens::secret_sha256.eq(token.hash()),
            refresh_tokens::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

pub fn mark_refresh_used(tx: &mut EntryTx<'_>, id: Uuid, successor: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(refresh_tokens::table.filter(refresh_tokens::id.eq(id)))
        .set((refresh_tokens::used_at.eq(now), refresh_tokens::successor_id.eq(successor)))
        .execute(tx.conn())?;
    Ok(())
}
