//! How a checked request's transaction begins: the session or key is looked at once more, and what
//! the service remembers of its rights is compared with the truth.

use super::{error::DbError, lease::Lease};
use crate::platform::{
    authn::{Credential, PlatformCtx, Principal, Principals, TenantCtx},
    jobs::Claim,
};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use countinghouse_contract::TenantId;
use std::sync::Arc;
use uuid::Uuid;

/// What each connection of requests prepares, so that PostgreSQL parses and plans it once.
pub(super) const BEGINNINGS_OF_REQUESTS: &str = "PREPARE begin_session (uuid, uuid, bigint, bigint, timestamptz) AS SELECT begin_session($1, $2, $3, $4, $5); \
     PREPARE begin_api_key (uuid, uuid, bigint, bigint, timestamptz) AS SELECT begin_api_key($1, $2, $3, $4, $5)";

/// The same of jobs.
pub(super) const BEGINNINGS_OF_JOBS: &str = "PREPARE begin_job (uuid, uuid, bigint, bigint) AS SELECT begin_job($1, $2, $3, $4); \
     PREPARE begin_last_of_job (uuid, uuid, bigint, bigint, timestamptz) AS SELECT finish_job($1, $2, $3, $4, $5)";

/// What `begin_request` is asked: may this session or key go on, with the rights that are
/// remembered?
#[derive(Debug, Clone, Copy)]
pub struct CredentialArguments {
    pub tenant: Uuid,
    /// `session` or `api_key`.
    pub kind: &'static str,
    pub credential: Uuid,
    pub user_rights: i64,
    pub tenant_rights: i64,
    pub at: DateTime<Utc>,
}

impl CredentialArguments {
    pub(super) fn of(ctx: &TenantCtx, at: DateTime<Utc>) -> Self {
        let principal = ctx.principal();
        let credential = principal.credential;
        Self {
            tenant: credential.tenant().0,
            kind: credential.kind(),
            credential: credential.id(),
            user_rights: principal.user_rights,
            tenant_rights: principal.tenant_rights,
            at,
        }
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
                let credential = ctx.credential();
                ctx.renew(lease.statement(|conn| principals.load(conn, credential, now))?)?;
            }
            Err(error @ (DbError::SessionEnded | DbError::ApiKeyEnded | DbError::ClientSuspended)) => {
                principals.forget(ctx.credential());
                return Err(error);
            }
            other => return other,
        }
    }
    Err(DbError::TimedOut("the rights of this session keep changing".to_owned()))
}

/// What a transaction may do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Begin {
    Anything,
    /// The database holds it to that.
    Reading,
}

impl Begin {
    fn sql(self) -> &'static str {
        match self {
            Self::Anything => "BEGIN",
            Self::Reading => "BEGIN READ ONLY",
        }
    }
}

/// `BEGIN` with the check, and once a minute the note that the session or key is in use, which
/// moves a session's end on. Another request that notes it just now is not waited for. The note is
/// committed before the request's own work begins: what holds the session or key while it waits for
/// something else would keep it from being ended.
///
/// Ids, numbers and times of our own making: nothing here comes from outside, so that it can stand
/// in the text of the statement, which the one round trip asks for.
pub(super) fn begin_tenant_sql(begin: Begin, ctx: &TenantCtx, now: DateTime<Utc>, idle: Duration) -> String {
    let arguments = CredentialArguments::of(ctx, now);
    let CredentialArguments { tenant, kind, credential, user_rights, tenant_rights, .. } = arguments;
    let (at, end) = (sql_time(now), sql_time(now + idle));
    let check = format!("EXECUTE begin_{kind}('{tenant}', '{credential}', {user_rights}, {tenant_rights}, '{at}')");
    let own = format!("{}; {check}", begin.sql());
    if !ctx.principal().note_use(now) {
        return own;
    }
    let (table, note) = match ctx.credential() {
        // No request comes with it.
        Credential::Worker { .. } | Credential::Superadmin { .. } => return own,
        Credential::Session { .. } => {
            let note = format!("last_seen_at = '{at}', expires_at = least(coalesce(latest_end, expires_at), '{end}')");
            ("sessions", note)
        }
        Credential::ApiKey { .. } => ("api_keys", format!("last_used_at = '{at}'")),
    };
    format!(
        "BEGIN; {check}; UPDATE {table} SET {note} WHERE tenant_id = '{tenant}' AND id = (SELECT id FROM {table} \
         WHERE tenant_id = '{tenant}' AND id = '{credential}' FOR NO KEY UPDATE SKIP LOCKED); COMMIT; {own}"
    )
}

/// Every transaction of a superadmin notes the use: there are few.
pub(super) fn begin_superadmin_sql(ctx: PlatformCtx, now: DateTime<Utc>, idle: Duration) -> String {
    let (session, now, end) = (ctx.session_id().0, sql_time(now), sql_time(now + idle));
    let begin = format!("BEGIN; SELECT begin_superadmin('{session}', '{now}')");
    format!(
        "{begin}; UPDATE superadmin_sessions \
         SET last_seen_at = '{now}', expires_at = least(coalesce(latest_end, expires_at), '{end}') \
         WHERE id = '{session}'; COMMIT; {begin}"
    )
}

/// What begins a transaction of a claimed job, with the stamp of what is remembered of its client.
pub(super) type BeginJob = fn(&Claim, i64, DateTime<Utc>) -> String;

/// `BEGIN` with the check of the claim.
pub(super) fn begin_job_sql(claim: &Claim, rights: i64, _: DateTime<Utc>) -> String {
    let (tenant, job, fence) = (claim.tenant(), claim.job(), claim.fence());
    format!("BEGIN; EXECUTE begin_job('{tenant}', '{job}', {fence}, {rights})")
}

/// The same, and the job is done when this transaction is committed.
pub(super) fn finish_job_sql(claim: &Claim, rights: i64, now: DateTime<Utc>) -> String {
    let (tenant, job, fence, at) = (claim.tenant(), claim.job(), claim.fence(), sql_time(now));
    format!("BEGIN; EXECUTE begin_last_of_job('{tenant}', '{job}', {fence}, {rights}, '{at}')")
}

/// Begins it with what is remembered of the client, which is read anew when it is out of date.
pub(super) fn begin_job(
    lease: &mut Lease,
    principals: &Principals,
    claim: &Claim,
    now: DateTime<Utc>,
    begin: BeginJob,
) -> Result<Arc<Principal>, DbError> {
    as_service(lease, principals, claim.tenant(), |rights| begin(claim, rights, now))
}

/// The same for a message that was signed with a secret of the client's: nobody's session stands behind it.
pub(super) fn begin_signed(
    lease: &mut Lease,
    principals: &Principals,
    tenant: TenantId,
) -> Result<Arc<Principal>, DbError> {
    as_service(lease, principals, tenant, |rights| format!("BEGIN; SELECT begin_signed('{tenant}', {rights})"))
}

/// The same for a superadmin, who may look at a suspended client too.
pub(super) fn begin_inside(
    lease: &mut Lease,
    principals: &Principals,
    tenant: TenantId,
) -> Result<Arc<Principal>, DbError> {
    as_service(lease, principals, tenant, |rights| format!("BEGIN; SELECT begin_inside('{tenant}', {rights})"))
}

fn as_service(
    lease: &mut Lease,
    principals: &Principals,
    tenant: TenantId,
    begin: impl Fn(i64) -> String,
) -> Result<Arc<Principal>, DbError> {
    let mut known = principals.worker(tenant);
    for _ in 0..3 {
        let principal = match known.take() {
            Some(principal) => principal,
            None => lease.statement(|conn| principals.load_worker(conn, tenant))?,
        };
        match lease.begin(&begin(principal.tenant_rights)) {
            Ok(()) => return Ok(principal),
            Err(error) if error.violates("rights_changed") => {}
            Err(error) => return Err(error),
        }
    }
    Err(DbError::TimedOut("the policies of this client keep changing".to_owned()))
}

fn sql_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
