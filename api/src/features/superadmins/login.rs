//! Logging a superadmin in: password and code, both or nothing.

use super::{
    error::SuperadminError,
    repo::{self, NewSession},
    service::place,
};
use crate::{
    app::AppState,
    features::identity::Origin,
    platform::{
        audit::{Action, Actor, Entry, record_operator_in},
        authn::{RefreshToken, Subject, TOKEN_LIFETIME},
        db::EntryTx,
        second_factor::Authenticator,
    },
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    SessionId, SuperadminId,
    admin::LoginSuperadmin,
    auth::{LoggedIn, SuperadminLogin},
};
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Checks password and code and opens a session. Whatever is wrong, and also while five wrong codes
/// keep the door closed, the answer is the same: it would tell a stranger that the password is right.
pub async fn login(
    state: &AppState,
    input: SuperadminLogin,
    from: Origin,
) -> Result<LoggedIn<LoginSuperadmin>, SuperadminError> {
    let SuperadminLogin { username, password, totp_code } = input;
    let username = if username.chars().any(char::is_control) { String::new() } else { username };
    let turn = state.passwords.place()?;
    state.limits.log_in(None, &username).await?;
    let known = state.db.platform_entry(move |tx| repo::find(tx, &username)).await?;
    let hash = known.as_ref().map(|found| found.password_hash.clone());
    let password = Zeroizing::new(password);
    let right = state.passwords.verify_in(turn, password.to_string(), hash).await?;
    let found = known.filter(|found| right && !found.disabled).ok_or(SuperadminError::InvalidCredentials)?;
    let now = state.ids.now();
    let id = SuperadminId(found.id);
    let session = state.ids.make::<SessionId>()?;
    let row = NewSession {
        id: session,
        superadmin: id,
        from,
        created_at: now,
        expires_at: now + state.sessions.superadmin_idle.min(state.sessions.superadmin_longest),
        latest_end: now + state.sessions.superadmin_longest,
    };
    let refresh_token = RefreshToken::make(Uuid::nil(), &state.ids)?;
    let (first, work) = (refresh_token.clone(), state.clone());
    let kept = found.password_hash.clone();
    let passed = state.db.platform_entry(move |tx| {
        let passed = try_code_in(tx, &work, id, &found.password_hash, &totp_code, now)?;
        if passed {
            repo::insert_session(tx, &row)?;
            repo::insert_refresh_token(tx, session, &first, now)?;
            let entry = Entry::new(Action::SuperadminLoggedIn, id).after(json!({"session_id": session}));
            record_operator_in(tx, &work.vault, Actor::Superadmin(id), None, entry)?;
        }
        Ok::<_, SuperadminError>(passed.then_some(found.username))
    });
    let username = passed.await?.ok_or(SuperadminError::InvalidCredentials)?;
    raise_hash(state, id, kept, password).await;
    Ok(LoggedIn {
        access_token: state.tokens.issue(Subject::Superadmin { superadmin: id, session })?,
        token_type: "Bearer".to_owned(),
        expires_in: TOKEN_LIFETIME.as_secs(),
        refresh_token: refresh_token.text(),
        user: LoginSuperadmin { id, username },
    })
}

/// As for clients' users: the log-in has succeeded, and does not fail by this.
async fn raise_hash(state: &AppState, id: SuperadminId, before: String, password: Zeroizing<String>) {
    let Some(after) = state.passwords.raised(&before, password).await else { return };
    let written = state.db.platform_entry(move |tx| repo::raise_hash(tx, id, &before, &after));
    if let Err(error) = written.await {
        tracing::warn!(%error, "a password that was hashed anew could not be kept");
    }
}

/// Tries the code while nobody else does; a wrong one is counted, and the count stays.
fn try_code_in(
    tx: &mut EntryTx<'_>,
    state: &AppState,
    id: SuperadminId,
    password_hash: &str,
    code: &str,
    now: DateTime<Utc>,
) -> Result<bool, SuperadminError> {
    // The password may have been changed, or the superadmin disabled, while it was compared.
    let held = repo::lock(tx, id)?.filter(|held| !held.disabled && held.password_hash == password_hash);
    let Some(held) = held.filter(|held| held.tries.locked_at(now).is_none()) else {
        return Ok(false);
    };
    let secret = state.vault.open_in(tx, place(id.0), &held.totp_secret)?;
    match Authenticator::of(secret.expose())?.step_of(code, now, held.last_totp_step) {
        Some(step) => repo::pass(tx, id, step)?,
        None => {
            tracing::warn!(superadmin = %id, "a superadmin's code was wrong");
            repo::keep_tries(tx, id, held.tries.after_failure(now))?;
            let entry = Entry::new(Action::SuperadminLoginRefused, id);
            record_operator_in(tx, &state.vault, Actor::Superadmin(id), None, entry)?;
            return Ok(false);
        }
    }
    Ok(true)
}
