//! One's own session and, for those who may, everybody's.

use super::{
    Origin,
    error::IdentityError,
    events::{self, Event},
    repo,
    second_factor::Who,
};
use crate::{
    app::AppState,
    platform::{
        audit::{Action, Entry, record_in},
        authn::{Principal, TenantCtx},
        authz::Permission,
        db::{DbError, TenantTx},
        http::{Dates, PageRequest},
    },
};
use countinghouse_contract::{
    SessionId, UserId,
    auth::SecondFactorState,
    sessions::{Session, SessionEvent, SessionEventKind},
};
use serde_json::json;

/// Which lines of the log are wanted.
#[derive(Debug, Clone)]
pub struct EventFilter {
    pub kind: Option<SessionEventKind>,
    pub user: Option<UserId>,
    pub dates: Dates,
}

/// Ends the caller's session.
pub async fn logout(state: &AppState, ctx: &TenantCtx, from: Origin) -> Result<(), IdentityError> {
    let ids = state.ids.clone();
    let ended = ctx.transaction(move |tx| {
        // The route lets people in only, and they come in a session.
        let Some(session) = tx.actor().session_id() else { return Ok(()) };
        repo::end_session(tx, session)?;
        let event = event_of(tx, SessionEventKind::Logout, tx.actor().user_id, Some(session), from);
        events::record_in(tx, &ids, &event)
    });
    Ok(ended.await?)
}

/// The caller, as of now.
pub async fn me(ctx: &TenantCtx) -> Result<(Principal, SecondFactorState), IdentityError> {
    let who = Who::of(ctx);
    Ok(ctx.read(move |tx| Ok::<_, DbError>((tx.actor().clone(), repo::factor_state(tx, who)?))).await?)
}

/// Sessions that have not ended: the caller's, or everybody's for those who may see them.
pub async fn list(ctx: &TenantCtx, asked: PageRequest) -> Result<Vec<Session>, IdentityError> {
    let listed = ctx.read(move |tx| {
        let whose =
            if tx.actor().permissions.holds(Permission::SessionsRead) { None } else { Some(tx.actor().user_id) };
        repo::list_sessions(tx, whose, asked)
    });
    Ok(listed.await?)
}

/// Ends a session: one's own, or anybody's for those who may.
pub async fn end(state: &AppState, ctx: &TenantCtx, session: SessionId, from: Origin) -> Result<(), IdentityError> {
    let ids = state.ids.clone();
    ctx.transaction(move |tx| {
        let user = repo::session_user(tx, session)?.ok_or(IdentityError::NotFound)?;
        if user != tx.actor().user_id && !tx.actor().permissions.holds(Permission::SessionsWrite) {
            return Err(IdentityError::NotFound);
        }
        if repo::end_session(tx, session)? {
            let event = event_of(tx, SessionEventKind::SessionEnded, user, Some(session), from);
            events::record_in(tx, &ids, &event)?;
            record_in(tx, Entry::new(Action::SessionEnded, session).before(json!({"user_id": user})))?;
        }
        Ok(())
    })
    .await
}

/// The session log, newest first.
pub async fn events(
    ctx: &TenantCtx,
    filter: EventFilter,
    asked: PageRequest,
) -> Result<Vec<SessionEvent>, IdentityError> {
    Ok(ctx.read(move |tx| repo::list_events(tx, &filter, asked)).await?)
}

/// Ends all of a user's sessions.
pub fn end_sessions_in(tx: &mut TenantTx<'_>, user: UserId) -> Result<(), DbError> {
    repo::end_sessions(tx, user, None)
}

pub(super) fn event_of(
    tx: &TenantTx<'_>,
    kind: SessionEventKind,
    user: UserId,
    session: Option<SessionId>,
    from: Origin,
) -> Event {
    Event { tenant: tx.tenant_id(), kind, user: Some(user), username: None, session, order: None, from }
}
