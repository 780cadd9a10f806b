//! Logging in and out, and entering a user.

use super::{
    Origin,
    error::IdentityError,
    repo::{self, NewSession},
};
use crate::{
    app::AppState,
    platform::{
        authn::{Principal, Subject, TOKEN_LIFETIME, TenantCtx},
        db::{DbError, PlatformTx},
        http::{Invalid, Text},
        passwords,
    },
};
use chrono::Duration;
use countinghouse_contract::{
    SessionId, TenantId, UserId,
    auth::{LoggedIn, Login, LoginUser},
};
use uuid::Uuid;

/// A session ends by itself after this long.
const SESSION_LIFETIME: Duration = Duration::hours(12);

/// Checks the credentials and opens a session. Unknown clients and users cost the same look-ups
/// and the same hash as known ones.
pub async fn login(state: &AppState, input: Login, from: Origin) -> Result<LoggedIn<LoginUser>, IdentityError> {
    let Login { client_id, username, password } = input;
    let plausible = [&client_id, &username].iter().all(|text| !text.chars().any(char::is_control));
    let (client_id, username) = if plausible { (client_id, username) } else { Default::default() };
    let tenant = state.db.tenant_by_slug(client_id).await?.unwrap_or(TenantId(Uuid::nil()));
    let known = state.db.tenant_entry(tenant, move |tx| repo::find_login(tx, &username)).await?;
    let hash = known.as_ref().map(|user| user.password_hash.clone());
    let right = state.passwords.verify(password, hash).await?;
    let Some(user) = known.filter(|user| right && !user.disabled) else {
        return Err(IdentityError::InvalidCredentials);
    };
    if user.tenant_status != "active" {
        return Err(IdentityError::ClientSuspended);
    }
    let now = state.ids.now();
    let session = NewSession {
        tenant,
        id: state.ids.make::<SessionId>()?,
        user: UserId(user.id),
        from,
        created_at: now,
        expires_at: now + SESSION_LIFETIME,
    };
    let subject = Subject::User { tenant, user: session.user, session: session.id };
    state.db.tenant_entry(tenant, move |tx| repo::insert_session(tx, &session)).await?;
    Ok(LoggedIn {
        access_token: state.tokens.issue(subject)?,
        token_type: "Bearer".to_owned(),
        expires_in: TOKEN_LIFETIME.as_secs(),
        user: LoginUser { id: UserId(user.id), username: user.username, role: user.role },
    })
}

/// Ends the caller's session.
pub async fn logout(ctx: &TenantCtx) -> Result<(), IdentityError> {
    let session = ctx.principal().session_id;
    ctx.transaction(move |tx| repo::end_session(tx, session)).await.map_err(IdentityError::Db)
}

/// The caller, as of now.
pub async fn me(ctx: &TenantCtx) -> Result<Principal, IdentityError> {
    ctx.transaction(|tx| Ok::<_, DbError>(tx.actor().clone())).await.map_err(IdentityError::Db)
}

/// A user to be entered, whose password is hashed already.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub tenant: TenantId,
    pub username: String,
    pub email: Option<String>,
    pub role: &'static str,
    pub password_hash: String,
}

/// The rules for a new user's name, password and e-mail.
pub fn check_new_user(invalid: &mut Invalid, at: &str, username: &str, password: &str, email: Option<&str>) {
    invalid.text(&format!("{at}/username"), username, &Text::line(1..=100));
    passwords::check_new(invalid, &format!("{at}/password"), password, username);
    if let Some(email) = email {
        let pointer = format!("{at}/email");
        invalid.text(&pointer, email, &Text::line(3..=254));
        if !email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()) {
            invalid.add(&pointer, "invalid_email", "An e-mail address, like name@example.com.");
        }
    }
}

/// Enters a client's user, in a superadmin's transaction.
pub fn create_user_in(tx: &mut PlatformTx<'_>, user: &NewUser) -> Result<UserId, DbError> {
    let id = tx.make_id::<UserId>()?;
    repo::insert_user(tx, id, user)?;
    Ok(id)
}
