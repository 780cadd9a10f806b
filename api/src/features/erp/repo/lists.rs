//! Versions of orders and their attempts, as people look at them.

use crate::{
    platform::{
        db::{DbError, Named, TenantTx},
        http::{Dates, PageRequest},
    },
    schema::{erp_attempts, erp_syncs},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    ErpSyncId, OrderId,
    erp::{ErpAttempt, ErpAttemptKind, ErpSync, ErpSyncCause, ErpSyncStatus},
};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

const SYNCS: &str = "erp_syncs";
const ATTEMPTS: &str = "erp_attempts";
/// Of one version: as often as it may be sent, asked for and retried in sane life.
const MOST_ATTEMPTS: i64 = 200;

#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = erp_syncs)]
pub struct Row {
    id: Uuid,
    order_id: Uuid,
    order_number: String,
    order_version: i32,
    cause: String,
    status: String,
    attempts: i32,
    max_attempts: i32,
    outcome_unknown: bool,
    idempotency_key: String,
    next_attempt_at: Option<DateTime<Utc>>,
    last_attempt_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
    warning: Option<String>,
    erp_reference: Option<String>,
    erp_status: Option<String>,
    discard_reason: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for ErpSync {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            sync_id: ErpSyncId(row.id),
            order_id: OrderId(row.order_id),
            order_number: row.order_number,
            order_version: row.order_version.into(),
            cause: ErpSyncCause::read(SYNCS, &row.cause)?,
            status: ErpSyncStatus::read(SYNCS, &row.status)?,
            attempts: row.attempts.into(),
            max_attempts: row.max_attempts.into(),
            outcome_unknown: row.outcome_unknown,
            idempotency_key: row.idempotency_key,
            last_attempt_at: row.last_attempt_at,
            next_attempt_at: row.next_attempt_at,
            erp_reference: row.erp_reference,
            erp_status: row.erp_status,
            last_error: row.last_error,
            warning: row.warning,
            discard_reason: row.discard_reason,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Which ones are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub status: Option<ErpSyncStatus>,
    pub order_number: Option<String>,
    pub dates: Dates,
}

/// The newest first.
pub fn list(tx: &mut TenantTx<'_>, filter: &Filter, asked: PageRequest) -> Result<Vec<ErpSync>, DbError> {
    let tenant = tx.tenant_id();
    let mut query = erp_syncs::table.filter(erp_syncs::tenant_id.eq(tenant.0)).select(Row::as_select()).into_boxed();
    if let Some(status) = filter.status {
        query = query.filter(erp_syncs::status.eq(status.name()));
    }
    if let Some(number) = &filter.order_number {
        query = query.filter(erp_syncs::order_number.eq(number));
    }
    if let Some(from) = filter.dates.from {
        query = query.filter(erp_syncs::created_at.ge(from));
    }
    if let Some(before) = filter.dates.before {
        query = query.filter(erp_syncs::created_at.lt(before));
    }
    if let Some(after) = asked.after {
        query = query
            .filter(erp_syncs::created_at.le(after.created_at))
            .filter(erp_syncs::created_at.lt(after.created_at).or(erp_syncs::id.lt(after.id)));
    }
    let newest = (erp_syncs::created_at.desc(), erp_syncs::id.desc());
    let rows: Vec<Row> = query.order(newest).limit(asked.rows()).load(tx.conn())?;
    rows.into_iter().map(ErpSync::try_from).collect()
}

pub fn find(tx: &mut TenantTx<'_>, id: ErpSyncId) -> Result<Option<ErpSync>, DbError> {
    let tenant = tx.tenant_id();
    let one = erp_syncs::table.find((tenant.0, id.0)).select(Row::as_select());
    one.first::<Row>(tx.conn()).optional()?.map(ErpSync::try_from).transpose()
}

/// The last version of an order.
pub fn last_of(tx: &mut TenantTx<'_>, order_number: &str) -> Result<Option<ErpSync>, DbError> {
    let tenant = tx.tenant_id();
    let of_order = erp_syncs::tenant_id.eq(tenant.0).and(erp_syncs::order_number.eq(order_number));
    let last = erp_syncs::table.filter(of_order).order(erp_syncs::order_version.desc()).select(Row::as_select());
    last.first::<Row>(tx.conn()).optional()?.map(ErpSync::try_from).transpose()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = erp_attempts)]
struct AttemptRow {
    number: i32,
    kind: String,
    attempted_at: DateTime<Utc>,
    duration_ms: Option<i64>,
    request_body: Option<String>,
    status: Option<i32>,
    headers: Option<Value>,
    body: Option<String>,
    error: Option<String>,
    outcome_unknown: bool,
}

impl TryFrom<AttemptRow> for ErpAttempt {
    type Error = DbError;

    fn try_from(row: AttemptRow) -> Result<Self, DbError> {
        let corrupt = |error: serde_json::Error| DbError::Corrupt { table: ATTEMPTS, what: error.to_string() };
        Ok(Self {
            number: row.number.into(),
            kind: ErpAttemptKind::read(ATTEMPTS, &row.kind)?,
            attempted_at: row.attempted_at,
            duration_ms: row.duration_ms,
            request_body: row.request_body,
            status: row.status.map(i64::from),
            headers: row.headers.map(serde_json::from_value).transpose().map_err(corrupt)?,
            body: row.body,
            error: row.error,
            outcome_unknown: row.outcome_unknown,
        })
    }
}

/// The first one first.
pub fn attempts_of(tx: &mut TenantTx<'_>, id: ErpSyncId) -> Result<Vec<ErpAttempt>, DbError> {
    let tenant = tx.tenant_id();
    let of_sync = erp_attempts::tenant_id.eq(tenant.0).and(erp_attempts::sync_id.eq(id.0));
    let first = erp_attempts::table.filter(of_sync).order(erp_attempts::number).limit(MOST_ATTEMPTS);
    let rows: Vec<AttemptRow> = first.select(AttemptRow::as_select()).load(tx.conn())?;
    rows.into_iter().map(ErpAttempt::try_from).collect()
}
