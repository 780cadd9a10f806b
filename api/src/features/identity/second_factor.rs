//! Trying a code: of the authenticator app, or a recovery code in its place.
//!
//! Whoever tries holds the factor's row until their transaction ends, so that of two requests with
//! one code one is first, and no number of requests at once gets more than five wrong tries. A
//! wrong code is counted though the work that it was to allow is undone.

use super::{
    Origin,
    error::{CODE_INVALID, CODE_REQUIRED, LOCKED, NOT_ENROLLED, SecondFactorError},
    events::{self, Event},
    recovery, repo,
};
use crate::{
    app::AppState,
    platform::{
        authn::TenantCtx,
        crypto::Place,
        db::{AnyTx, DbError, TenantTx},
        http::{ApiError, Header, Signature, Takes, problems},
        second_factor::{Authenticator, Tries, is_one_time_code},
    },
};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use chrono::{DateTime, Utc};
use countinghouse_contract::{SessionId, TenantId, UserId, sessions::SessionEventKind};
use std::{
    fmt,
    future::{Ready, ready},
};

/// Whose second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    pub tenant: TenantId,
    pub user: UserId,
}

impl Who {
    pub fn of(ctx: &TenantCtx) -> Self {
        let principal = ctx.principal();
        Self { tenant: principal.tenant_id, user: principal.user_id }
    }

    pub fn place(&self) -> Place<'static> {
        Place { tenant: self.tenant.0, table: "second_factors", column: "totp_secret", row: self.user.0 }
    }
}

/// Where and when a code is tried, for the session log.
#[derive(Debug, Clone)]
pub struct Occasion {
    pub who: Who,
    pub session: Option<SessionId>,
    pub from: Origin,
    pub now: DateTime<Utc>,
}

/// A second factor as it is kept.
pub struct Factor {
    pub totp_secret: Vec<u8>,
    pub confirmed: bool,
    pub last_step: i64,
    pub tries: Tries,
}

/// The code that stands in the header `X-2FA-Code`, if there is one.
#[derive(Clone)]
pub struct CodeHeader(pub Option<String>);

impl fmt::Debug for CodeHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeHeader(***)")
    }
}

impl FromRequest for CodeHeader {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let code = req.headers().get("x-2fa-code").map(|value| value.to_str().unwrap_or_default().to_owned());
        ready(Ok(Self(code)))
    }
}

impl Takes for CodeHeader {
    fn note(signature: &mut Signature) {
        let about = "A code of the authenticator app, or a recovery code.";
        signature.headers.push(Header { name: "X-2FA-Code", about, example: "123456" });
        signature.refusals.extend([CODE_REQUIRED, CODE_INVALID, NOT_ENROLLED, LOCKED, problems::PEOPLE_ONLY]);
    }
}

/// What work behind a code came to.
pub enum Done<T> {
    Changed(T),
    /// Nothing had to be changed: the code is looked at all the same, and may be used again.
    Nothing(T),
}

/// Does work in one transaction and spends the caller's code last, so that every other reason to
/// refuse comes first and costs no code. When the code is refused, the work is undone. API keys are
/// refused at once.
pub async fn with_second_factor<T, E, F>(
    state: &AppState,
    ctx: &TenantCtx,
    code: CodeHeader,
    from: Origin,
    work: F,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<DbError> + From<SecondFactorError> + Send + 'static,
    F: FnOnce(&mut TenantTx<'_>) -> Result<Done<T>, E> + Send + 'static,
{
    /// Why the work is undone, and the code is not spent.
    enum Stop<T, E> {
        Nothing(T),
        Work(E),
        Refused(SecondFactorError),
    }
    impl<T, E: From<DbError>> From<DbError> for Stop<T, E> {
        fn from(error: DbError) -> Self {
            Self::Work(error.into())
        }
    }
    // Its maker's codes are not a key's to guess at, nor their second factor its to lock.
    if ctx.principal().session_id().is_none() {
        return Err(SecondFactorError::PeopleOnly.into());
    }
    let (state, who) = (state.clone(), Who::of(ctx));
    let outcome = ctx.transaction(move |tx| {
        let occasion = Occasion { who, session: tx.actor().session_id(), from, now: tx.now() };
        let factor = repo::lock_factor(tx, who)?;
        let done = tx.savepoint(|tx| {
            let done = work(tx).map_err(Stop::Work)?;
            spend_in(tx, &state, factor.as_ref(), code.0.as_deref(), &occasion).map_err(Stop::Refused)?;
            match done {
                Done::Changed(done) => Ok(done),
                Done::Nothing(done) => Err(Stop::Nothing(done)),
            }
        });
        match done {
            Ok(done) | Err(Stop::Nothing(done)) => Ok(Ok(done)),
            Err(Stop::Work(error)) => Err(error),
            Err(Stop::Refused(refusal)) => {
                count_in(tx, &state, factor.as_ref(), &refusal, &occasion).map_err(E::from)?;
                Ok(Err(refusal))
            }
        }
    });
    Ok(outcome.await??)
}

/// Tries a code and keeps what came of it. A refusal is an `Ok`, since the count has to stay: the
/// transaction has to be committed.
pub(super) fn try_in(
    tx: &mut impl AnyTx,
    state: &AppState,
    code: Option<&str>,
    occasion: &Occasion,
) -> Result<Result<(), SecondFactorError>, SecondFactorError> {
    let factor = repo::lock_factor(tx, occasion.who)?;
    match spend_in(tx, state, factor.as_ref(), code, occasion) {
        Err(refusal) if refusal.is_refusal() => {
            count_in(tx, state, factor.as_ref(), &refusal, occasion)?;
            Ok(Err(refusal))
        }
        other => other.map(Ok),
    }
}

/// Tries the first code of a factor whose row is held, and confirms the factor; as [`try_in`].
pub(super) fn try_first_in(
    tx: &mut TenantTx<'_>,
    state: &AppState,
    factor: &Factor,
    code: &str,
    occasion: &Occasion,
) -> Result<Result<(), SecondFactorError>, SecondFactorError> {
    let (who, now) = (occasion.who, occasion.now);
    if let Some(until) = factor.tries.locked_at(now) {
        return Ok(Err(SecondFactorError::Locked { until, now }));
    }
    let secret = state.vault.open_in(tx, who.place(), &factor.totp_secret)?;
    let Some(step) = Authenticator::of(secret.expose())?.step_of(code, now, factor.last_step) else {
        let refusal = SecondFactorError::Invalid;
        count_in(tx, state, Some(factor), &refusal, occasion)?;
        return Ok(Err(refusal));
    };
    repo::confirm(tx, who, step)?;
    Ok(Ok(()))
}

/// Checks a code against a factor whose row is held, and marks it as used.
fn spend_in(
    tx: &mut impl AnyTx,
    state: &AppState,
    factor: Option<&Factor>,
    code: Option<&str>,
    occasion: &Occasion,
) -> Result<(), SecondFactorError> {
    let factor = factor.filter(|factor| factor.confirmed).ok_or(SecondFactorError::NotEnrolled)?;
    let code = code.ok_or(SecondFactorError::Required)?;
    if let Some(until) = factor.tries.locked_at(occasion.now) {
        return Err(SecondFactorError::Locked { until, now: occasion.now });
    }
    let (who, now) = (occasion.who, occasion.now);
    let kind = if is_one_time_code(code) {
        let secret = state.vault.open_in(tx, who.place(), &factor.totp_secret)?;
        let step = Authenticator::of(secret.expose())?.step_of(code, now, factor.last_step);
        repo::pass(tx, who, step.ok_or(SecondFactorError::Invalid)?)?;
        SessionEventKind::SecondFactorUsed
    } else {
        let hash = recovery::hash(who, code).ok_or(SecondFactorError::Invalid)?;
        if !repo::use_recovery_code(tx, who, &hash, now)? {
            return Err(SecondFactorError::Invalid);
        }
        repo::pass(tx, who, factor.last_step)?;
        SessionEventKind::RecoveryCodeUsed
    };
    Ok(record_in(tx, state, kind, occasion)?)
}

/// Counts a wrong code; other refusals cost nothing.
fn count_in(
    tx: &mut impl AnyTx,
    state: &AppState,
    factor: Option<&Factor>,
    refusal: &SecondFactorError,
    occasion: &Occasion,
) -> Result<(), DbError> {
    let (SecondFactorError::Invalid, Some(factor)) = (refusal, factor) else {
        return Ok(());
    };
    let tries = factor.tries.after_failure(occasion.now);
    repo::keep_tries(tx, occasion.who, tries)?;
    record_in(tx, state, SessionEventKind::SecondFactorFailed, occasion)?;
    if tries.locked_until.is_some() {
        record_in(tx, state, SessionEventKind::SecondFactorLocked, occasion)?;
    }
    Ok(())
}

/// A line in the session log.
pub(super) fn record_in(
    tx: &mut impl AnyTx,
    state: &AppState,
    kind: SessionEventKind,
    occasion: &Occasion,
) -> Result<(), DbError> {
    let Occasion { who, session, from, .. } = occasion.clone();
    let event = Event { tenant: who.tenant, kind, user: Some(who.user), username: None, session, order: None, from };
    events::record_in(tx, &state.ids, &event)
}
