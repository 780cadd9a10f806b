//! The dashboard: how a client is doing, and for superadmins how one or all of them are.
//!
//! What was earned comes from the journal's sums by day, what was sold of each product from those of invoices and
//! credit notes (`product_sales` in the database); all else is read from indexes over the windows' days only. So what
//! it takes does not grow with the years.

mod advice;
mod client;
mod kpis;
mod overall;
mod sales;
mod stock;
mod windows;

use super::{error::ReportError, repo};
use crate::{
    app::AppState,
    platform::{
        audit::{Action, Actor, Entry, record_as_in, record_operator_in},
        authn::{PlatformCtx, TenantCtx},
        authz::Permission,
    },
};
use client::Viewed;
use countinghouse_contract::dashboard::{Dashboard, ServiceDashboard};

/// Of the client whose request it is.
pub async fn own(ctx: &TenantCtx) -> Result<Dashboard, ReportError> {
    ctx.read(|tx| {
        let (tenant, now) = (tx.tenant_id(), tx.now());
        let costs = tx.actor().permissions.holds(Permission::CostsRead);
        let client = repo::find(tx, tenant)?.ok_or(ReportError::NotFound)?;
        Viewed::new(client, costs, now)?.dashboard(tx)
    })
    .await
}

/// Of one client, for a superadmin; both logs say who looked.
pub async fn of_client(state: &AppState, ctx: &PlatformCtx, slug: String) -> Result<Dashboard, ReportError> {
    // No slug has control characters, and PostgreSQL's text cannot hold all of them.
    if slug.chars().any(char::is_control) {
        return Err(ReportError::NotFound);
    }
    let vault = state.vault.clone();
    let shown = state.db.platform(ctx, move |tx| {
        let client = repo::find_by_slug(tx, &slug)?.ok_or(ReportError::NotFound)?;
        let (tenant, now) = (client.tenant(), tx.now());
        let dashboard = Viewed::new(client, true, now)?.dashboard(tx)?;
        let (actor, entry) = (Actor::from(tx.actor()), Entry::new(Action::ClientDashboardShown, tenant));
        record_as_in(tx, vault.ids(), tenant, actor, entry.clone())?;
        record_operator_in(tx, &vault, actor, Some(tenant), entry)?;
        Ok::<_, ReportError>(dashboard)
    });
    shown.await
}

/// Of all clients.
pub async fn of_service(state: &AppState, ctx: &PlatformCtx) -> Result<ServiceDashboard, ReportError> {
    state.db.platform(ctx, overall::read).await
}
