//! Superadmins' sessions, as they see each other's.

use crate::{
    platform::{
        db::{DbError, PlatformTx, TakeFirstRows},
        http::PageRequest,
    },
    schema::{superadmin_sessions as sessions, superadmins},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{SessionId, SuperadminId, admin::sessions::OperatorSession};
use diesel::prelude::*;
use uuid::Uuid;

#[derive(Queryable)]
struct Row {
    id: Uuid,
    superadmin_id: Uuid,
    username: String,
    address: Option<String>,
    user_agent: Option<String>,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// Those that open a door still.
pub fn open_sessions(tx: &mut PlatformTx<'_>, asked: PageRequest) -> Result<Vec<OperatorSession>, DbError> {
    let (now, own) = (tx.now(), tx.actor().session_id());
    let mut query = sessions::table
        .inner_join(superadmins::table.on(superadmins::id.eq(sessions::superadmin_id)))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .filter(superadmins::disabled.eq(false))
        .select((
            sessions::id,
            sessions::superadmin_id,
            superadmins::username,
            sessions::address,
            sessions::user_agent,
            sessions::created_at,
            sessions::last_seen_at,
            sessions::expires_at,
        ))
        .into_boxed();
    if let Some(after) = asked.after {
        query = query
            .filter(sessions::created_at.le(after.created_at))
            .filter(sessions::created_at.lt(after.created_at).or(sessions::id.lt(after.id)));
    }
    let ordered = query.order((sessions::created_at.desc(), sessions::id.desc())).first_rows(asked.rows());
    let rows: Vec<Row> = ordered.load(tx.conn())?;
    let session = |row: Row| OperatorSession {
        id: SessionId(row.id),
        superadmin_id: SuperadminId(row.superadmin_id),
        username: row.username,
        address: row.address,
        user_agent: row.user_agent,
        current: row.id == own.0,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
    };
    Ok(rows.into_iter().map(session).collect())
}

/// Whose session it is, and whether it was still open: it is not any more.
pub fn close_session(tx: &mut PlatformTx<'_>, id: SessionId) -> Result<Option<(SuperadminId, bool)>, DbError> {
    let now = tx.now();
    let whose: Option<Uuid> = sessions::table.find(id.0).select(sessions::superadmin_id).first(tx.conn()).optional()?;
    let Some(superadmin) = whose else { return Ok(None) };
    let closed = diesel::update(sessions::table.find(id.0))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .execute(tx.conn())?;
    Ok(Some((SuperadminId(superadmin), closed == 1)))
}
