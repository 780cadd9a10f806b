//! How a checked request's transaction begins: the session is looked at once more, and what the
//! service remembers of its rights is compared with the truth.

use super::{error::DbError, lane::Lease};
use crate::platform::authn::{PlatformCtx, Principals, TenantCtx};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use std::fmt;
use uuid::Uuid;

/// What `begin_session` is asked: may this session go on, with the rights that are remembered?
#[derive(Debug, Clone, Copy)]
pub struct SessionArguments {
    pub tenant: Uuid,
    pub session: Uuid,
    pub user_rights: i64,
    pub tenant_rights: i64,
    pub at: DateTime<Utc>,
}

impl SessionArguments {
    pub(super) fn of(ctx: &TenantCtx, at: DateTime<Utc>) -> Self {
        let (key, principal) = (ctx.session_key(), ctx.principal());
        Self {
            tenant: key.tenant.0,
            session: key.session.0,
            user_rights: principal.user_rights,
            tenant_rights: principal.tenant_rights,
            at,
        }
    }
}

/// Ids, numbers and a time of our own making: nothing here comes from outside, so that it can
/// stand in the text of the statement, which the one round trip asks for.
impl fmt::Display for SessionArguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tenant, session, user_rights, tenant_rights, at } = self;
        write!(f, "'{tenant}', '{session}', {user_rights}, {tenant_rights}, '{}'", sql_time(*at))
    }
}

/// Tries with the rights that the service remembers; when they are out of date, reads them anew
/// on the same connection, checks the permission again and goes on.
pub(super) fn with_present_rights<T>(
    lease: &mut Lease,
    principals: &Principals,
    ctx: &TenantCtx,
    now: DateTime<Utc>,
    mut attempt: impl FnMut(&mut Lease, &TenantCtx) -> Result<T, DbError>,
) -> Result<T, DbError> {
    for _ in 0..3 {
        match attempt(lease, ctx) {
            Err(error) if error.violates("rights_changed") => {
                let key = ctx.session_key();
                ctx.renew(lease.statement(|conn| principals.load(conn, key, now))?)?;
            }
            Err(error @ (DbError::SessionEnded | DbError::ClientSuspended)) => {
                principals.forget(ctx.session_key());
                return Err(error);
            }
            other => return other,
        }
    }
    Err(DbError::TimedOut("the rights of this session keep changing".to_owned()))
}

/// `BEGIN` with the check, and once a minute the note that the session is in use, which moves its
/// end on. Another request of the session that notes it just now is not waited for.
pub(super) fn begin_session_sql(ctx: &TenantCtx, now: DateTime<Utc>, idle: Duration) -> String {
    let begin = format!("BEGIN; SELECT begin_session({})", SessionArguments::of(ctx, now));
    if !ctx.principal().note_use(now) {
        return begin;
    }
    let key = ctx.session_key();
    format!(
        "{begin}; UPDATE sessions SET last_seen_at = '{now}', expires_at = least(latest_end, '{end}') \
         WHERE tenant_id = '{tenant}' AND id = (SELECT id FROM sessions WHERE tenant_id = '{tenant}' \
         AND id = '{session}' FOR NO KEY UPDATE SKIP LOCKED)",
        now = sql_time(now),
        end = sql_time(now + idle),
        tenant = key.tenant.0,
        session = key.session.0,
    )
}

/// Every transaction of a superadmin notes the use: there are few.
pub(super) fn begin_superadmin_sql(ctx: PlatformCtx, now: DateTime<Utc>, idle: Duration) -> String {
    let (session, now, end) = (ctx.session_id().0, sql_time(now), sql_time(now + idle));
    format!(
        "BEGIN; SELECT begin_superadmin('{session}', '{now}'); UPDATE superadmin_sessions \
         SET last_seen_at = '{now}', expires_at = least(latest_end, '{end}') WHERE id = '{session}'"
    )
}

fn sql_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
