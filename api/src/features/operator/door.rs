//! Who is logged in at clients and who was turned away, and which of their endpoints are not reached.

use super::{error::OperatorError, repo};
use crate::{
    app::AppState,
    features::{
        identity::{self, Origin},
        tenants,
    },
    platform::{
        audit::{Action, Entry, record_at_client_in, record_list_in, record_look_in},
        authn::PlatformCtx,
        db::PlatformTx,
        http::{Invalid, PageRequest, Text},
        vault::Vault,
    },
};
use countinghouse_contract::{
    SessionId, TenantId,
    admin::looks::{TenantSession, TenantSessionEvent, TenantSessionEventQuery, TenantWebhookEndpoint},
    sessions::SessionEventKind,
};
use serde_json::json;

const SLUG: Text = Text::line(1..=40);

/// In which somebody was turned away: those that have an index over all clients.
const REFUSALS: [SessionEventKind; 4] = [
    SessionEventKind::LoginFailed,
    SessionEventKind::RefreshReused,
    SessionEventKind::SecondFactorFailed,
    SessionEventKind::SecondFactorLocked,
];

/// Of one client or of all.
#[derive(Debug, Clone)]
pub struct Whose(Option<String>);

impl Whose {
    pub fn new(tenant: Option<&str>) -> Result<Self, Invalid> {
        let mut invalid = Invalid::default();
        invalid.optional_text("/tenant", tenant, &SLUG);
        invalid.finish()?;
        Ok(Self(tenant.map(str::to_owned)))
    }

    fn resolve_in(&self, tx: &mut PlatformTx<'_>) -> Result<Option<TenantId>, OperatorError> {
        let Some(slug) = &self.0 else { return Ok(None) };
        Ok(Some(tenants::find_in(tx, slug)?.ok_or(OperatorError::NotFound)?.id))
    }
}

/// Which lines of session logs are listed.
#[derive(Debug, Clone)]
pub struct Lines {
    whose: Whose,
    kinds: Vec<String>,
}

impl Lines {
    pub fn new(query: &TenantSessionEventQuery) -> Result<Self, Invalid> {
        let mut invalid = Invalid::default();
        if query.tenant.is_none() && query.kind.is_some_and(|kind| !REFUSALS.contains(&kind)) {
            invalid.add(
                "/tenant",
                "required",
                "Of all clients only those are listed in which somebody was turned away.",
            );
        }
        invalid.finish()?;
        let wanted = query.kind.map_or_else(|| REFUSALS.to_vec(), |kind| vec![kind]);
        let kinds = wanted.into_iter().filter_map(|kind| Some(json!(kind).as_str()?.to_owned()));
        Ok(Self { whose: Whose::new(query.tenant.as_deref())?, kinds: kinds.collect() })
    }
}

fn record_in(
    tx: &mut PlatformTx<'_>,
    vault: &Vault,
    client: Option<TenantId>,
    list: &'static str,
) -> Result<(), OperatorError> {
    match client {
        Some(client) => record_look_in(tx, vault, client, list)?,
        None => record_list_in(tx, vault, list)?,
    }
    Ok(())
}

pub async fn sessions(
    state: &AppState,
    ctx: &PlatformCtx,
    whose: Whose,
    asked: PageRequest,
) -> Result<Vec<TenantSession>, OperatorError> {
    let vault = state.vault.clone();
    let listed = state.db.platform(ctx, move |tx| {
        let client = whose.resolve_in(tx)?;
        let rows = repo::sessions(tx, client, asked)?;
        record_in(tx, &vault, client, "sessions")?;
        Ok(rows)
    });
    listed.await
}

pub async fn session_events(
    state: &AppState,
    ctx: &PlatformCtx,
    lines: Lines,
    asked: PageRequest,
) -> Result<Vec<TenantSessionEvent>, OperatorError> {
    let vault = state.vault.clone();
    let listed = state.db.platform(ctx, move |tx| {
        let client = lines.whose.resolve_in(tx)?;
        let kinds: Vec<&str> = lines.kinds.iter().map(String::as_str).collect();
        let rows = repo::session_events(tx, client, &kinds, asked)?;
        record_in(tx, &vault, client, "session_events")?;
        Ok(rows)
    });
    listed.await
}

/// Ends a session of a client's user; one that has ended stays as it is.
pub async fn end_session(
    state: &AppState,
    ctx: &PlatformCtx,
    id: SessionId,
    from: Origin,
) -> Result<(), OperatorError> {
    let vault = state.vault.clone();
    let ended = state.db.platform(ctx, move |tx| {
        let (client, user, ended) = repo::end_session(tx, id)?.ok_or(OperatorError::NotFound)?;
        if ended {
            identity::log_ended_in(tx, vault.ids(), client, user, id, from)?;
            let entry = Entry::new(Action::SessionEnded, id).before(json!({"user_id": user}));
            record_at_client_in(tx, &vault, client, entry)?;
        }
        Ok::<_, OperatorError>(())
    });
    ended.await
}

pub async fn failing_endpoints(
    state: &AppState,
    ctx: &PlatformCtx,
    whose: Whose,
    asked: PageRequest,
) -> Result<Vec<TenantWebhookEndpoint>, OperatorError> {
    let vault = state.vault.clone();
    let listed = state.db.platform(ctx, move |tx| {
        let client = whose.resolve_in(tx)?;
        let rows = repo::failing_endpoints(tx, client, asked)?;
        record_in(tx, &vault, client, "webhook_endpoints")?;
        Ok(rows)
    });
    listed.await
}
