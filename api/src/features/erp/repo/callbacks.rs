//! What the ERP tells by itself.

use crate::{
    platform::db::{DbError, Named, TenantTx, prepared},
    schema::{erp_callbacks, erp_syncs, orders},
};
use countinghouse_contract::{
    ErpCallbackId, ErpSyncId, OrderId,
    erp::{ErpCallbackOutcome, ErpSyncStatus, ErpToldUs},
};
use diesel::{
    prelude::*,
    sql_types::{Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

const TABLE: &str = "erp_callbacks";

impl Named for ErpCallbackOutcome {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Settled, "settled"),
        (Self::Applied, "applied"),
        (Self::Unchanged, "unchanged"),
        (Self::Contradicts, "contradicts"),
    ];
}

/// A version of an order, as far as callbacks are concerned with it.
#[derive(Debug, Clone)]
pub struct Version {
    pub id: ErpSyncId,
    pub status: ErpSyncStatus,
    pub key: String,
    pub sent: bool,
    pub erp_reference: Option<String>,
    pub erp_status: Option<String>,
}

/// The order that the ERP was told of under this number.
pub fn order_of(tx: &mut TenantTx<'_>, number: &str) -> Result<Option<OrderId>, DbError> {
    let tenant = tx.tenant_id();
    let told = erp_syncs::tenant_id.eq(tenant.0).and(erp_syncs::order_number.eq(number));
    let one = erp_syncs::table.filter(told).order(erp_syncs::order_version.desc()).select(erp_syncs::order_id);
    Ok(one.first::<Uuid>(tx.conn()).optional()?.map(OrderId))
}

/// The versions of an order, the newest first. The order is locked before them, as everybody does.
pub fn lock_versions(tx: &mut TenantTx<'_>, order: OrderId) -> Result<Vec<Version>, DbError> {
    let tenant = tx.tenant_id();
    let locked = orders::table.find((tenant.0, order.0)).select(orders::id).for_no_key_update();
    locked.first::<Uuid>(tx.conn()).optional()?;
    type Row = (Uuid, String, String, bool, Option<String>, Option<String>);
    let of_order = erp_syncs::tenant_id.eq(tenant.0).and(erp_syncs::order_id.eq(order.0));
    let rows: Vec<Row> = erp_syncs::table
        .filter(of_order)
        .order(erp_syncs::order_version.desc())
        .select((
            erp_syncs::id,
            erp_syncs::status,
            erp_syncs::idempotency_key,
            erp_syncs::last_attempt_at.is_not_null(),
            erp_syncs::erp_reference,
            erp_syncs::erp_status,
        ))
        .for_no_key_update()
        .load(tx.conn())?;
    let version = |(id, status, key, sent, erp_reference, erp_status): Row| {
        let status = ErpSyncStatus::read("erp_syncs", &status)?;
        Ok(Version { id: ErpSyncId(id), status, key, sent, erp_reference, erp_status })
    };
    rows.into_iter().map(version).collect()
}

/// What is told of a version, and what came of it.
pub struct Message<'a> {
    pub sync: ErpSyncId,
    pub erp_reference: Option<&'a str>,
    pub erp_status: Option<&'a str>,
}

/// Whether the very same was taken before.
pub fn was_taken(tx: &mut TenantTx<'_>, message: &Message<'_>) -> Result<bool, DbError> {
    let tenant = tx.tenant_id();
    let of_sync = erp_callbacks::tenant_id.eq(tenant.0).and(erp_callbacks::sync_id.eq(message.sync.0));
    let same = erp_callbacks::erp_reference
        .is_not_distinct_from(message.erp_reference)
        .and(erp_callbacks::erp_status.is_not_distinct_from(message.erp_status));
    let taken = [ErpCallbackOutcome::Settled, ErpCallbackOutcome::Applied].map(Named::name);
    let found = erp_callbacks::table.filter(of_sync.and(same)).filter(erp_callbacks::outcome.eq_any(taken));
    Ok(diesel::select(diesel::dsl::exists(found)).get_result(tx.conn())?)
}

/// Keeps it, once; of what comes again it is counted how often.
pub fn keep(tx: &mut TenantTx<'_>, message: &Message<'_>, outcome: ErpCallbackOutcome) -> Result<(), DbError> {
    let (tenant, now, id) = (tx.tenant_id(), tx.now(), tx.make_id::<ErpCallbackId>()?);
    prepared(
        "INSERT INTO erp_callbacks AS c (tenant_id, id, sync_id, erp_reference, erp_status, outcome, received_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT ON CONSTRAINT erp_callbacks_said_once DO UPDATE SET repeats = c.repeats + 1, repeated_at = $7, \
         outcome = CASE WHEN c.outcome IN ('settled', 'applied') THEN c.outcome ELSE excluded.outcome END",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(message.sync.0)
    .bind::<Nullable<Text>, _>(message.erp_reference)
    .bind::<Nullable<Text>, _>(message.erp_status)
    .bind::<Text, _>(outcome.name())
    .bind::<Timestamptz, _>(now)
    .execute(tx.conn())?;
    Ok(())
}

/// Writes down what the ERP says; `None` leaves what is there.
pub fn note(
    tx: &mut TenantTx<'_>,
    sync: ErpSyncId,
    erp_reference: Option<&str>,
    erp_status: Option<&str>,
    warning: Option<&str>,
) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    diesel::update(erp_syncs::table.find((tenant.0, sync.0)))
        .set((
            erp_reference.map(|text| erp_syncs::erp_reference.eq(text)),
            erp_status.map(|text| erp_syncs::erp_status.eq(text)),
            warning.map(|text| erp_syncs::warning.eq(text)),
            erp_syncs::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// All that was told of a version, the first one first.
pub fn of_sync(tx: &mut TenantTx<'_>, sync: ErpSyncId) -> Result<Vec<ErpToldUs>, DbError> {
    #[derive(Queryable, Selectable)]
    #[diesel(table_name = erp_callbacks)]
    struct Row {
        erp_reference: Option<String>,
        erp_status: Option<String>,
        outcome: String,
        received_at: chrono::DateTime<chrono::Utc>,
        repeats: i32,
        repeated_at: Option<chrono::DateTime<chrono::Utc>>,
    }
    let tenant = tx.tenant_id();
    let of_sync = erp_callbacks::tenant_id.eq(tenant.0).and(erp_callbacks::sync_id.eq(sync.0));
    let first = (erp_callbacks::received_at, erp_callbacks::id);
    let rows: Vec<Row> =
        erp_callbacks::table.filter(of_sync).order(first).limit(MOST_SHOWN).select(Row::as_select()).load(tx.conn())?;
    let told = |row: Row| {
        Ok(ErpToldUs {
            erp_reference: row.erp_reference,
            erp_status: row.erp_status,
            outcome: ErpCallbackOutcome::read(TABLE, &row.outcome)?,
            received_at: row.received_at,
            repeats: row.repeats.into(),
            repeated_at: row.repeated_at,
        })
    };
    rows.into_iter().map(told).collect()
}

/// Of one version; an ERP has only so much to say.
const MOST_SHOWN: i64 = 200;
