//! One's own password: asked for again, and changed.

use super::{Origin, error::IdentityError, events, repo, sessions::event_of};
use crate::{
    app::AppState,
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        http::Invalid,
        passwords::check_new,
    },
};
use countinghouse_contract::{auth::PasswordChange, sessions::SessionEventKind};

/// Whether the caller knows their own password; answers its hash.
pub(super) async fn confirm_password(
    state: &AppState,
    ctx: &TenantCtx,
    given: String,
) -> Result<String, IdentityError> {
    let user = ctx.principal().user_id;
    let kept = ctx.transaction(move |tx| repo::password_hash(tx, user)).await?;
    let right = state.passwords.verify(given, Some(kept.clone())).await?;
    if right { Ok(kept) } else { Err(IdentityError::WrongPassword) }
}

/// Sets a new password after checking the present one, and ends the user's other sessions.
pub async fn change(
    state: &AppState,
    ctx: &TenantCtx,
    input: PasswordChange,
    from: Origin,
) -> Result<(), IdentityError> {
    let mut invalid = Invalid::default();
    let principal = ctx.principal();
    check_new(&mut invalid, "/new_password", &input.new_password, &principal.username, &[&principal.slug]);
    if principal.must_change_password && input.new_password == input.current_password {
        invalid.add("/new_password", "password_unchanged", "Whoever set the present one knows it: take another.");
    }
    invalid.finish()?;
    let user = ctx.principal().user_id;
    let before = confirm_password(state, ctx, input.current_password).await?;
    let after = state.passwords.hash(input.new_password).await?;
    let ids = state.ids.clone();
    ctx.transaction(move |tx| {
        // Somebody else may have changed it while this was hashed.
        if !repo::replace_password(tx, user, &before, &after)? {
            return Err(IdentityError::WrongPassword);
        }
        let own = tx.actor().session_id();
        repo::end_sessions(tx, user, own)?;
        let event = event_of(tx, SessionEventKind::PasswordChanged, user, own, from);
        events::record_in(tx, &ids, &event)?;
        Ok(record_in(tx, Entry::new(Action::UserPasswordChanged, user))?)
    })
    .await
}
