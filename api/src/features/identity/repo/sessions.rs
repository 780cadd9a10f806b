//! Sessions.

use crate::{
    features::identity::{Origin, second_factor::Who},
    platform::{
        db::{DbError, EntryTx, PlatformTx, TakeFirstRows, TenantTx},
        http::PageRequest,
    },
    schema::{sessions, users},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{SessionId, TenantId, UserId, sessions::Session};
use diesel::prelude::*;
use uuid::Uuid;

pub struct NewSession {
    pub tenant: TenantId,
    pub id: SessionId,
    pub user: UserId,
    pub from: Origin,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub latest_end: DateTime<Utc>,
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
            sessions::last_seen_at.eq(session.created_at),
            sessions::expires_at.eq(session.expires_at),
            sessions::latest_end.eq(session.latest_end),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// False when it had ended before.
pub fn end_session(tx: &mut TenantTx<'_>, session: SessionId) -> Result<bool, DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let ended = diesel::update(sessions::table.find((tenant.0, session.0)))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .execute(tx.conn())?;
    Ok(ended == 1)
}

/// Before anyone is known: row-level security keeps it to the tenant of the transaction.
pub fn end_session_at(tx: &mut EntryTx<'_>, session: SessionId, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(sessions::table.filter(sessions::id.eq(session.0).and(sessions::ended_at.is_null())))
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
    diesel::update(sessions::table.filter(sessions::id.eq(session.0)))
        .set((sessions::last_seen_at.eq(now), sessions::expires_at.eq(until)))
        .execute(tx.conn())?;
    Ok(())
}

/// All sessions of a user, but one when it is to stay.
pub fn end_sessions(tx: &mut TenantTx<'_>, user: UserId, but: Option<SessionId>) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    diesel::update(sessions::table)
        .filter(sessions::tenant_id.eq(tenant.0).and(sessions::user_id.eq(user.0)))
        .filter(sessions::id.ne(but.map(|kept| kept.0).unwrap_or_default()).and(sessions::ended_at.is_null()))
        .set(sessions::ended_at.eq(now))
        .execute(tx.conn())?;
    Ok(())
}

/// The same for superadmins.
pub fn end_sessions_of(tx: &mut PlatformTx<'_>, who: Who) -> Result<(), DbError> {
    let now = tx.now();
    diesel::update(sessions::table)
        .filter(sessions::tenant_id.eq(who.tenant.0).and(sessions::user_id.eq(who.user.0)))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .execute(tx.conn())?;
    Ok(())
}

pub fn session_user(tx: &mut TenantTx<'_>, session: SessionId) -> Result<Option<UserId>, DbError> {
    let tenant = tx.tenant_id();
    let user: Option<Uuid> =
        sessions::table.find((tenant.0, session.0)).select(sessions::user_id).first(tx.conn()).optional()?;
    Ok(user.map(UserId))
}

#[derive(Queryable)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    username: String,
    address: Option<String>,
    user_agent: Option<String>,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// Sessions that last, newest first: of one user, or of all.
pub fn list_sessions(
    tx: &mut TenantTx<'_>,
    whose: Option<UserId>,
    asked: PageRequest,
) -> Result<Vec<Session>, DbError> {
    let (tenant, now, own) = (tx.tenant_id(), tx.now(), tx.actor().session_id());
    let same_user = users::tenant_id.eq(sessions::tenant_id).and(users::id.eq(sessions::user_id));
    let mut query = sessions::table
        .inner_join(users::table.on(same_user))
        .filter(sessions::tenant_id.eq(tenant.0))
        .filter(sessions::ended_at.is_null().and(sessions::expires_at.gt(now)))
        .select((
            sessions::id,
            sessions::user_id,
            users::username,
            sessions::address,
            sessions::user_agent,
            sessions::created_at,
            sessions::last_seen_at,
            sessions::expires_at,
        ))
        .into_boxed();
    if let Some(user) = whose {
        query = query.filter(sessions::user_id.eq(user.0));
    }
    if let Some(after) = asked.after {
        query = query
            .filter(sessions::created_at.le(after.created_at))
            .filter(sessions::created_at.lt(after.created_at).or(sessions::id.lt(after.id)));
    }
    let ordered = query.order((sessions::created_at.desc(), sessions::id.desc())).first_rows(asked.rows());
    let rows: Vec<Row> = ordered.load(tx.conn())?;
    Ok(rows.into_iter().map(|row| row.into_session(own)).collect())
}

impl Row {
    fn into_session(self, own: Option<SessionId>) -> Session {
        Session {
            id: SessionId(self.id),
            user_id: UserId(self.user_id),
            username: self.username,
            address: self.address,
            user_agent: self.user_agent,
            current: own == Some(SessionId(self.id)),
            created_at: self.created_at,
            last_seen_at: self.last_seen_at,
            expires_at: self.expires_at,
        }
    }
}
