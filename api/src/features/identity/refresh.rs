//! Staying logged in: a refresh token for a new pair.
//!
//! Each token is good once. Used again within the grace time it gets the same successor, since
//! the answer may have been lost; used again later it was stolen, from whom is unknown, and the
//! session ends with all that came of it.

use super::{
    Origin,
    error::IdentityError,
    events::{self, Event},
    repo::{self, RefreshRow},
};
use crate::{
    app::AppState,
    platform::{
        authn::{GRACE, RefreshToken, Subject, TOKEN_LIFETIME},
        db::EntryTx,
    },
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{SessionId, TenantId, UserId, auth::Refreshed, sessions::SessionEventKind};

enum Outcome {
    Refreshed(RefreshToken, Subject),
    Refused,
    Suspended,
}

pub async fn refresh(state: &AppState, text: &str, from: Origin) -> Result<Refreshed, IdentityError> {
    let used = RefreshToken::parse(text).ok_or(IdentityError::InvalidRefreshToken)?;
    let (work, tenant) = (state.clone(), TenantId(used.tenant));
    // What a reuse ends has to stay, so it is an outcome and not an error, which would roll back.
    let outcome = state.db.tenant_entry(tenant, move |tx| refresh_in(tx, &work, tenant, &used, from));
    match outcome.await? {
        Outcome::Refused => Err(IdentityError::InvalidRefreshToken),
        Outcome::Suspended => Err(IdentityError::ClientSuspended),
        Outcome::Refreshed(token, subject) => Ok(Refreshed {
            access_token: state.tokens.issue(subject)?,
            token_type: "Bearer".to_owned(),
            expires_in: TOKEN_LIFETIME.as_secs(),
            refresh_token: token.text(),
        }),
    }
}

fn refresh_in(
    tx: &mut EntryTx<'_>,
    state: &AppState,
    tenant: TenantId,
    used: &RefreshToken,
    from: Origin,
) -> Result<Outcome, IdentityError> {
    let now = tx.ids().now();
    let Some(row) = repo::lock_refresh_token(tx, used.id)?.filter(|row| used.is_kept_as(&row.secret_sha256)) else {
        return Ok(Outcome::Refused);
    };
    if row.ended_at.is_some() || row.expires_at <= now || row.disabled {
        return Ok(Outcome::Refused);
    }
    if row.tenant_status != "active" {
        return Ok(Outcome::Suspended);
    }
    let (user, session) = (UserId(row.user_id), SessionId(row.session_id));
    let event =
        |kind| Event { tenant, kind, user: Some(user), username: None, session: Some(session), order: None, from };
    let subject = Subject::User { tenant, user, session };
    let ids = tx.ids().clone();
    match row.used_at {
        None => {
            let next = use_token(tx, state, used, &row, now)?;
            events::record_in(tx, &ids, &event(SessionEventKind::Refresh))?;
            Ok(Outcome::Refreshed(next, subject))
        }
        Some(before) if (now - before).abs() <= GRACE => {
            let kept = row.successor_id.map(|id| repo::refresh_hash(tx, id)).transpose()?.flatten();
            let again =
                row.successor_id.zip(kept).and_then(|(id, hash)| state.refresh_keys.successor_again(used, id, &hash));
            Ok(again.map_or(Outcome::Refused, |token| Outcome::Refreshed(token, subject)))
        }
        Some(_) => {
            repo::end_session_at(tx, session, now)?;
            events::record_in(tx, &ids, &event(SessionEventKind::RefreshReused))?;
            Ok(Outcome::Refused)
        }
    }
}

fn use_token(
    tx: &mut EntryTx<'_>,
    state: &AppState,
    used: &RefreshToken,
    row: &RefreshRow,
    now: DateTime<Utc>,
) -> Result<RefreshToken, IdentityError> {
    let id = tx.ids().make()?;
    let next = state.refresh_keys.successor(used, id).ok_or(IdentityError::InvalidRefreshToken)?;
    let session = SessionId(row.session_id);
    repo::insert_refresh_token(tx, session, &next, now)?;
    repo::mark_refresh_used(tx, used.id, next.id, now)?;
    let longest = row.latest_end.unwrap_or(row.expires_at);
    repo::extend_session(tx, session, now, (now + state.sessions.idle).min(longest))?;
    Ok(next)
}
