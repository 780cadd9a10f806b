//! What failed for good, sent again: one by hand, or many.

use crate::{
    platform::db::{DbError, Named, TenantTx, part_like},
    schema::erp_syncs,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{ErpSyncId, OrderId, erp::ErpSyncStatus};
use diesel::prelude::*;
use uuid::Uuid;

/// Some that had failed until then, each with its order.
pub fn failed(
    tx: &mut TenantTx<'_>,
    until: DateTime<Utc>,
    error_contains: Option<&str>,
    most: i64,
) -> Result<(Vec<ErpSyncId>, Vec<OrderId>), DbError> {
    let tenant = tx.tenant_id();
    let failed = erp_syncs::tenant_id.eq(tenant.0).and(erp_syncs::status.eq(ErpSyncStatus::Failed.name()));
    let mut query = erp_syncs::table
        .filter(failed.and(erp_syncs::finished_at.le(until)))
        .select((erp_syncs::id, erp_syncs::order_id))
        .into_boxed();
    if let Some(part) = error_contains {
        query = query.filter(erp_syncs::last_error.ilike(part_like(part)));
    }
    let newest = (erp_syncs::created_at.desc(), erp_syncs::id.desc());
    let found: Vec<(Uuid, Uuid)> = query.order(newest).limit(most).load(tx.conn())?;
    Ok(found.into_iter().map(|(sync, order)| (ErpSyncId(sync), OrderId(order))).unzip())
}

/// They begin anew, but for those with which somebody did something else meanwhile. Of which nobody knows is asked for
/// first, as ever. Their orders are held.
pub fn retry(tx: &mut TenantTx<'_>, syncs: &[ErpSyncId], max_attempts: i32) -> Result<usize, DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let failed = erp_syncs::tenant_id.eq(tenant.0).and(erp_syncs::status.eq(ErpSyncStatus::Failed.name()));
    let ids: Vec<Uuid> = syncs.iter().map(|sync| sync.0).collect();
    let retried = diesel::update(erp_syncs::table.filter(failed.and(erp_syncs::id.eq_any(ids))))
        .set((
            erp_syncs::status.eq(ErpSyncStatus::Pending.name()),
            (erp_syncs::attempts.eq(0), erp_syncs::max_attempts.eq(max_attempts)),
            erp_syncs::finished_at.eq(None::<DateTime<Utc>>),
            (erp_syncs::next_attempt_at.eq(now), erp_syncs::updated_at.eq(now)),
        ))
        .execute(tx.conn())?;
    Ok(retried)
}
