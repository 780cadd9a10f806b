//! What lies in the store: a row is there before its file, and goes after it.

use super::images::of_bytes;
use crate::platform::db::{DbError, TenantTx, prepared};
use chrono::{DateTime, Utc};
use diesel::{
    OptionalExtension, QueryableByName, RunQueryDsl,
    sql_types::{Array, BigInt, Binary, Timestamptz, Uuid as SqlUuid},
};

/// Notes files that are about to be put there, by hash and length. Who collects just now is waited for: what they
/// take away is put there again afterwards.
pub fn touch(tx: &mut TenantTx<'_>, files: &[([u8; 32], i64)]) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    // In one order, for two uploads of the same wait for each other.
    let mut files = files.to_vec();
    files.sort_unstable();
    files.dedup();
    prepared(
        "INSERT INTO image_files (tenant_id, sha256, bytes, touched_at) \
         SELECT $1, f.sha256, f.bytes, $2 FROM unnest($3, $4) f (sha256, bytes) \
         ON CONFLICT (tenant_id, sha256) DO UPDATE SET touched_at = excluded.touched_at",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<Binary>, _>(files.iter().map(|(hash, _)| hash.to_vec()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(files.iter().map(|(_, bytes)| *bytes).collect::<Vec<_>>())
    .execute(tx.conn())?;
    Ok(())
}

#[derive(QueryableByName)]
struct Hash {
    #[diesel(sql_type = Binary)]
    sha256: Vec<u8>,
}

/// Files that nothing refers to and nobody has touched since, from this hash on.
pub fn forgotten(
    tx: &mut TenantTx<'_>,
    since: DateTime<Utc>,
    after: &[u8],
    most: i64,
) -> Result<Vec<[u8; 32]>, DbError> {
    let tenant = tx.tenant_id();
    let found: Vec<Hash> = prepared(
        "SELECT f.sha256 FROM image_files f WHERE f.tenant_id = $1 AND f.sha256 > $2 AND f.touched_at < $3 \
             AND NOT EXISTS (SELECT FROM product_images i WHERE i.tenant_id = $1 AND i.original_sha256 = f.sha256) \
             AND NOT EXISTS (SELECT FROM product_images i WHERE i.tenant_id = $1 AND i.display_sha256 = f.sha256) \
         ORDER BY f.sha256 LIMIT $4",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Binary, _>(after.to_vec())
    .bind::<Timestamptz, _>(since)
    .bind::<BigInt, _>(most)
    .load(tx.conn())?;
    Ok(found.iter().map(|row| of_bytes(&row.sha256)).collect())
}

/// Whether this one is still forgotten. Until the transaction ends nobody refers to it, and nobody touches it.
pub fn hold_forgotten(tx: &mut TenantTx<'_>, sha256: [u8; 32], since: DateTime<Utc>) -> Result<bool, DbError> {
    let tenant = tx.tenant_id();
    let held: Option<Hash> =
        prepared("SELECT sha256 FROM image_files WHERE tenant_id = $1 AND sha256 = $2 AND touched_at < $3 FOR UPDATE")
            .bind::<SqlUuid, _>(tenant.0)
            .bind::<Binary, _>(sha256.to_vec())
            .bind::<Timestamptz, _>(since)
            .get_result(tx.conn())
            .optional()?;
    if held.is_none() {
        return Ok(false);
    }
    // Looked at after the lock is there, by a statement that sees what was committed until then.
    let before: Vec<u8> = sha256.to_vec();
    let still: Option<Hash> = prepared(
        "SELECT f.sha256 FROM image_files f WHERE f.tenant_id = $1 AND f.sha256 = $2 \
             AND NOT EXISTS (SELECT FROM product_images i WHERE i.tenant_id = $1 AND i.original_sha256 = $2) \
             AND NOT EXISTS (SELECT FROM product_images i WHERE i.tenant_id = $1 AND i.display_sha256 = $2)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Binary, _>(before)
    .get_result(tx.conn())
    .optional()?;
    Ok(still.is_some())
}

/// Forgets one that was taken away.
pub fn delete(tx: &mut TenantTx<'_>, sha256: [u8; 32]) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    prepared("DELETE FROM image_files WHERE tenant_id = $1 AND sha256 = $2")
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<Binary, _>(sha256.to_vec())
        .execute(tx.conn())?;
    Ok(())
}
