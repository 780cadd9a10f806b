//! The log as the owner's login reads it, to prove it right.

use super::{Row, chains::seal};
use crate::{
    platform::{
        audit::chain::{Seal, Stored},
        db::{AnyTx, DbError, OwnerTx},
    },
    schema::{audit_log, audit_seals, platform_audit_log, tenants},
};
use chrono::{DateTime, Utc};
use diesel::{prelude::*, sql_query, sql_types};
use serde_json::Value;
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
        .select((audit_seals::sequence, audit_seals::seal, Option::<Row>::as_select()))
        .load(tx.any_conn())?;
    rows.into_iter()
        .map(|(sequence, bytes, row)| Ok(Link { sequence, seal: seal(bytes)?, entry: row.map(Stored::from) }))
        .collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = platform_audit_log)]
struct OperatorRow {
    sequence: i64,
    created_at: DateTime<Utc>,
    id: Uuid,
    actor_kind: String,
    actor_id: Option<Uuid>,
    action: String,
    resource_id: String,
    before: Option<Value>,
    after: Option<Value>,
    client_id: Option<Uuid>,
    seal: Vec<u8>,
}

fn operator_links(tx: &mut impl AnyTx, after: i64, most: i64) -> Result<Vec<Link>, DbError> {
    let rows: Vec<OperatorRow> = platform_audit_log::table
        .filter(platform_audit_log::sequence.gt(after))
        .order(platform_audit_log::sequence)
        .limit(most)
        .select(OperatorRow::as_select())
        .load(tx.any_conn())?;
    rows.into_iter()
        .map(|row| {
            let entry = Stored {
                created_at: row.created_at,
                id: row.id,
                actor_kind: row.actor_kind,
                actor_id: row.actor_id,
                action: row.action,
                resource_id: row.resource_id,
                before: row.before,
                after: row.after,
                client_id: row.client_id,
            };
            Ok(Link { sequence: row.sequence, seal: seal(row.seal)?, entry: Some(entry) })
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
