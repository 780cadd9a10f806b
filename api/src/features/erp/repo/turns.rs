//! Taking turns at a client's ERP: one job sends at a time, and knows what the breaker says.

use super::super::breaker::Breaker;
use crate::{
    platform::db::{DbError, TenantTx},
    schema::erp_configs,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::JobId;
use diesel::{
    connection::SimpleConnection,
    prelude::*,
    sql_query,
    sql_types::{Bool, Uuid as SqlUuid},
};
use uuid::Uuid;

/// The link as whoever wants to send finds it.
pub struct Turn {
    pub enabled: bool,
    /// Of the settings.
    pub version: i64,
    /// Who took the last turn, and did not say that it was over.
    pub sender: Option<JobId>,
    pub breaker: Breaker,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = erp_configs)]
struct Row {
    enabled: bool,
    version: i64,
    sender: Option<Uuid>,
    failures: i32,
    failing_since: Option<DateTime<Utc>>,
    open_until: Option<DateTime<Utc>>,
}

impl From<Row> for Turn {
    fn from(row: Row) -> Self {
        let Row { enabled, version, sender, failures, failing_since, open_until } = row;
        Self { enabled, version, sender: sender.map(JobId), breaker: Breaker { failures, failing_since, open_until } }
    }
}

pub fn find(tx: &mut TenantTx<'_>) -> Result<Option<Turn>, DbError> {
    let tenant = tx.tenant_id();
    let row: Option<Row> = erp_configs::table.find(tenant.0).select(Row::as_select()).first(tx.conn()).optional()?;
    Ok(row.map(Turn::from))
}

/// As [`find`], and nobody else takes a turn or changes the settings until the transaction ends.
pub fn lock(tx: &mut TenantTx<'_>) -> Result<Option<Turn>, DbError> {
    let tenant = tx.tenant_id();
    let own = erp_configs::table.find(tenant.0).select(Row::as_select());
    let row: Option<Row> = own.for_no_key_update().first(tx.conn()).optional()?;
    Ok(row.map(Turn::from))
}

/// Whether the sender still runs. A look of its own behind [`lock`]: whoever waited there for the sender's last
/// transaction has to see that it is committed.
pub fn sender_runs(tx: &mut TenantTx<'_>) -> Result<bool, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        runs: bool,
    }
    let tenant = tx.tenant_id();
    let row: Row = sql_query(
        "SELECT EXISTS (SELECT FROM erp_configs c JOIN jobs j ON j.tenant_id = $1 AND j.id = c.sender \
         WHERE c.tenant_id = $1 AND j.state = 'running') AS runs",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .get_result(tx.conn())?;
    Ok(row.runs)
}

/// All statements of this transaction find a few rows by their ids. They are not planned anew for each list of ids,
/// which took longer than what they do, and never read a table whole, which they would where it was small when they
/// were planned.
pub fn plan_once(tx: &mut TenantTx<'_>) -> Result<(), DbError> {
    Ok(tx.conn().batch_execute("SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off")?)
}

/// Who sends from now on; `None`: nobody.
pub fn set_sender(tx: &mut TenantTx<'_>, sender: Option<JobId>) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    diesel::update(erp_configs::table.find(tenant.0))
        .set(erp_configs::sender.eq(sender.map(|job| job.0)))
        .execute(tx.conn())?;
    Ok(())
}

pub fn set_breaker(tx: &mut TenantTx<'_>, breaker: Breaker) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    let Breaker { failures, failing_since, open_until } = breaker;
    diesel::update(erp_configs::table.find(tenant.0))
        .set((
            erp_configs::failures.eq(failures),
            erp_configs::failing_since.eq(failing_since),
            erp_configs::open_until.eq(open_until),
        ))
        .execute(tx.conn())?;
    Ok(())
}
