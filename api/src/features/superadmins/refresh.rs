//! A superadmin stays logged in, and leaves. The rules are those of a client's users
//! (`features/identity/refresh.rs`): good once, a grace time, and the end of the session when a
//! spent token comes back.

use super::{
    error::SuperadminError,
    repo::{self, RefreshRow},
};
use crate::{
    app::AppState,
    platform::{
        audit::{Action, Actor, Entry, record_operator_in},
        authn::{GRACE, PlatformCtx, RefreshToken, Subject, TOKEN_LIFETIME},
        db::EntryTx,
    },
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{SessionId, SuperadminId, auth::Refreshed};
use serde_json::json;

pub async fn refresh(state: &AppState, text: &str) -> Result<Refreshed, SuperadminError> {
    let used = RefreshToken::parse(text).filter(|token| token.tenant.is_nil());
    let used = used.ok_or(SuperadminError::InvalidRefreshToken)?;
    let work = state.clone();
    let outcome = state.db.platform_entry(move |tx| refresh_in(tx, &work, &used));
    let (token, subject) = outcome.await?.ok_or(SuperadminError::InvalidRefreshToken)?;
    Ok(Refreshed {
        access_token: state.tokens.issue(subject)?,
        token_type: "Bearer".to_owned(),
        expires_in: TOKEN_LIFETIME.as_secs(),
        refresh_token: token.text(),
    })
}

/// `None` when it is refused; what a reuse ends stays ended.
fn refresh_in(
    tx: &mut EntryTx<'_>,
    state: &AppState,
    used: &RefreshToken,
) -> Result<Option<(RefreshToken, Subject)>, SuperadminError> {
    let now = tx.ids().now();
    let Some(row) = repo::lock_refresh_token(tx, used.id)?.filter(|row| used.is_kept_as(&row.secret_sha256)) else {
        return Ok(None);
    };
    if row.ended_at.is_some() || row.expires_at <= now || row.disabled {
        return Ok(None);
    }
    let session = SessionId(row.session_id);
    let subject = Subject::Superadmin { superadmin: SuperadminId(row.superadmin_id), session };
    let token = match row.used_at {
        None => Some(use_token(tx, state, used, &row, now)?),
        Some(before) if (now - before).abs() <= GRACE => {
            let kept = row.successor_id.map(|id| repo::refresh_hash(tx, id)).transpose()?.flatten();
            let known = row.successor_id.zip(kept);
            known.and_then(|(id, hash)| state.refresh_keys.successor_again(used, id, &hash))
        }
        Some(_) => {
            repo::end_session(tx, session, now)?;
            let superadmin = SuperadminId(row.superadmin_id);
            let entry = Entry::new(Action::SuperadminRefreshReused, superadmin).before(json!({"session_id": session}));
            record_operator_in(tx, &state.vault, Actor::Superadmin(superadmin), None, entry)?;
            None
        }
    };
    Ok(token.map(|token| (token, subject)))
}

fn use_token(
    tx: &mut EntryTx<'_>,
    state: &AppState,
    used: &RefreshToken,
    row: &RefreshRow,
    now: DateTime<Utc>,
) -> Result<RefreshToken, SuperadminError> {
    let id = tx.ids().make()?;
    let next = state.refresh_keys.successor(used, id).ok_or(SuperadminError::InvalidRefreshToken)?;
    let session = SessionId(row.session_id);
    repo::insert_refresh_token(tx, session, &next, now)?;
    repo::mark_refresh_used(tx, used.id, next.id, now)?;
    let longest = row.latest_end.unwrap_or(row.expires_at);
    repo::extend_session(tx, session, now, (now + state.sessions.superadmin_idle).min(longest))?;
    Ok(next)
}

/// Ends the caller's session.
pub async fn logout(state: &AppState, ctx: &PlatformCtx) -> Result<(), SuperadminError> {
    let (session, now) = (ctx.session_id(), state.ids.now());
    let (vault, superadmin) = (state.vault.clone(), ctx.superadmin_id());
    let ended = state.db.platform_entry(move |tx| {
        repo::end_session(tx, session, now)?;
        let entry = Entry::new(Action::SuperadminLoggedOut, superadmin).before(json!({"session_id": session}));
        record_operator_in(tx, &vault, Actor::Superadmin(superadmin), None, entry)
    });
    Ok(ended.await?)
}
