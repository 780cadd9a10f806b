//! One sync, as somebody moves it on: by hand, or the ERP by a callback. Whoever does holds its order.

use crate::{
    platform::db::{DbError, Named, TenantTx},
    schema::erp_syncs,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    ErpSyncId, OrderId,
    erp::{ErpSyncCause, ErpSyncStatus},
    events::ErpSyncTold,
};
use diesel::prelude::*;
use uuid::Uuid;

/// A sync as people ask for it.
#[derive(Debug, Clone)]
pub struct Found {
    pub id: ErpSyncId,
    pub order: OrderId,
    pub order_number: String,
    pub order_version: i32,
    pub status: ErpSyncStatus,
    pub attempts: i32,
    pub erp_reference: Option<String>,
    pub last_error: Option<String>,
    pub warning: Option<String>,
}

impl Found {
    pub fn told(&self) -> ErpSyncTold {
        ErpSyncTold {
            sync_id: self.id,
            order_id: self.order,
            order_number: self.order_number.clone(),
            order_version: self.order_version.into(),
            attempts: self.attempts.into(),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = erp_syncs)]
struct Row {
    id: Uuid,
    order_id: Uuid,
    order_number: String,
    order_version: i32,
    status: String,
    attempts: i32,
    erp_reference: Option<String>,
    last_error: Option<String>,
    warning: Option<String>,
}

impl Row {
    fn into_found(self) -> Result<Found, DbError> {
        Ok(Found {
            id: ErpSyncId(self.id),
            order: OrderId(self.order_id),
            order_number: self.order_number,
            order_version: self.order_version,
            status: ErpSyncStatus::read("erp_syncs", &self.status)?,
            attempts: self.attempts,
            erp_reference: self.erp_reference,
            last_error: self.last_error,
            warning: self.warning,
        })
    }
}

pub fn find(tx: &mut TenantTx<'_>, id: ErpSyncId) -> Result<Option<Found>, DbError> {
    let tenant = tx.tenant_id();
    let row: Option<Row> =
        erp_syncs::table.find((tenant.0, id.0)).select(Row::as_select()).first(tx.conn()).optional()?;
    row.map(Row::into_found).transpose()
}

/// The last version of an order.
pub fn newest(tx: &mut TenantTx<'_>, order: OrderId) -> Result<Option<Found>, DbError> {
    let tenant = tx.tenant_id();
    let of_order = erp_syncs::tenant_id.eq(tenant.0).and(erp_syncs::order_id.eq(order.0));
    let last = erp_syncs::table.filter(of_order).order(erp_syncs::order_version.desc());
    let row: Option<Row> = last.select(Row::as_select()).first(tx.conn()).optional()?;
    row.map(Row::into_found).transpose()
}

/// The version after this one of an order, which is locked: due now.
pub fn insert(
    tx: &mut TenantTx<'_>,
    order: OrderId,
    order_number: &str,
    after: i32,
    cause: ErpSyncCause,
    max_attempts: i32,
) -> Result<ErpSyncId, DbError> {
    let (tenant, now, id) = (tx.tenant_id(), tx.now(), tx.make_id::<ErpSyncId>()?);
    diesel::insert_into(erp_syncs::table)
        .values((
            (erp_syncs::tenant_id.eq(tenant.0), erp_syncs::id.eq(id.0), erp_syncs::order_id.eq(order.0)),
            erp_syncs::order_number.eq(order_number),
            erp_syncs::order_version.eq(after.saturating_add(1)),
            erp_syncs::cause.eq(cause.name()),
            erp_syncs::status.eq(ErpSyncStatus::Pending.name()),
            erp_syncs::max_attempts.eq(max_attempts),
            // As the trigger makes them.
            erp_syncs::idempotency_key.eq(format!("ERP_{}", id.0.simple())),
            (erp_syncs::next_attempt_at.eq(now), erp_syncs::created_at.eq(now), erp_syncs::updated_at.eq(now)),
        ))
        .execute(tx.conn())?;
    Ok(id)
}

/// One that waits is due now.
pub fn hurry(tx: &mut TenantTx<'_>, id: ErpSyncId) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let waiting = [ErpSyncStatus::Pending.name(), ErpSyncStatus::Queued.name()];
    diesel::update(erp_syncs::table.find((tenant.0, id.0)))
        .filter(erp_syncs::status.eq_any(waiting))
        .set((
            erp_syncs::status.eq(ErpSyncStatus::Pending.name()),
            (erp_syncs::next_attempt_at.eq(now), erp_syncs::updated_at.eq(now)),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Nobody tries it any more, unless it is under way or the ERP has it.
pub fn discard(tx: &mut TenantTx<'_>, id: ErpSyncId, reason: &str) -> Result<bool, DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let open = [ErpSyncStatus::Pending, ErpSyncStatus::Queued, ErpSyncStatus::Failed].map(Named::name);
    let done = diesel::update(erp_syncs::table.find((tenant.0, id.0)))
        .filter(erp_syncs::status.eq_any(open))
        .set((
            erp_syncs::status.eq(ErpSyncStatus::Discarded.name()),
            erp_syncs::discard_reason.eq(reason),
            erp_syncs::next_attempt_at.eq(None::<DateTime<Utc>>),
            erp_syncs::payload.eq(None::<String>),
            (erp_syncs::finished_at.eq(now), erp_syncs::updated_at.eq(now)),
        ))
        .execute(tx.conn())?;
    Ok(done == 1)
}

/// How the ERP says that it stands. One under way is concluded by whoever sends it.
pub fn settle(
    tx: &mut TenantTx<'_>,
    id: ErpSyncId,
    status: ErpSyncStatus,
    error: Option<&str>,
) -> Result<bool, DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let fixed = [ErpSyncStatus::InProgress, ErpSyncStatus::Discarded, status].map(Named::name);
    let done = diesel::update(erp_syncs::table.find((tenant.0, id.0)))
        .filter(erp_syncs::status.ne_all(fixed))
        .set((
            erp_syncs::status.eq(status.name()),
            (erp_syncs::outcome_unknown.eq(false), erp_syncs::last_error.eq(error)),
            erp_syncs::next_attempt_at.eq(None::<DateTime<Utc>>),
            erp_syncs::payload.eq(None::<String>),
            (erp_syncs::finished_at.eq(now), erp_syncs::updated_at.eq(now)),
        ))
        .execute(tx.conn())?;
    Ok(done == 1)
}
