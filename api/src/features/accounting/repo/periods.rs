//! Closed months.

use crate::{
    platform::db::{DbError, TenantTx},
    schema::closed_months,
};
use chrono::NaiveDate;
use diesel::{prelude::*, sql_query, sql_types::Uuid as SqlUuid};

/// Closes the month that begins on this day, once everybody who posts has committed. Closing it
/// again changes nothing, and answers false.
pub fn close(tx: &mut TenantTx<'_>, month: NaiveDate) -> Result<bool, DbError> {
    lock(tx)?;
    let (tenant, by, now) = (tx.tenant_id(), tx.actor().user_id, tx.now());
    let closed = diesel::insert_into(closed_months::table)
        .values((
            closed_months::tenant_id.eq(tenant.0),
            closed_months::month.eq(month),
            closed_months::closed_by.eq(by.0),
            closed_months::closed_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(tx.conn())?;
    Ok(closed == 1)
}

/// Opens a month again; false when it was not closed.
pub fn reopen(tx: &mut TenantTx<'_>, month: NaiveDate) -> Result<bool, DbError> {
    lock(tx)?;
    let tenant = tx.tenant_id();
    Ok(diesel::delete(closed_months::table.find((tenant.0, month))).execute(tx.conn())? > 0)
}

/// The closed months, the latest first.
pub fn closed_months(tx: &mut TenantTx<'_>) -> Result<Vec<NaiveDate>, DbError> {
    let tenant = tx.tenant_id();
    let months = closed_months::table
        .filter(closed_months::tenant_id.eq(tenant.0))
        .order(closed_months::month.desc())
        .select(closed_months::month)
        .load(tx.conn())?;
    Ok(months)
}

/// Waits for all who post; those that come after wait for us.
fn lock(tx: &mut TenantTx<'_>) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    sql_query("SELECT lock_closing($1)").bind::<SqlUuid, _>(tenant.0).execute(tx.conn())?;
    Ok(())
}
