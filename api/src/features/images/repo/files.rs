//! What lies in the store: a row is there before its file, and another one after it.
//!
//! A file that is in use, or may come into use, has a row of `image_files`. One that is given up moves to
//! `image_files_leaving` until it is gone, and keeps its name to itself for a while after that.

use super::images::of_bytes;
use crate::platform::{
    db::{DbError, TenantTx, prepared},
    files::FileKey,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::TenantId;
use diesel::{
    QueryableByName, RunQueryDsl,
    sql_types::{Array, BigInt, Binary, Timestamptz, Uuid as SqlUuid},
};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    sha256: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    generation: i64,
}

impl Row {
    fn key(&self, tenant: TenantId) -> FileKey {
        FileKey { tenant, sha256: of_bytes(&self.sha256), generation: self.generation }
    }
}

fn hashes(files: &[FileKey]) -> Vec<Vec<u8>> {
    files.iter().map(|file| file.sha256.to_vec()).collect()
}

/// Notes files that are about to be put there, by hash and length, and says which names they have. Whoever gives one
/// of them up just now is waited for: it has another name afterwards.
pub fn touch(tx: &mut TenantTx<'_>, files: &[([u8; 32], i64)]) -> Result<Vec<FileKey>, DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    // In one order, for two uploads of the same wait for each other.
    let mut files = files.to_vec();
    files.sort_unstable();
    files.dedup();
    let hashes: Vec<_> = files.iter().map(|(hash, _)| hash.to_vec()).collect();
    prepared(
        "INSERT INTO image_files (tenant_id, sha256, bytes, touched_at) \
         SELECT $1, f.sha256, f.bytes, $2 FROM unnest($3, $4) f (sha256, bytes) \
         ON CONFLICT (tenant_id, sha256) DO UPDATE SET touched_at = excluded.touched_at",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<Binary>, _>(hashes.clone())
    .bind::<Array<BigInt>, _>(files.iter().map(|(_, bytes)| *bytes).collect::<Vec<_>>())
    .execute(tx.conn())?;
    // Which generation a new one is, a trigger says after it is there: what was inserted does not know yet.
    let found: Vec<Row> =
        prepared("SELECT sha256, generation FROM image_files WHERE tenant_id = $1 AND sha256 = ANY ($2)")
            .bind::<SqlUuid, _>(tenant.0)
            .bind::<Array<Binary>, _>(hashes)
            .load(tx.conn())?;
    Ok(found.iter().map(|row| row.key(tenant)).collect())
}

/// How many bytes the client's files take, with those that nobody has collected yet.
pub fn room_taken(tx: &mut TenantTx<'_>) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Sum {
        #[diesel(sql_type = BigInt)]
        bytes: i64,
    }
    let tenant = tx.tenant_id();
    let sum = prepared("SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM image_files WHERE tenant_id = $1");
    Ok(sum.bind::<SqlUuid, _>(tenant.0).get_result::<Sum>(tx.conn())?.bytes)
}

/// Locks files that nothing refers to and nobody has touched since, from this hash on. Those that somebody else has
/// locked are left to them.
pub fn hold_forgotten(
    tx: &mut TenantTx<'_>,
    since: DateTime<Utc>,
    after: &[u8],
    most: i64,
) -> Result<Vec<FileKey>, DbError> {
    let tenant = tx.tenant_id();
    let found: Vec<Row> = prepared(
        "SELECT f.sha256, f.generation FROM image_files f \
         WHERE f.tenant_id = $1 AND f.sha256 > $2 AND f.touched_at < $3 \
             AND NOT EXISTS (SELECT FROM product_images i WHERE i.tenant_id = $1 AND i.original_sha256 = f.sha256) \
             AND NOT EXISTS (SELECT FROM product_images i WHERE i.tenant_id = $1 AND i.display_sha256 = f.sha256) \
         ORDER BY f.sha256 LIMIT $4 FOR UPDATE OF f SKIP LOCKED",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Binary, _>(after.to_vec())
    .bind::<Timestamptz, _>(since)
    .bind::<BigInt, _>(most)
    .load(tx.conn())?;
    Ok(found.iter().map(|row| row.key(tenant)).collect())
}

/// Gives up those of the files that were [held](hold_forgotten) which nothing refers to still: a statement of its
/// own, which sees what was committed before they were locked. From the commit on nobody can refer to them.
pub fn give_up(tx: &mut TenantTx<'_>, held: &[FileKey]) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    prepared(
        "WITH given_up AS ( \
             DELETE FROM image_files f WHERE f.tenant_id = $1 AND f.sha256 = ANY ($2) \
                 AND NOT EXISTS (SELECT FROM product_images i WHERE i.tenant_id = $1 AND i.original_sha256 = f.sha256) \
                 AND NOT EXISTS (SELECT FROM product_images i WHERE i.tenant_id = $1 AND i.display_sha256 = f.sha256) \
             RETURNING f.sha256, f.generation) \
         INSERT INTO image_files_leaving (tenant_id, sha256, generation, taken, due_at) \
         SELECT $1, sha256, generation, false, $3 FROM given_up",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<Binary>, _>(hashes(held))
    .bind::<Timestamptz, _>(now)
    .execute(tx.conn())?;
    Ok(())
}

/// Files that were given up and have to be taken away by now.
pub fn due(tx: &mut TenantTx<'_>, most: i64) -> Result<Vec<FileKey>, DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let found: Vec<Row> = prepared(
        "SELECT sha256, generation FROM image_files_leaving WHERE tenant_id = $1 AND due_at <= $2 \
         ORDER BY due_at, sha256, generation LIMIT $3",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(most)
    .load(tx.conn())?;
    Ok(found.iter().map(|row| row.key(tenant)).collect())
}

/// Notes that these are out of the store: the first time they are due again then, the second time they are forgotten,
/// and their names with them.
pub fn note_taken(tx: &mut TenantTx<'_>, gone: &[FileKey], again: DateTime<Utc>) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let generations: Vec<i64> = gone.iter().map(|file| file.generation).collect();
    prepared(
        "WITH gone AS (SELECT sha256, generation FROM unnest($2, $3) g (sha256, generation)), \
         forgotten AS ( \
             DELETE FROM image_files_leaving l USING gone g WHERE l.tenant_id = $1 AND l.sha256 = g.sha256 \
                 AND l.generation = g.generation AND l.taken AND l.due_at <= $4) \
         UPDATE image_files_leaving l SET taken = true, due_at = $5 FROM gone g WHERE l.tenant_id = $1 \
             AND l.sha256 = g.sha256 AND l.generation = g.generation AND NOT l.taken",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<Binary>, _>(hashes(gone))
    .bind::<Array<BigInt>, _>(generations)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(again)
    .execute(tx.conn())?;
    Ok(())
}
