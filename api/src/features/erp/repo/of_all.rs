//! Orders on their way to the ERPs of all clients, as superadmins see them. Each list goes by an index of its own
//! (`…_of_all` in the migrations), which only what did not arrive is in.

use super::lists::Row;
use crate::platform::{
    db::{DbError, Named, PlatformTx, part_like},
    http::PageRequest,
    jobs::Job,
};
use countinghouse_contract::{
    ErpSyncId, TenantId,
    admin::syncs::{ErpSyncsToRetry, TenantErpSync},
    erp::{ErpSync, ErpSyncStatus},
};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use serde_json::Value;
use uuid::Uuid;

/// Which ones are listed.
#[derive(Debug, Clone)]
pub struct OfAll {
    pub status: ErpSyncStatus,
    pub client: Option<TenantId>,
    pub error_contains: Option<String>,
}

/// What has ended without arriving has an index over all clients; of what is still on its way, which is little, each
/// client's newest are merged.
fn ended(status: ErpSyncStatus) -> bool {
    matches!(status, ErpSyncStatus::Failed | ErpSyncStatus::Discarded)
}

#[derive(QueryableByName)]
struct Listed {
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(embed)]
    row: Row,
}

const COLUMNS: &str = "s.id, s.order_id, s.order_number, s.order_version, s.cause, s.status, s.attempts, \
     s.max_attempts, s.outcome_unknown, s.idempotency_key, s.next_attempt_at, s.last_attempt_at, s.last_error, \
     s.warning, s.erp_reference, s.erp_status, s.discard_reason, s.created_at, s.updated_at";

/// What is wanted, behind the last page. Planned anew each time, with the values in sight: what is not wanted falls
/// away, and a partial index is seen to be meant.
const WANTED: &str = "s.status = $1 AND ($2::uuid IS NULL OR s.tenant_id = $2) AND ($3::text IS NULL OR s.last_error ILIKE $3) \
     AND ($4::timestamptz IS NULL OR (s.created_at, s.id) < ($4, $5))";

/// The newest first.
pub fn list(tx: &mut PlatformTx<'_>, which: &OfAll, asked: PageRequest) -> Result<Vec<TenantErpSync>, DbError> {
    const NEWEST: &str = "ORDER BY s.created_at DESC, s.id DESC LIMIT $6";
    let text = if which.client.is_some() || ended(which.status) {
        format!(
            "SELECT t.slug, {COLUMNS} FROM (SELECT s.tenant_id, {COLUMNS} FROM erp_syncs s WHERE {WANTED} {NEWEST}) s \
             JOIN tenants t ON t.id = s.tenant_id {NEWEST}"
        )
    } else {
        format!(
            "SELECT t.slug, {COLUMNS} FROM tenants t CROSS JOIN LATERAL (SELECT {COLUMNS} FROM erp_syncs s \
             WHERE s.tenant_id = t.id AND {WANTED} {NEWEST}) s {NEWEST}"
        )
    };
    let rows: Vec<Listed> = sql_query(text)
        .bind::<Text, _>(which.status.name())
        .bind::<Nullable<SqlUuid>, _>(which.client.map(|client| client.0))
        .bind::<Nullable<Text>, _>(which.error_contains.as_deref().map(part_like))
        .bind::<Nullable<Timestamptz>, _>(asked.after.map(|after| after.created_at))
        .bind::<Nullable<SqlUuid>, _>(asked.after.map(|after| after.id))
        .bind::<BigInt, _>(asked.rows())
        .load(tx.conn())?;
    rows.into_iter().map(|row| Ok(TenantErpSync { tenant: row.slug, sync: ErpSync::try_from(row.row)? })).collect()
}

/// Whose it is. What has ended without arriving is found by its id; all else client by client.
pub fn client_of(tx: &mut PlatformTx<'_>, id: ErpSyncId) -> Result<Option<(TenantId, String)>, DbError> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = Text)]
        slug: String,
    }
    let found: Option<Found> = sql_query(
        "(SELECT t.id, t.slug FROM erp_syncs s JOIN tenants t ON t.id = s.tenant_id \
          WHERE s.id = $1 AND s.status IN ('failed', 'discarded')) UNION ALL \
         (SELECT t.id, t.slug FROM tenants t WHERE EXISTS \
          (SELECT FROM erp_syncs s WHERE s.tenant_id = t.id AND s.id = $1 OFFSET 0)) LIMIT 1",
    )
    .bind::<SqlUuid, _>(id.0)
    .get_result(tx.conn())
    .optional()?;
    Ok(found.map(|found| (TenantId(found.id), found.slug)))
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    syncs: i64,
    #[diesel(sql_type = BigInt)]
    tenants: i64,
}

/// By client, what failed until now and is wanted; of active clients, for the others' jobs wait.
const HIT: &str = "SELECT s.tenant_id, count(*) AS syncs FROM erp_syncs s JOIN tenants t ON t.id = s.tenant_id \
     WHERE t.status = 'active' AND s.status = 'failed' AND s.finished_at <= $1 \
     AND ($2::uuid IS NULL OR s.tenant_id = $2) AND ($3::text IS NULL OR s.last_error ILIKE $3) GROUP BY s.tenant_id";
const SUM: &str = "SELECT coalesce(sum(h.syncs), 0)::bigint AS syncs, count(*) AS tenants FROM hit h";

/// How many would be sent again.
pub fn count_failed(tx: &mut PlatformTx<'_>, which: &OfAll) -> Result<ErpSyncsToRetry, DbError> {
    let counted: Counted = sql_query(format!("WITH hit AS ({HIT}) {SUM}"))
        .bind::<Timestamptz, _>(tx.now())
        .bind::<Nullable<SqlUuid>, _>(which.client.map(|client| client.0))
        .bind::<Nullable<Text>, _>(which.error_contains.as_deref().map(part_like))
        .get_result(tx.conn())?;
    Ok(ErpSyncsToRetry { syncs: counted.syncs, tenants: counted.tenants, dry_run: true })
}

/// Stores this job for every client that has any of them. Random ids, as other jobs have that are stored for all
/// clients at once.
pub fn plant_retries<J: Job>(
    tx: &mut PlatformTx<'_>,
    which: &OfAll,
    payload: Value,
) -> Result<ErpSyncsToRetry, DbError> {
    let counted: Counted = sql_query(format!(
        "WITH hit AS ({HIT}), planted AS ( \
             INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, max_attempts, run_at, created_at) \
             SELECT h.tenant_id, gen_random_uuid(), $4, $5, $7, $6, $1, $1 FROM hit h) {SUM}"
    ))
    .bind::<Timestamptz, _>(tx.now())
    .bind::<Nullable<SqlUuid>, _>(which.client.map(|client| client.0))
    .bind::<Nullable<Text>, _>(which.error_contains.as_deref().map(part_like))
    .bind::<Text, _>(J::KIND)
    .bind::<Integer, _>(J::VERSION)
    .bind::<Integer, _>(J::MAX_ATTEMPTS)
    .bind::<Jsonb, _>(payload)
    .get_result(tx.conn())?;
    Ok(ErpSyncsToRetry { syncs: counted.syncs, tenants: counted.tenants, dry_run: false })
}
