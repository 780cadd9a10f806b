//! The log as the owner's login reads it, to prove it right.

use super::{Row, chains::seal, entry_columns};
use crate::{
    platform::{
        audit::chain::{Seal, Stored},
        db::{AnyTx, DbError, OwnerTx},
    },
    schema::{audit_log, audit_seals, platform_audit_log, tenants},
};
use chrono::{DateTime, Utc};
use diesel::{prelude::*, sql_query, sql_types};
use uuid::Uuid;

/// One seal with the entry that it names, if that is there.
pub struct Link {
    pub sequence: i64,
    pub seal: Seal,
    pub entry: Option<Stored>,
}

/// Clients by slug: the one that is named, or all.
pub fn clients(tx: &mut OwnerTx<'_>, named: Option<&str>) -> Result<Vec<(Uuid, String)>, DbError> {
    let mut query = tenants::table.select((tenants::id, tenants::slug)).order(tenants::slug).into_boxed();
    if let Some(slug) = named {
        query = query.filter(tenants::slug.eq(slug.to_owned()));
    }
    Ok(query.load(tx.conn())?)
}

/// Some links behind this one, of a client's chain or, when the owner is nil, of the operator's.
pub fn links(tx: &mut impl AnyTx, owner: Uuid, after: i64, most: i64) -> Result<Vec<Link>, DbError> {
    if owner.is_nil() { operator_links(tx, after, most) } else { client_links(tx, owner, after, most) }
}

fn client_links(tx: &mut impl AnyTx, client: Uuid, after: i64, most: i64) -> Result<Vec<Link>, DbError> {
    let same = audit_log::tenant_id
        .eq(audit_seals::tenant_id)
        .and(audit_log::created_at.eq(audit_seals::entry_created_at))
        .and(audit_log::id.eq(audit_seals::entry_id));
    let rows: Vec<(i64, Vec<u8>, Option<Row>)> = audit_seals::table
        .left_join(audit_log::table.on(same))
        .filter(audit_seals::tenant_id.eq(client).and(audit_seals::sequence.gt(after)))
        .order(audit_seals::sequence)
        .limit(most)
        .select((audit_seals::sequence, audit_seals::seal, entry_columns!(audit_log).nullable()))
        .load(tx.any_conn())?;
    rows.into_iter()
        .map(|(sequence, bytes, row)| Ok(Link { sequence, seal: seal(bytes)?, entry: row.map(Stored::from) }))
        .collect()
}

fn operator_links(tx: &mut impl AnyTx, after: i64, most: i64) -> Result<Vec<Link>, DbError> {
    use platform_audit_log as log;

    let rows: Vec<(i64, Vec<u8>, Row, Option<Uuid>)> = log::table
        .filter(log::sequence.gt(after))
        .order(log::sequence)
        .limit(most)
        .select((log::sequence, log::seal, entry_columns!(log), log::client_id))
        .load(tx.any_conn())?;
    rows.into_iter()
        .map(|(sequence, bytes, row, client_id)| {
            Ok(Link { sequence, seal: seal(bytes)?, entry: Some(Stored { client_id, ..row.into() }) })
        })
        .collect()
}

/// How many entries have no seal yet, and since when.
#[derive(QueryableByName)]
pub struct Waiting {
    #[diesel(sql_type = sql_types::BigInt)]
    pub count: i64,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Timestamptz>)]
    pub since: Option<DateTime<Utc>>,
}

pub fn waiting(tx: &mut OwnerTx<'_>, client: Uuid) -> Result<Waiting, DbError> {
    let found =
        sql_query("SELECT count(*) AS count, min(created_at) AS since FROM audit_unsealed WHERE tenant_id = $1");
    Ok(found.bind::<sql_types::Uuid, _>(client).get_result(tx.conn())?)
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = sql_types::Uuid)]
    id: Uuid,
}

/// Entries that have no seal and do not wait for one: the service did not make them.
pub fn strays(tx: &mut OwnerTx<'_>, client: Uuid) -> Result<Vec<Uuid>, DbError> {
    let found = sql_query(
        "SELECT e.id FROM audit_log e WHERE e.tenant_id = $1 \
         AND NOT EXISTS (SELECT FROM audit_seals s WHERE s.tenant_id = $1 \
            AND s.entry_created_at = e.created_at AND s.entry_id = e.id) \
         AND NOT EXISTS (SELECT FROM audit_unsealed u WHERE u.tenant_id = $1 \
            AND u.created_at = e.created_at AND u.id = e.id) ORDER BY e.created_at, e.id",
    );
    let rows: Vec<Id> = found.bind::<sql_types::Uuid, _>(client).load(tx.conn())?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Entries that wait to be sealed and are not there.
pub fn removed_unsealed(tx: &mut OwnerTx<'_>, client: Uuid) -> Result<Vec<Uuid>, DbError> {
    let found = sql_query(
        "SELECT u.id FROM audit_unsealed u WHERE u.tenant_id = $1 AND NOT EXISTS (SELECT FROM audit_log e \
         WHERE e.tenant_id = $1 AND e.created_at = u.created_at AND e.id = u.id) ORDER BY u.created_at, u.id",
    );
    let rows: Vec<Id> = found.bind::<sql_types::Uuid, _>(client).load(tx.conn())?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
