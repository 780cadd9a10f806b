//! Requests with an `Idempotency-Key`: the key is claimed, the work done and the answer kept in one
//! transaction.
//!
//! A handler makes its answer after its transaction. So the transaction of a request with a
//! [`Claim`] is [`Held`] open when its work is done; the layer that sends the answer
//! (`platform/http/idempotency.rs`) puts it into the same transaction and commits. When the caller
//! is gone before that, or something went wrong, nothing has happened. What is committed without an
//! answer: a refusal whose transaction keeps something, and the first transaction of a request that
//! opens a second one, to which the answer belongs.

use super::{error::DbError, lane::Held, prepared::prepared};
use crate::platform::{authn::TenantCtx, crypto::hex, jobs::Waker};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use countinghouse_contract::TenantId;
use diesel::{
    OptionalExtension, PgConnection, QueryableByName, RunQueryDsl,
    sql_types::{Binary, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid},
};
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// How long an answer is kept.
pub const KEPT: Duration = Duration::hours(24);

/// A SHA-256 hash or HMAC.
pub type Digest = [u8; 32];

/// What a request with a key carries along.
pub struct Claim {
    /// Of caller, method, path and key.
    pub scope: Digest,
    /// Of the body, by each key of the service; the first is kept.
    request: Vec<Digest>,
    open: Mutex<Option<Open>>,
}

/// A transaction whose work is done at a time, and whom to tell when it is committed.
struct Open {
    held: Held,
    at: DateTime<Utc>,
    waker: Option<Waker>,
}

/// An answer as it was given.
#[derive(Debug, Clone)]
pub struct KeptAnswer {
    pub status: u16,
    pub etag: Option<String>,
    pub location: Option<String>,
    pub body: Vec<u8>,
    /// Whom it tells of, if anybody.
    pub person: Option<Uuid>,
}

impl Claim {
    pub fn new(scope: Digest, request: Vec<Digest>) -> Self {
        Self { scope, request, open: Mutex::default() }
    }

    /// Whether what was kept of a body is of this one.
    pub fn is_of(&self, kept: &Digest) -> bool {
        self.request.contains(kept)
    }

    /// What follows `BEGIN` and the check of the session. Hashes and a time of our own making.
    pub(super) fn sql(&self, now: DateTime<Utc>) -> String {
        let scope = hex(&self.scope);
        let lock = self.scope.first_chunk().map_or(0, |first| i64::from_be_bytes(*first));
        let since = (now - KEPT).to_rfc3339_opts(SecondsFormat::Micros, true);
        format!("; SELECT claim_idempotency_key({lock}, '\\x{scope}', '{since}')")
    }

    pub(super) fn hold(&self, held: Held, at: DateTime<Utc>, waker: Option<Waker>) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(Open { held, at, waker });
    }

    fn take(&self) -> Option<Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Commits what is held, without an answer: another transaction of the request follows, or the
    /// request is refused and what it kept has to stay, as the count of wrong codes.
    pub async fn commit_unanswered(&self) -> Result<(), DbError> {
        match self.take() {
            Some(open) => open.commit(|_| Ok(())).await,
            None => Ok(()),
        }
    }

    /// Keeps the answer beside what was done, and commits both. Nothing was done without a
    /// transaction, and then nothing is kept.
    pub async fn commit(&self, tenant: TenantId, answer: KeptAnswer) -> Result<(), DbError> {
        let Some(open) = self.take() else {
            return Ok(());
        };
        let request = self.request.first().copied().unwrap_or_default();
        let (scope, at) = (self.scope, open.at);
        open.commit(move |conn| keep(conn, tenant, scope, request, answer, at)).await
    }

    /// Undoes what is held.
    pub async fn roll_back(&self) {
        if let Some(open) = self.take() {
            open.held.roll_back().await;
        }
    }

    /// The answer that was given for this key, with the hash of the body that it was given to.
    pub async fn kept_answer(&self, ctx: &TenantCtx) -> Result<Option<(Digest, KeptAnswer)>, DbError> {
        let scope = self.scope;
        ctx.without_claim().transaction(move |tx| find(tx.tenant_id(), scope, tx.now(), tx.conn())).await
    }
}

impl Open {
    async fn commit<F>(self, last: F) -> Result<(), DbError>
    where
        F: FnOnce(&mut PgConnection) -> Result<(), DbError> + Send + 'static,
    {
        self.held.commit(last).await?;
        if let Some(waker) = self.waker {
            waker.wake();
        }
        Ok(())
    }
}

fn keep(
    conn: &mut PgConnection,
    tenant: TenantId,
    scope: Digest,
    request: Digest,
    answer: KeptAnswer,
    at: DateTime<Utc>,
) -> Result<(), DbError> {
    // Only an answer that is no longer kept can be there: the claim has looked.
    prepared(
        "INSERT INTO idempotency_keys \
         (tenant_id, scope_sha256, request_sha256, status, etag, location, body, created_at, person_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant_id, scope_sha256) DO UPDATE SET \
         request_sha256 = excluded.request_sha256, status = excluded.status, etag = excluded.etag, \
         location = excluded.location, body = excluded.body, created_at = excluded.created_at, \
         person_id = excluded.person_id",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Binary, _>(scope.as_slice())
    .bind::<Binary, _>(request.as_slice())
    .bind::<SmallInt, _>(i16::try_from(answer.status).unwrap_or_default())
    .bind::<Nullable<Text>, _>(answer.etag)
    .bind::<Nullable<Text>, _>(answer.location)
    .bind::<Binary, _>(answer.body)
    .bind::<Timestamptz, _>(at)
    .bind::<Nullable<SqlUuid>, _>(answer.person)
    .execute(conn)?;
    Ok(())
}

fn find(
    tenant: TenantId,
    scope: Digest,
    now: DateTime<Utc>,
    conn: &mut PgConnection,
) -> Result<Option<(Digest, KeptAnswer)>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Binary)]
        request_sha256: Vec<u8>,
        #[diesel(sql_type = SmallInt)]
        status: i16,
        #[diesel(sql_type = Nullable<Text>)]
        etag: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        location: Option<String>,
        #[diesel(sql_type = Binary)]
        body: Vec<u8>,
    }
    let row: Option<Row> = prepared(
        "SELECT request_sha256, status, etag, location, body FROM idempotency_keys \
         WHERE tenant_id = $1 AND scope_sha256 = $2 AND created_at > $3",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Binary, _>(scope.as_slice())
    .bind::<Timestamptz, _>(now - KEPT)
    .get_result(conn)
    .optional()?;
    let corrupt = || DbError::Corrupt { table: "idempotency_keys", what: "a hash or a status".to_owned() };
    row.map(|row| {
        let request = row.request_sha256.try_into().map_err(|_| corrupt())?;
        let status = u16::try_from(row.status).map_err(|_| corrupt())?;
        Ok((request, KeptAnswer { status, etag: row.etag, location: row.location, body: row.body, person: None }))
    })
    .transpose()
}
