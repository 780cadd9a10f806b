//! Logging in.

use super::{
    Origin,
    error::{IdentityError, SecondFactorError},
    events::{self, Event},
    repo::{self, LoginRow, NewSession},
    second_factor::{Occasion, Who, try_in},
};
use crate::{
    app::AppState,
    platform::{
        authn::{RefreshToken, Subject, TOKEN_LIFETIME},
        db::EntryTx,
    },
};
use countinghouse_contract::{
    SessionId, TenantId, UserId,
    auth::{LoggedIn, Login, LoginUser},
    sessions::SessionEventKind,
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The longest user name that is looked for and noted.
const LONGEST_NAME: usize = 100;

/// Checks the credentials and opens a session. Unknown clients and users cost the same look-ups
/// and the same hash as known ones.
pub async fn login(state: &AppState, input: Login, from: Origin) -> Result<LoggedIn<LoginUser>, IdentityError> {
    let Login { client_id, username, password, totp_code } = input;
    let (client_id, username) = (plausible(client_id), plausible(username));
    let turn = state.passwords.place()?;
    state.limits.log_in(Some(&client_id), &username).await?;
    let found = state.db.tenant_by_slug(client_id).await?;
    let tenant = found.unwrap_or(TenantId(Uuid::nil()));
    let wanted = username.clone();
    let known = state.db.tenant_entry(tenant, move |tx| repo::find_login(tx, &wanted)).await?;
    let hash = known.as_ref().map(|user| user.password_hash.clone());
    let password = Zeroizing::new(password);
    let right = state.passwords.verify_in(turn, password.to_string(), hash).await?;
    match known {
        Some(user) if right && !user.disabled => {
            let (id, kept) = (UserId(user.id), user.password_hash.clone());
            let opened = open_session(state, tenant, user, totp_code, from).await?;
            raise_hash(state, tenant, id, kept, password).await;
            Ok(opened)
        }
        known => {
            note_failure(state, found, known.map(|user| UserId(user.id)), username, from).await?;
            Err(IdentityError::InvalidCredentials)
        }
    }
}

/// Keeps the password under the present parameters when they have been raised. The log-in has
/// succeeded already and does not fail by this: the next one tries again.
async fn raise_hash(state: &AppState, tenant: TenantId, user: UserId, before: String, password: Zeroizing<String>) {
    let Some(after) = state.passwords.raised(&before, password).await else { return };
    let written = state.db.tenant_entry(tenant, move |tx| repo::raise_hash(tx, user, &before, &after));
    if let Err(error) = written.await {
        tracing::warn!(%error, "a password that was hashed anew could not be kept");
    }
}

/// Names with control characters belong to nobody.
fn plausible(text: String) -> String {
    let fits = text.chars().count() <= LONGEST_NAME && !text.chars().any(char::is_control);
    if fits { text } else { String::new() }
}

async fn open_session(
    state: &AppState,
    tenant: TenantId,
    user: LoginRow,
    totp_code: Option<String>,
    from: Origin,
) -> Result<LoggedIn<LoginUser>, IdentityError> {
    let suspended = user.tenant_status != "active";
    let (now, id) = (state.ids.now(), UserId(user.id));
    let session = NewSession {
        tenant,
        id: state.ids.make::<SessionId>()?,
        user: id,
        from: from.clone(),
        created_at: now,
        expires_at: now + state.sessions.idle.min(state.sessions.longest),
        latest_end: now + state.sessions.longest,
    };
    let refresh_token = RefreshToken::make(tenant.0, &state.ids)?;
    let subject = Subject::User { tenant, user: id, session: session.id };
    let event = Event {
        tenant,
        kind: SessionEventKind::Login,
        user: Some(id),
        username: Some(user.username.clone()),
        session: Some(session.id),
        order: None,
        from,
    };
    let first = refresh_token.clone();
    let checked = user.password_hash.clone();
    let work = state.clone();
    let opened = state.db.tenant_entry(tenant, move |tx| {
        // The password may have been changed, or the user disabled, while it was compared.
        if !repo::holds_password(tx, id, &checked)? {
            return Err(IdentityError::InvalidCredentials);
        }
        let occasion = Occasion { who: Who { tenant, user: id }, session: None, from: session.from.clone(), now };
        let refusal = second_factor_in(tx, &work, totp_code.as_deref(), &occasion)?;
        // Told last: whoever lacks the code learns nothing of it.
        if let Some(refusal) = refusal.or(suspended.then_some(IdentityError::ClientSuspended)) {
            let failed = Event { kind: SessionEventKind::LoginFailed, session: None, ..event };
            events::record_in(tx, &work.ids, &failed)?;
            return Ok(Err(refusal));
        }
        repo::insert_session(tx, &session)?;
        repo::insert_refresh_token(tx, session.id, &first, now)?;
        events::record_in(tx, &work.ids, &event)?;
        Ok(Ok(()))
    });
    opened.await??;
    Ok(LoggedIn {
        access_token: state.tokens.issue(subject)?,
        token_type: "Bearer".to_owned(),
        expires_in: TOKEN_LIFETIME.as_secs(),
        refresh_token: refresh_token.text(),
        user: LoginUser { id, username: user.username, role: user.role },
    })
}

/// Tries the code of a user who has a second factor. A refusal is no error: what it counts stays.
fn second_factor_in(
    tx: &mut EntryTx<'_>,
    state: &AppState,
    code: Option<&str>,
    occasion: &Occasion,
) -> Result<Option<IdentityError>, IdentityError> {
    match try_in(tx, state, code, occasion)? {
        Ok(()) | Err(SecondFactorError::NotEnrolled) => Ok(None),
        Err(SecondFactorError::Required | SecondFactorError::Invalid) => Ok(Some(IdentityError::TotpRequired)),
        Err(other) => Ok(Some(other.into())),
    }
}

/// Failures are noted for clients that exist; an unknown one costs the same round trips.
async fn note_failure(
    state: &AppState,
    found: Option<TenantId>,
    user: Option<UserId>,
    username: String,
    from: Origin,
) -> Result<(), IdentityError> {
    let tenant = found.unwrap_or(TenantId(Uuid::nil()));
    // What was typed is kept only when it is somebody's name: it might be a password.
    let username = user.map(|_| username);
    let event = Event { tenant, kind: SessionEventKind::LoginFailed, user, username, session: None, order: None, from };
    let noted = state.db.tenant_entry(tenant, move |tx| {
        // Neither waits for the disk, which would tell a known client from an unknown one.
        repo::commit_soon(tx)?;
        match found {
            Some(_) => {
                let ids = tx.ids().clone();
                events::record_in(tx, &ids, &event)
            }
            None => repo::find_login(tx, "").map(drop),
        }
    });
    Ok(noted.await?)
}
