//! The figures of the overview, by indexes in which only what waits or went wrong stands.

use crate::platform::db::{DbError, PlatformTx};
use chrono::{DateTime, Duration, DurationRound, Utc};
use countinghouse_contract::{
    Rate, TenantId,
    admin::overview::{Overview, Rates, ServiceParts, TenantTrouble, TenantUsage},
};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};

/// Minutes that are counted.
const MINUTES: i64 = 60;

/// Workers look twice a second, and whoever has much to do takes turns.
const PATIENCE: Duration = Duration::minutes(1);

/// What was read in one transaction.
pub struct Figures {
    read_at: DateTime<Utc>,
    sums: Sums,
    rates: Rates,
    trouble: Vec<TenantTrouble>,
}

#[derive(QueryableByName)]
struct Sums {
    #[diesel(sql_type = BigInt)]
    active: i64,
    #[diesel(sql_type = BigInt)]
    suspended: i64,
    #[diesel(sql_type = BigInt)]
    waiting: i64,
    #[diesel(sql_type = BigInt)]
    running: i64,
    #[diesel(sql_type = BigInt)]
    dead: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    oldest_job: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    failed: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    oldest_sync: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    breakers: i64,
    #[diesel(sql_type = BigInt)]
    endpoints: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    oldest_delivery: Option<DateTime<Utc>>,
}

pub fn figures(tx: &mut PlatformTx<'_>) -> Result<Figures, DbError> {
    let now = tx.now();
    let sums = sums(tx, now)?;
    let (rates, trouble) = (rates(tx, now)?, trouble(tx, now)?);
    Ok(Figures { read_at: now, sums, rates, trouble })
}

impl Figures {
    /// Whether somebody does the jobs: nothing that is due has waited for long.
    pub fn workers_keep_up(&self) -> bool {
        self.sums.oldest_job.is_none_or(|since| self.read_at - since < PATIENCE)
    }

    pub fn overview(self, parts: ServiceParts) -> Overview {
        let Self { read_at, sums, rates, trouble } = self;
        Overview {
            read_at,
            parts,
            active_tenants: sums.active,
            suspended_tenants: sums.suspended,
            waiting_jobs: sums.waiting,
            running_jobs: sums.running,
            dead_jobs: sums.dead,
            oldest_job_due: sums.oldest_job,
            failed_syncs: sums.failed,
            oldest_sync_due: sums.oldest_sync,
            open_breakers: sums.breakers,
            failing_endpoints: sums.endpoints,
            oldest_delivery_due: sums.oldest_delivery,
            rates,
            trouble,
        }
    }
}

fn sums(tx: &mut PlatformTx<'_>, now: DateTime<Utc>) -> Result<Sums, DbError> {
    let sums = sql_query(
        "WITH clients AS (SELECT count(*) FILTER (WHERE t.status = 'active') AS active, \
                 count(*) FILTER (WHERE t.status <> 'active') AS suspended FROM tenants t), \
             jobs AS (SELECT coalesce(sum(f.jobs) FILTER (WHERE f.state = 'waiting'), 0)::bigint AS waiting, \
                 coalesce(sum(f.jobs) FILTER (WHERE f.state = 'running'), 0)::bigint AS running, \
                 coalesce(sum(f.jobs) FILTER (WHERE f.state = 'dead'), 0)::bigint AS dead, \
                 min(f.oldest_due) AS oldest_job FROM job_figures($1) f) \
         SELECT clients.*, jobs.*, \
             (SELECT count(*) FROM erp_syncs s WHERE s.status = 'failed') AS failed, \
             (SELECT min(s.next_attempt_at) FROM erp_configs c CROSS JOIN LATERAL \
                 (SELECT s.next_attempt_at FROM erp_syncs s WHERE s.tenant_id = c.tenant_id AND s.status = 'pending' \
                     ORDER BY s.next_attempt_at, s.id LIMIT 1) s \
                 WHERE c.enabled AND s.next_attempt_at <= $1) AS oldest_sync, \
             (SELECT count(*) FROM erp_configs c WHERE c.failing_since IS NOT NULL AND c.open_until > $1) AS breakers, \
             (SELECT count(*) FROM webhook_endpoints w WHERE w.deleted_at IS NULL \
                 AND (w.failing_since IS NOT NULL OR w.disabled_by IN ('gone', 'failing'))) AS endpoints, \
             (SELECT min(d.next_attempt_at) FROM webhook_endpoints w CROSS JOIN LATERAL \
                 (SELECT d.next_attempt_at FROM webhook_deliveries d WHERE d.tenant_id = w.tenant_id \
                     AND d.endpoint_id = w.id AND d.state = 'pending' ORDER BY d.next_attempt_at LIMIT 1) d \
                 WHERE w.disabled_at IS NULL AND d.next_attempt_at <= $1) AS oldest_delivery \
         FROM clients, jobs",
    );
    Ok(sums.bind::<Timestamptz, _>(now).get_result(tx.conn())?)
}

#[derive(QueryableByName)]
struct Minute {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Integer)]
    minute: i32,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// From what superadmins' screens were told, and orders by when they were stored. Where that is very much, of a part.
fn rates(tx: &mut PlatformTx<'_>, now: DateTime<Utc>) -> Result<Rates, DbError> {
    let minute = now.duration_trunc(Duration::minutes(1)).unwrap_or(now);
    let since = minute - Duration::minutes(MINUTES - 1);
    let rows: Vec<Minute> = sql_query(
        "SELECT e.kind, floor(extract(epoch FROM e.created_at - $1) / 60)::int AS minute, count(*) AS count \
         FROM (SELECT kind, created_at FROM operator_events WHERE created_at >= $1 ORDER BY created_at DESC \
             LIMIT 200000) e \
         WHERE e.kind IN ('session.login', 'session.login_failed', 'erp_sync.success', 'erp_sync.failed', 'job.dead') \
         GROUP BY 1, 2 \
         UNION ALL SELECT 'order', floor(extract(epoch FROM o.created_at - $1) / 60)::int, count(*) \
         FROM (SELECT created_at FROM orders WHERE created_at >= $1 LIMIT 200000) o GROUP BY 2",
    )
    .bind::<Timestamptz, _>(since)
    .load(tx.conn())?;
    let of = |kind: &str| {
        let count = |minute| rows.iter().find(|row| row.kind == kind && i64::from(row.minute) == minute);
        (0..MINUTES).map(|minute| count(minute).map_or(0, |row| row.count)).collect()
    };
    Ok(Rates {
        since,
        orders: of("order"),
        log_ins: of("session.login"),
        failed_log_ins: of("session.login_failed"),
        syncs_arrived: of("erp_sync.success"),
        syncs_failed: of("erp_sync.failed"),
        jobs_died: of("job.dead"),
    })
}

#[derive(QueryableByName)]
struct TroubleRow {
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = Bool)]
    suspended: bool,
    #[diesel(sql_type = BigInt)]
    failed: i64,
    #[diesel(sql_type = BigInt)]
    dead: i64,
    #[diesel(sql_type = BigInt)]
    endpoints: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    open_until: Option<DateTime<Utc>>,
}

/// Each kind of trouble is counted by its own index, and clients are put together from those.
fn trouble(tx: &mut PlatformTx<'_>, now: DateTime<Utc>) -> Result<Vec<TenantTrouble>, DbError> {
    let rows: Vec<TroubleRow> = sql_query(
        "WITH trouble AS ( \
             (SELECT s.tenant_id, count(*) AS failed, 0 AS dead, 0 AS endpoints, NULL::timestamptz AS open_until \
                 FROM erp_syncs s WHERE s.status = 'failed' GROUP BY 1 ORDER BY 2 DESC LIMIT 100) UNION ALL \
             (SELECT j.tenant_id, 0, count(*), 0, NULL FROM jobs j WHERE j.state = 'dead' GROUP BY 1 \
                 ORDER BY 3 DESC LIMIT 100) UNION ALL \
             (SELECT w.tenant_id, 0, 0, count(*), NULL FROM webhook_endpoints w WHERE w.deleted_at IS NULL \
                 AND (w.failing_since IS NOT NULL OR w.disabled_by IN ('gone', 'failing')) GROUP BY 1 \
                 ORDER BY 4 DESC LIMIT 100) UNION ALL \
             (SELECT c.tenant_id, 0, 0, 0, c.open_until FROM erp_configs c WHERE c.failing_since IS NOT NULL \
                 AND c.open_until > $1 ORDER BY c.failing_since LIMIT 100) UNION ALL \
             (SELECT t.id, 0, 0, 0, NULL FROM tenants t WHERE t.status <> 'active' ORDER BY t.updated_at DESC LIMIT 100)) \
         SELECT t.slug, t.status <> 'active' AS suspended, sum(x.failed)::bigint AS failed, sum(x.dead)::bigint AS dead, \
             sum(x.endpoints)::bigint AS endpoints, max(x.open_until) AS open_until \
         FROM trouble x JOIN tenants t ON t.id = x.tenant_id GROUP BY t.id, t.slug, t.status \
         ORDER BY max(x.open_until) IS NULL, sum(x.failed + x.dead + x.endpoints) DESC, t.slug LIMIT 100",
    )
    .bind::<Timestamptz, _>(now)
    .load(tx.conn())?;
    let client = |row: TroubleRow| TenantTrouble {
        tenant: row.slug,
        suspended: row.suspended,
        failed_syncs: row.failed,
        dead_jobs: row.dead,
        failing_endpoints: row.endpoints,
        breaker_open_until: row.open_until,
    };
    Ok(rows.into_iter().map(client).collect())
}

#[derive(QueryableByName)]
struct UsageRow {
    #[diesel(sql_type = BigInt)]
    users: i64,
    #[diesel(sql_type = BigInt)]
    products: i64,
    #[diesel(sql_type = BigInt)]
    orders: i64,
    #[diesel(sql_type = BigInt)]
    sessions: i64,
    #[diesel(sql_type = BigInt)]
    failed: i64,
    #[diesel(sql_type = BigInt)]
    dead: i64,
    #[diesel(sql_type = BigInt)]
    images: i64,
    #[diesel(sql_type = BigInt)]
    image_bytes: i64,
    #[diesel(sql_type = Integer)]
    max_discount_pct: i32,
    #[diesel(sql_type = Integer)]
    sales_commission_pct: i32,
    #[diesel(sql_type = Integer)]
    payment_terms_days: i32,
    #[diesel(sql_type = Bool)]
    prices_include_tax: bool,
    #[diesel(sql_type = Bool)]
    auto_invoice: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    low_stock_threshold: Option<i64>,
}

/// Counted no further than ten thousand: whoever has more has many. Pictures are counted whole, by two indexes that
/// hold nothing else, for what they take is paid for.
pub fn usage(tx: &mut PlatformTx<'_>, client: TenantId) -> Result<TenantUsage, DbError> {
    let now = tx.now();
    let row: UsageRow = sql_query(
        "SELECT (SELECT count(*) FROM (SELECT FROM users u WHERE u.tenant_id = t.id AND NOT u.disabled \
                 AND u.deleted_at IS NULL LIMIT 10000) u) AS users, \
             (SELECT count(*) FROM (SELECT FROM products p WHERE p.tenant_id = t.id AND p.active LIMIT 10000) p) \
                 AS products, \
             (SELECT count(*) FROM (SELECT FROM orders o WHERE o.tenant_id = t.id AND o.ordered_at >= $2 \
                 LIMIT 10000) o) AS orders, \
             (SELECT count(*) FROM (SELECT FROM sessions s WHERE s.tenant_id = t.id AND s.ended_at IS NULL \
                 AND s.expires_at > $3 LIMIT 10000) s) AS sessions, \
             (SELECT count(*) FROM (SELECT FROM erp_syncs e WHERE e.tenant_id = t.id AND e.status = 'failed' \
                 LIMIT 10000) e) AS failed, \
             (SELECT count(*) FROM (SELECT FROM jobs j WHERE j.tenant_id = t.id AND j.state = 'dead' \
                 LIMIT 10000) j) AS dead, \
             (SELECT count(*) FROM product_images i WHERE i.tenant_id = t.id) AS images, \
             (SELECT coalesce(sum(f.bytes), 0)::bigint FROM image_files f WHERE f.tenant_id = t.id) AS image_bytes, \
             t.max_discount_pct, t.sales_commission_pct, t.payment_terms_days, t.prices_include_tax, t.auto_invoice, \
             t.low_stock_threshold FROM tenants t WHERE t.id = $1",
    )
    .bind::<SqlUuid, _>(client.0)
    .bind::<Timestamptz, _>(now - Duration::days(30))
    .bind::<Timestamptz, _>(now)
    .get_result(tx.conn())?;
    Ok(TenantUsage {
        id: client,
        users: row.users,
        products: row.products,
        orders_of_30_days: row.orders,
        open_sessions: row.sessions,
        failed_syncs: row.failed,
        dead_jobs: row.dead,
        images: row.images,
        image_bytes: row.image_bytes,
        max_discount_pct: Rate(row.max_discount_pct).to_decimal(),
        sales_commission_pct: Rate(row.sales_commission_pct).to_decimal(),
        payment_terms_days: row.payment_terms_days.into(),
        prices_include_tax: row.prices_include_tax,
        auto_invoice: row.auto_invoice,
        low_stock_threshold: row.low_stock_threshold,
    })
}
