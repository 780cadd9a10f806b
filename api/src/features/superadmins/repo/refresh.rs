//! Superadmins' refresh tokens.

use crate::{
    platform::{
        authn::RefreshToken,
        db::{DbError, EntryTx},
    },
    schema::{superadmin_refresh_tokens as tokens, superadmin_sessions as sessions, superadmins},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::SessionId;
use diesel::prelude::*;
use uuid::Uuid;

/// A kept token with the session and superadmin behind it.
#[derive(Queryable)]
pub struct RefreshRow {
    pub secret_sha256: Vec<u8>,
    pub used_at: Option<DateTime<Utc>>,
    pub successor_id: Option<Uuid>,
    pub session_id: Uuid,
    pub superadmin_id: Uuid,
    pub ended_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
    pub latest_end: Option<DateTime<Utc>>,
    pub disabled: bool,
}

/// Reads a token and its session, and holds the token: of two who use it at once, one is first.
pub fn lock_refresh_token(tx: &mut EntryTx<'_>, id: Uuid) -> Result<Option<RefreshRow>, DbError> {
    let locked: Option<Uuid> =
        tokens::table.find(id).select(tokens::id).for_no_key_update().first(tx.conn()).optional()?;
    if locked.is_none() {
        return Ok(None);
    }
    Ok(tokens::table
        .inner_join(sessions::table.on(sessions::id.eq(tokens::session_id)))
        .inner_join(superadmins::table.on(superadmins::id.eq(sessions::superadmin_id)))
        .filter(tokens::id.eq(id))
        .select((
            tokens::secret_sha256,
            tokens::used_at,
            tokens::successor_id,
            sessions::id,
            superadmins::id,
            sessions::ended_at,
            sessions::expires_at,
            sessions::latest_end,
            superadmins::disabled,
        ))
        .first(tx.conn())
        .optional()?)
}

pub fn refresh_hash(tx: &mut EntryTx<'_>, id: Uuid) -> Result<Option<Vec<u8>>, DbError> {
    Ok(tokens::table.find(id).select(tokens::secret_sha256).first(tx.conn()).optional()?)
}

pub fn insert_refresh_token(
    tx: &mut EntryTx<'_>,
    session: SessionId,
    token: &RefreshToken,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::insert_into(tokens::table)
        .values((
            tokens::id.eq(token.id),
            tokens::session_id.eq(session.0),
            tokens::secret_sha256.eq(token.hash()),
            tokens::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

pub fn mark_refresh_used(tx: &mut EntryTx<'_>, id: Uuid, successor: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(tokens::table.find(id))
        .set((tokens::used_at.eq(now), tokens::successor_id.eq(successor)))
        .execute(tx.conn())?;
    Ok(())
}

pub fn end_session(tx: &mut EntryTx<'_>, session: SessionId, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(sessions::table.find(session.0))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .execute(tx.conn())?;
    Ok(())
}

pub fn extend_session(
    tx: &mut EntryTx<'_>,
    session: SessionId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::update(sessions::table.find(session.0))
        .set((sessions::last_seen_at.eq(now), sessions::expires_at.eq(until)))
        .execute(tx.conn())?;
    Ok(())
}
