//! What superadmins do with orders that do not reach their clients' ERPs.
//!
//! Lists are read over all clients, on the superadmins' own login, which sees nothing of what was sent. One sync with
//! all that was said is seen inside its client, whose audit log tells of it, and so is what is done with it: the
//! operator's log is written first, so that nothing happens that it does not tell of.

use super::{
    error::ErpError,
    hands,
    lists::get_in,
    many::RetryFailedSyncs,
    repo::of_all::{self, OfAll},
};
use crate::{
    app::AppState,
    features::tenants,
    platform::{
        audit::{Action, Actor, Entry, record_in, record_list_in, record_look_in, record_operator_in},
        authn::PlatformCtx,
        db::{DbError, PlatformTx, TenantTx},
        http::{Invalid, PageRequest, Text},
    },
};
use countinghouse_contract::{
    ErpSyncId, TenantId,
    admin::syncs::{
        ErpSyncsToRetry, RetriedStatus, RetryErpSyncs, TenantErpSync, TenantErpSyncLog, TenantErpSyncQuery,
    },
    erp::{DiscardErpSync, ErpSync, ErpSyncStatus},
};
use serde_json::json;

const SLUG: Text = Text::line(1..=40);
/// An index of parts of texts knows none that is shorter.
const PART: Text = Text::line(3..=200);

/// What is asked for, before it is known whose slug it is.
#[derive(Debug, Clone)]
pub struct Wish {
    status: ErpSyncStatus,
    tenant: Option<String>,
    error_contains: Option<String>,
}

impl Wish {
    pub fn listed(query: &TenantErpSyncQuery) -> Result<Self, Invalid> {
        let status = query.status.unwrap_or(ErpSyncStatus::Failed);
        let mut invalid = Invalid::default();
        if status == ErpSyncStatus::Success && query.tenant.is_none() {
            invalid.add("/tenant", "required", "What arrived is listed of one client only: name it.");
        }
        Self::checked(invalid, status, query.tenant.as_deref(), query.error_contains.as_deref())
    }

    fn retried(input: &RetryErpSyncs) -> Result<Self, Invalid> {
        let RetriedStatus::Failed = input.status;
        let (tenant, part) = (input.tenant.as_deref(), input.error_contains.as_deref());
        Self::checked(Invalid::default(), ErpSyncStatus::Failed, tenant, part)
    }

    fn checked(
        mut invalid: Invalid,
        status: ErpSyncStatus,
        tenant: Option<&str>,
        error_contains: Option<&str>,
    ) -> Result<Self, Invalid> {
        invalid.optional_text("/tenant", tenant, &SLUG);
        invalid.optional_text("/error_contains", error_contains, &PART);
        invalid.finish()?;
        Ok(Self { status, tenant: tenant.map(str::to_owned), error_contains: error_contains.map(str::to_owned) })
    }

    /// `NotFound` where there is no such client.
    fn resolve_in(self, tx: &mut PlatformTx<'_>) -> Result<OfAll, ErpError> {
        let client = match &self.tenant {
            Some(slug) => Some(tenants::find_in(tx, slug)?.ok_or(ErpError::NotFound)?.id),
            None => None,
        };
        Ok(OfAll { status: self.status, client, error_contains: self.error_contains })
    }
}

pub async fn list(
    state: &AppState,
    ctx: &PlatformCtx,
    wish: Wish,
    asked: PageRequest,
) -> Result<Vec<TenantErpSync>, ErpError> {
    let vault = state.vault.clone();
    let listed = state.db.platform(ctx, move |tx| {
        let which = wish.resolve_in(tx)?;
        let rows = of_all::list(tx, &which, asked)?;
        match which.client {
            Some(client) => record_look_in(tx, &vault, client, "erp_syncs")?,
            None => record_list_in(tx, &vault, "erp_syncs")?,
        }
        Ok(rows)
    });
    listed.await
}

/// One with its attempts: both logs say who looked.
pub async fn get(state: &AppState, ctx: &PlatformCtx, id: ErpSyncId) -> Result<TenantErpSyncLog, ErpError> {
    let entry = Entry::new(Action::ErpSyncShown, id);
    let (client, tenant) = announce(state, ctx, id, entry.clone()).await?;
    let shown = state.db.inside(ctx, client, move |tx| {
        let log = get_in(tx, id)?;
        record_in(tx, entry)?;
        Ok::<_, ErpError>(log)
    });
    Ok(TenantErpSyncLog { tenant, log: shown.await? })
}

pub async fn retry(state: &AppState, ctx: &PlatformCtx, id: ErpSyncId) -> Result<TenantErpSync, ErpError> {
    by_hand(state, ctx, id, Entry::new(Action::ErpSyncRetried, id), move |tx| hands::retried_in(tx, id)).await
}

pub async fn discard(
    state: &AppState,
    ctx: &PlatformCtx,
    id: ErpSyncId,
    input: DiscardErpSync,
) -> Result<TenantErpSync, ErpError> {
    let reason = hands::checked(input)?;
    let entry = Entry::new(Action::ErpSyncDiscarded, id).after(json!({"reason": reason}));
    by_hand(state, ctx, id, entry, move |tx| hands::discarded_in(tx, id, &reason)).await
}

async fn by_hand(
    state: &AppState,
    ctx: &PlatformCtx,
    id: ErpSyncId,
    entry: Entry,
    work: impl FnOnce(&mut TenantTx<'_>) -> Result<ErpSync, ErpError> + Send + 'static,
) -> Result<TenantErpSync, ErpError> {
    let (client, tenant) = announce(state, ctx, id, entry).await?;
    Ok(TenantErpSync { tenant, sync: state.db.inside(ctx, client, work).await? })
}

/// Finds whose it is, and writes what is about to be done there into the operator's log.
async fn announce(
    state: &AppState,
    ctx: &PlatformCtx,
    id: ErpSyncId,
    entry: Entry,
) -> Result<(TenantId, String), ErpError> {
    let vault = state.vault.clone();
    let found = state.db.platform(ctx, move |tx| {
        let (client, slug) = of_all::client_of(tx, id)?.ok_or(ErpError::NotFound)?;
        let actor = Actor::from(tx.actor());
        record_operator_in(tx, &vault, actor, Some(client), entry)?;
        Ok::<_, ErpError>((client, slug))
    });
    found.await
}

/// Has all that failed until now and is wanted sent again: each client's by a job of its own.
pub async fn retry_many(
    state: &AppState,
    ctx: &PlatformCtx,
    input: RetryErpSyncs,
) -> Result<ErpSyncsToRetry, ErpError> {
    let (wish, dry_run) = (Wish::retried(&input)?, input.dry_run.unwrap_or(false));
    let vault = state.vault.clone();
    let counted = state.db.platform(ctx, move |tx| {
        let which = wish.resolve_in(tx)?;
        if dry_run {
            return Ok(of_all::count_failed(tx, &which)?);
        }
        let job = RetryFailedSyncs::new(tx.actor().superadmin_id(), tx.now(), which.error_contains.clone());
        let corrupt = |error: serde_json::Error| DbError::Corrupt { table: "jobs", what: error.to_string() };
        let payload = serde_json::to_value(&job).map_err(corrupt)?;
        let counted = of_all::plant_retries::<RetryFailedSyncs>(tx, &which, payload)?;
        let asked = json!({
            "error_contains": which.error_contains, "syncs": counted.syncs, "tenants": counted.tenants,
        });
        let (actor, resource) = (Actor::from(tx.actor()), input.tenant.as_deref().unwrap_or("all"));
        let entry = Entry::new(Action::ErpSyncRetryAsked, resource).after(asked);
        record_operator_in(tx, &vault, actor, which.client, entry)?;
        Ok::<_, ErpError>(counted)
    });
    let counted = counted.await?;
    if !counted.dry_run {
        state.db.waker().wake();
    }
    Ok(counted)
}
