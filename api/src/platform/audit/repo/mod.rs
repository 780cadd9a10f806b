//! The audit log in the database.

mod chains;
mod looks;
mod operator;
mod reading;

pub use chains::{Kept, chain_of, delete_before, insert_chain, insert_seals, keep_ends, lock_chain, unsealed};
pub use looks::first_look;
pub use operator::insert_sealed;
pub use reading::{Link, Waiting, clients, links, removed_unsealed, strays, waiting};

use super::chain::Stored;
use crate::{
    platform::db::{AnyTx, DbError, TenantTx, prepared},
    schema::audit_log,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::TenantId;
use diesel::{
    prelude::*,
    sql_types::{Array, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use serde_json::Value;
use uuid::Uuid;

/// Adds an entry to a client's log.
pub fn insert(tx: &mut impl AnyTx, tenant: TenantId, entry: &Stored) -> Result<(), DbError> {
    diesel::insert_into(audit_log::table)
        .values((
            audit_log::tenant_id.eq(tenant.0),
            audit_log::created_at.eq(entry.created_at),
            audit_log::id.eq(entry.id),
            audit_log::actor_kind.eq(&entry.actor_kind),
            audit_log::actor_id.eq(entry.actor_id),
            audit_log::action.eq(&entry.action),
            audit_log::resource_id.eq(&entry.resource_id),
            audit_log::before.eq(&entry.before),
            audit_log::after.eq(&entry.after),
        ))
        .execute(tx.any_conn())?;
    Ok(())
}

/// Adds many, in one statement.
pub fn insert_all(tx: &mut TenantTx<'_>, tenant: TenantId, entries: &[Stored]) -> Result<(), DbError> {
    let texts = |pick: fn(&Stored) -> &str| entries.iter().map(pick).collect::<Vec<_>>();
    let values = |pick: fn(&Stored) -> &Option<Value>| entries.iter().map(pick).collect::<Vec<_>>();
    prepared(
        "INSERT INTO audit_log (tenant_id, created_at, id, actor_kind, actor_id, action, resource_id, before, after) \
         SELECT $1, e.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9) e",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<Timestamptz>, _>(entries.iter().map(|entry| entry.created_at).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(entries.iter().map(|entry| entry.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(texts(|entry| &entry.actor_kind))
    .bind::<Array<Nullable<SqlUuid>>, _>(entries.iter().map(|entry| entry.actor_id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(texts(|entry| &entry.action))
    .bind::<Array<Text>, _>(texts(|entry| &entry.resource_id))
    .bind::<Array<Nullable<Jsonb>>, _>(values(|entry| &entry.before))
    .bind::<Array<Nullable<Jsonb>>, _>(values(|entry| &entry.after))
    .execute(tx.conn())?;
    Ok(())
}

/// An entry as both logs have it; its columns are [`entry_columns!`] of either table.
#[derive(Queryable)]
pub struct Row {
    pub created_at: DateTime<Utc>,
    pub id: Uuid,
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub action: String,
    pub resource_id: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// The columns of [`Row`] in either table.
macro_rules! entry_columns {
    ($table:ident) => {
        (
            $table::created_at,
            $table::id,
            $table::actor_kind,
            $table::actor_id,
            $table::action,
            $table::resource_id,
            $table::before,
            $table::after,
        )
    };
}
pub(crate) use entry_columns;

impl From<Row> for Stored {
    fn from(row: Row) -> Self {
        Self {
            created_at: row.created_at,
            id: row.id,
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            action: row.action,
            resource_id: row.resource_id,
            before: row.before,
            after: row.after,
            client_id: None,
        }
    }
}
