//! Changing one's own password.

use super::{Origin, error::IdentityError, events, repo, sessions::event_of};
use crate::{
    app::AppState,
    platform::{authn::TenantCtx, http::Invalid, passwords::check_new},
};
use countinghouse_contract::{auth::PasswordChange, sessions::SessionEventKind};

/// Sets a new password after checking the present one, and ends the user's other sessions.
pub async fn change(
    state: &AppState,
    ctx: &TenantCtx,
    input: PasswordChange,
    from: Origin,
) -> Result<(), IdentityError> {
    let mut invalid = Invalid::default();
    check_new(&mut invalid, "/new_password", &input.new_password, &ctx.principal().username);
    invalid.finish()?;
    let user = ctx.principal().user_id;
    let before = ctx.transaction(move |tx| repo::password_hash(tx, user)).await?;
    if !state.passwords.verify(input.current_password, Some(before.clone())).await? {
        return Err(IdentityError::WrongPassword);
    }
    let after = state.passwords.hash(input.new_password).await?;
    let ids = state.ids.clone();
    ctx.transaction(move |tx| {
        // Somebody else may have changed it while this was hashed.
        if !repo::replace_password(tx, user, &before, &after)? {
            return Err(IdentityError::WrongPassword);
        }
        let own = tx.actor().session_id;
        repo::end_sessions(tx, user, Some(own))?;
        let event = event_of(tx, SessionEventKind::PasswordChanged, user, own, from);
        Ok(events::record_in(tx, &ids, &event)?)
    })
    .await
}
