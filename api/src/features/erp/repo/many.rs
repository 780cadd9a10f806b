//! Many that failed for good, sent again.

use crate::{
    platform::db::{DbError, Named, TenantTx, part_like},
    schema::{erp_syncs, orders},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::erp::ErpSyncStatus;
use diesel::prelude::*;
use uuid::Uuid;

/// Some that had failed until then, whose orders are held by their ids, as everybody holds them.
pub fn lock_failed(
    tx: &mut TenantTx<'_>,
    until: DateTime<Utc>,
    error_contains: Option<&str>,
    most: i64,
) -> Result<Vec<Uuid>, DbError> {
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
    let (syncs, of): (Vec<Uuid>, Vec<Uuid>) = found.into_iter().unzip();
    let held = orders::table.filter(orders::tenant_id.eq(tenant.0).and(orders::id.eq_any(of)));
    held.select(orders::id).order(orders::id).for_no_key_update().load::<Uuid>(tx.conn())?;
    Ok(syncs)
}

/// They begin anew, but for those with which somebody did something else meanwhile.
pub fn retry(tx: &mut TenantTx<'_>, syncs: &[Uuid], max_attempts: i32) -> Result<usize, DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let failed = erp_syncs::tenant_id.eq(tenant.0).and(erp_syncs::status.eq(ErpSyncStatus::Failed.name()));
    let retried = diesel::update(erp_syncs::table.filter(failed.and(erp_syncs::id.eq_any(syncs.to_vec()))))
        .set((
            erp_syncs::status.eq(ErpSyncStatus::Pending.name()),
            (erp_syncs::attempts.eq(0), erp_syncs::max_attempts.eq(max_attempts)),
            erp_syncs::finished_at.eq(None::<DateTime<Utc>>),
            (erp_syncs::next_attempt_at.eq(now), erp_syncs::updated_at.eq(now)),
        ))
        .execute(tx.conn())?;
    Ok(retried)
}
