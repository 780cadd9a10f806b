//! Who of the superadmins is logged in, and ending that: a machine that was lost, a colleague who has left.

use super::{error::SuperadminError, repo};
use crate::{
    app::AppState,
    platform::{
        audit::{Action, Actor, Entry, record_operator_in},
        authn::PlatformCtx,
        http::PageRequest,
    },
};
use countinghouse_contract::{SessionId, admin::sessions::OperatorSession};
use serde_json::json;

/// Those that have not ended, newest first.
pub async fn list(
    state: &AppState,
    ctx: &PlatformCtx,
    asked: PageRequest,
) -> Result<Vec<OperatorSession>, SuperadminError> {
    Ok(state.db.platform(ctx, move |tx| repo::open_sessions(tx, asked)).await?)
}

/// Any of them, the caller's own too; one that has ended stays as it is.
pub async fn end(state: &AppState, ctx: &PlatformCtx, id: SessionId) -> Result<(), SuperadminError> {
    let vault = state.vault.clone();
    let ended = state.db.platform(ctx, move |tx| {
        let (whose, was_open) = repo::close_session(tx, id)?.ok_or(SuperadminError::NoSession)?;
        if was_open {
            let actor = Actor::from(tx.actor());
            let entry = Entry::new(Action::SuperadminSessionEnded, whose).before(json!({"session_id": id}));
            record_operator_in(tx, &vault, actor, None, entry)?;
        }
        Ok::<_, SuperadminError>(())
    });
    ended.await
}
