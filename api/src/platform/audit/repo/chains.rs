//! Chains of seals: the clients', and the operator's.

use super::{Row, entry_columns};
use crate::{
    platform::{
        audit::chain::{Ends, Seal, Stored},
        db::{AnyTx, DbError, TenantTx},
    },
    schema::{audit_chains, audit_log, audit_seals, audit_unsealed, platform_audit_chain as operator},
};
use diesel::{delete, prelude::*, sql_query, sql_types};
use uuid::Uuid;

/// Where a chain ends, as it is kept.
pub struct Kept {
    /// Its key, sealed.
    pub sealing_key: Vec<u8>,
    pub ends: Ends,
    pub mac: Vec<u8>,
}

#[derive(Queryable)]
struct ChainRow {
    sealing_key: Vec<u8>,
    last_sequence: i64,
    last_seal: Vec<u8>,
    purged_through: i64,
    purged_seal: Vec<u8>,
    mac: Vec<u8>,
}

impl TryFrom<ChainRow> for Kept {
    type Error = DbError;

    fn try_from(row: ChainRow) -> Result<Self, DbError> {
        let ends = Ends {
            last_sequence: row.last_sequence,
            last_seal: seal(row.last_seal)?,
            purged_through: row.purged_through,
            purged_seal: seal(row.purged_seal)?,
        };
        Ok(Self { sealing_key: row.sealing_key, ends, mac: row.mac })
    }
}

pub(super) fn seal(bytes: Vec<u8>) -> Result<Seal, DbError> {
    let length = bytes.len();
    bytes.try_into().map_err(|_| DbError::Corrupt { table: "audit_seals", what: format!("a seal of {length} bytes") })
}

/// The columns of [`ChainRow`] in either table.
macro_rules! columns {
    ($table:ident) => {
        (
            $table::sealing_key,
            $table::last_sequence,
            $table::last_seal,
            $table::purged_through,
            $table::purged_seal,
            $table::mac,
        )
    };
}

/// What [`Ends`] and their MAC write into either table.
macro_rules! ends {
    ($table:ident, $ends:expr, $mac:expr) => {
        (
            $table::last_sequence.eq($ends.last_sequence),
            $table::last_seal.eq(&$ends.last_seal),
            $table::purged_through.eq($ends.purged_through),
            $table::purged_seal.eq(&$ends.purged_seal),
            $table::mac.eq($mac),
        )
    };
}

/// The chain of this client or, when it is nil, of the operator.
pub fn chain_of(tx: &mut impl AnyTx, owner: Uuid) -> Result<Option<Kept>, DbError> {
    let row: Option<ChainRow> = if owner.is_nil() {
        operator::table.find(owner).select(columns!(operator)).first(tx.any_conn()).optional()?
    } else {
        audit_chains::table.find(owner).select(columns!(audit_chains)).first(tx.any_conn()).optional()?
    };
    row.map(Kept::try_from).transpose()
}

/// As [`chain_of`], and nobody else adds to it until the transaction ends.
pub fn lock_chain(tx: &mut impl AnyTx, owner: Uuid) -> Result<Option<Kept>, DbError> {
    let row: Option<ChainRow> = if owner.is_nil() {
        let chain = operator::table.find(owner).select(columns!(operator));
        chain.for_no_key_update().first(tx.any_conn()).optional()?
    } else {
        let chain = audit_chains::table.find(owner).select(columns!(audit_chains));
        chain.for_no_key_update().first(tx.any_conn()).optional()?
    };
    row.map(Kept::try_from).transpose()
}

/// Begins a chain, unless somebody else has.
pub fn insert_chain(
    tx: &mut impl AnyTx,
    owner: Uuid,
    sealing_key: &[u8],
    ends: &Ends,
    mac: &Seal,
) -> Result<(), DbError> {
    if owner.is_nil() {
        let row = (operator::id.eq(owner), operator::sealing_key.eq(sealing_key), ends!(operator, ends, mac));
        diesel::insert_into(operator::table).values(row).on_conflict_do_nothing().execute(tx.any_conn())?;
    } else {
        let key = (audit_chains::tenant_id.eq(owner), audit_chains::sealing_key.eq(sealing_key));
        let row = (key, ends!(audit_chains, ends, mac));
        diesel::insert_into(audit_chains::table).values(row).on_conflict_do_nothing().execute(tx.any_conn())?;
    }
    Ok(())
}

/// Writes where a chain that is held ends now.
pub fn keep_ends(tx: &mut impl AnyTx, owner: Uuid, ends: &Ends, mac: &Seal) -> Result<(), DbError> {
    if owner.is_nil() {
        diesel::update(operator::table.find(owner)).set(ends!(operator, ends, mac)).execute(tx.any_conn())?;
    } else {
        diesel::update(audit_chains::table.find(owner)).set(ends!(audit_chains, ends, mac)).execute(tx.any_conn())?;
    }
    Ok(())
}

/// Some of the entries that wait, the oldest first.
pub fn unsealed(tx: &mut TenantTx<'_>, most: i64) -> Result<Vec<Stored>, DbError> {
    let tenant = tx.tenant_id();
    let same = audit_log::tenant_id
        .eq(audit_unsealed::tenant_id)
        .and(audit_log::created_at.eq(audit_unsealed::created_at))
        .and(audit_log::id.eq(audit_unsealed::id));
    let rows: Vec<Row> = audit_unsealed::table
        .inner_join(audit_log::table.on(same))
        .filter(audit_unsealed::tenant_id.eq(tenant.0))
        .order((audit_unsealed::created_at, audit_unsealed::id))
        .limit(most)
        .select(entry_columns!(audit_log))
        .load(tx.conn())?;
    Ok(rows.into_iter().map(Stored::from).collect())
}

/// Adds seals to the chain; their entries wait no longer.
pub fn insert_seals(tx: &mut TenantTx<'_>, sealed: &[(i64, Seal, &Stored)]) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    let rows: Vec<_> = (sealed.iter())
        .map(|(sequence, seal, entry)| {
            (
                audit_seals::tenant_id.eq(tenant.0),
                audit_seals::sequence.eq(sequence),
                audit_seals::entry_created_at.eq(entry.created_at),
                audit_seals::entry_id.eq(entry.id),
                audit_seals::seal.eq(seal),
            )
        })
        .collect();
    diesel::insert_into(audit_seals::table).values(rows).execute(tx.conn())?;
    let gone = "DELETE FROM audit_unsealed u USING unnest($2, $3) AS sealed (created_at, id) \
        WHERE u.tenant_id = $1 AND u.created_at = sealed.created_at AND u.id = sealed.id";
    sql_query(gone)
        .bind::<sql_types::Uuid, _>(tenant.0)
        .bind::<sql_types::Array<sql_types::Timestamptz>, _>(column(sealed, |entry| entry.created_at))
        .bind::<sql_types::Array<sql_types::Uuid>, _>(column(sealed, |entry| entry.id))
        .execute(tx.conn())?;
    Ok(())
}

fn column<T>(sealed: &[(i64, Seal, &Stored)], pick: impl Fn(&Stored) -> T) -> Vec<T> {
    sealed.iter().map(|(_, _, entry)| pick(entry)).collect()
}

/// Deletes entries and their seals up to a place that [`keep_ends`] wrote down as purged.
pub fn delete_before(tx: &mut TenantTx<'_>, through: i64) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    let entries = "DELETE FROM audit_log e USING audit_seals s WHERE s.tenant_id = $1 AND s.sequence <= $2 \
        AND e.tenant_id = s.tenant_id AND e.created_at = s.entry_created_at AND e.id = s.entry_id";
    sql_query(entries).bind::<sql_types::Uuid, _>(tenant.0).bind::<sql_types::BigInt, _>(through).execute(tx.conn())?;
    let gone = audit_seals::table.filter(audit_seals::tenant_id.eq(tenant.0).and(audit_seals::sequence.le(through)));
    delete(gone).execute(tx.conn())?;
    Ok(())
}
