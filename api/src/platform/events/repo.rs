//! Events in the database.

use crate::{
    platform::db::{DbError, TenantTx},
    schema::events,
};
use countinghouse_contract::{EventId, events::Event};
use diesel::prelude::*;

pub fn insert<E: Event>(tx: &mut TenantTx<'_>, new: &[E]) -> Result<(), DbError> {
    let corrupt = |error: serde_json::Error| DbError::Corrupt { table: "events", what: error.to_string() };
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let rows = new.iter().map(|event| {
        Ok((
            events::tenant_id.eq(tenant.0),
            events::id.eq(tx.make_id::<EventId>()?.0),
            events::kind.eq(E::KIND),
            events::data.eq(serde_json::to_value(event).map_err(corrupt)?),
            events::created_at.eq(now),
        ))
    });
    let rows = rows.collect::<Result<Vec<_>, DbError>>()?;
    diesel::insert_into(events::table).values(rows).execute(tx.conn())?;
    Ok(())
}
