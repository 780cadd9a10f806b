//! The operator's own log, whose entries are sealed as they come.

use crate::{
    platform::{
        audit::chain::{Seal, Stored},
        db::{AnyTx, DbError},
    },
    schema::platform_audit_log as log,
};
use diesel::prelude::*;

pub fn insert_sealed(tx: &mut impl AnyTx, sequence: i64, seal: &Seal, entry: &Stored) -> Result<(), DbError> {
    diesel::insert_into(log::table)
        .values((
            log::sequence.eq(sequence),
            log::created_at.eq(entry.created_at),
            log::id.eq(entry.id),
            log::actor_kind.eq(&entry.actor_kind),
            log::actor_id.eq(entry.actor_id),
            log::action.eq(&entry.action),
            log::resource_id.eq(&entry.resource_id),
            log::before.eq(&entry.before),
            log::after.eq(&entry.after),
            log::client_id.eq(entry.client_id),
            log::seal.eq(seal),
        ))
        .execute(tx.any_conn())?;
    Ok(())
}
