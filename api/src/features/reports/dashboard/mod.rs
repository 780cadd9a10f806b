//! The dashboard: how a client is doing.
//!
//! What was earned comes from the journal's sums by day, what was sold of each product from those of invoices and
//! credit notes (`product_sales` in the database); all else is read from indexes over the windows' days only. So what
//! it takes does not grow with the years.

mod advice;
mod client;
mod kpis;
mod sales;
mod stock;
mod windows;

use super::{error::ReportError, repo};
use crate::platform::{authn::TenantCtx, authz::Permission};
use client::Viewed;
use countinghouse_contract::dashboard::Dashboard;

/// Of the client whose request it is.
pub async fn own(ctx: &TenantCtx) -> Result<Dashboard, ReportError> {
    ctx.transaction(|tx| {
        let (tenant, now) = (tx.tenant_id(), tx.now());
        let costs = tx.actor().permissions.holds(Permission::CostsRead);
        let client = repo::find(tx, tenant)?.ok_or(ReportError::NotFound)?;
        Viewed::new(client, costs, now)?.dashboard(tx)
    })
    .await
}
