//! Jobs of all clients: the queues, and what was given up, each list by its own index of dead ones.

use crate::{
    platform::{
        db::{DbError, PlatformTx},
        http::PageRequest,
        jobs::QueueFigure,
    },
    schema::{jobs, tenants},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    JobId, TenantId,
    admin::jobs::{DeadJob, JobMoved, JobQueue, JobRevived},
};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

const DEAD: &str = "dead";

/// By kind.
pub fn queues(tx: &mut PlatformTx<'_>) -> Result<Vec<JobQueue>, DbError> {
    let now = tx.now();
    let figures: Vec<QueueFigure> =
        sql_query("SELECT * FROM job_figures($1)").bind::<Timestamptz, _>(now).load(tx.conn())?;
    let mut queues: BTreeMap<String, JobQueue> = BTreeMap::new();
    for figure in figures {
        let named = || JobQueue { kind: figure.kind.clone(), ..JobQueue::default() };
        let queue = queues.entry(figure.kind.clone()).or_insert_with(named);
        match figure.state.as_str() {
            "waiting" => (queue.waiting, queue.oldest_due) = (figure.jobs, figure.oldest_due),
            "scheduled" => queue.scheduled = figure.jobs,
            "suspended" => queue.suspended = figure.jobs,
            "running" => queue.running = figure.jobs,
            _ => queue.dead = figure.jobs,
        }
    }
    Ok(queues.into_values().collect())
}

type Row = (Uuid, String, String, Value, i32, i32, Option<String>, DateTime<Utc>, Option<DateTime<Utc>>);

/// The latest first.
pub fn dead_jobs(
    tx: &mut PlatformTx<'_>,
    client: Option<TenantId>,
    kind: Option<&str>,
    asked: PageRequest,
) -> Result<Vec<DeadJob>, DbError> {
    // The word stands in the text, for the planner to see which indexes are meant.
    let dead = diesel::dsl::sql::<diesel::sql_types::Bool>("jobs.state = 'dead'");
    let columns = (
        jobs::id,
        tenants::slug,
        jobs::kind,
        jobs::payload,
        jobs::attempts,
        jobs::max_attempts,
        jobs::last_error,
        jobs::created_at,
        jobs::finished_at,
    );
    let mut query = jobs::table
        .inner_join(tenants::table.on(tenants::id.eq(jobs::tenant_id)))
        .filter(dead)
        .select(columns)
        .into_boxed();
    if let Some(client) = client {
        query = query.filter(jobs::tenant_id.eq(client.0));
    }
    if let Some(kind) = kind {
        query = query.filter(jobs::kind.eq(kind.to_owned()));
    }
    if let Some(after) = asked.after {
        query = query
            .filter(jobs::finished_at.le(after.created_at))
            .filter(jobs::finished_at.lt(after.created_at).or(jobs::id.lt(after.id).nullable()));
    }
    let latest = (jobs::finished_at.desc(), jobs::id.desc());
    let rows: Vec<Row> = query.order(latest).limit(asked.rows()).load(tx.conn())?;
    let job = |(id, tenant, kind, payload, attempts, max_attempts, last_error, created_at, died_at): Row| DeadJob {
        id: JobId(id),
        tenant,
        kind,
        payload,
        attempts: attempts.into(),
        max_attempts: max_attempts.into(),
        last_error,
        created_at,
        died_at: died_at.unwrap_or(created_at),
    };
    Ok(rows.into_iter().map(job).collect())
}

/// A job that was given up.
#[derive(Debug, Clone)]
pub struct Dead {
    pub client: TenantId,
    pub slug: String,
    pub kind: String,
    pub last_error: Option<String>,
}

impl Dead {
    pub fn moved(self, id: JobId, state: JobRevived) -> JobMoved {
        JobMoved { id, tenant: self.slug, kind: self.kind, state }
    }
}

/// What stands behind an id.
pub enum Found {
    Dead(Dead),
    /// It waits, runs, or has ended well.
    Living,
    Nothing,
}

/// A dead one is found by its id; whether there is another with it, client by client.
pub fn find_dead(tx: &mut PlatformTx<'_>, id: JobId) -> Result<Found, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        tenant_id: Uuid,
        #[diesel(sql_type = Text)]
        slug: String,
        #[diesel(sql_type = Text)]
        kind: String,
        #[diesel(sql_type = Text)]
        state: String,
        #[diesel(sql_type = Nullable<Text>)]
        last_error: Option<String>,
    }
    let row: Option<Row> = sql_query(
        "(SELECT j.tenant_id, t.slug, j.kind, j.state, j.last_error FROM jobs j JOIN tenants t ON t.id = j.tenant_id \
          WHERE j.id = $1 AND j.state = 'dead') UNION ALL \
         (SELECT j.tenant_id, t.slug, j.kind, j.state, j.last_error FROM tenants t CROSS JOIN LATERAL \
          (SELECT * FROM jobs j WHERE j.tenant_id = t.id AND j.id = $1 OFFSET 0) j) LIMIT 1",
    )
    .bind::<SqlUuid, _>(id.0)
    .get_result(tx.conn())
    .optional()?;
    Ok(match row {
        Some(row) if row.state == DEAD => Found::Dead(Dead {
            client: TenantId(row.tenant_id),
            slug: row.slug,
            kind: row.kind,
            last_error: row.last_error,
        }),
        Some(_) => Found::Living,
        None => Found::Nothing,
    })
}

/// What it became; nothing when somebody was here before.
pub fn retry_dead(tx: &mut PlatformTx<'_>, client: TenantId, id: JobId) -> Result<Option<JobRevived>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Nullable<Text>)]
        became: Option<String>,
    }
    let row: Row = sql_query("SELECT retry_dead_job($1, $2, $3) AS became")
        .bind::<SqlUuid, _>(client.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Timestamptz, _>(tx.now())
        .get_result(tx.conn())?;
    let became = |text: String| if text == "waiting" { JobRevived::Waiting } else { JobRevived::Cancelled };
    Ok(row.became.map(became))
}

/// Whether it was still dead.
pub fn discard_dead(tx: &mut PlatformTx<'_>, client: TenantId, id: JobId) -> Result<bool, DbError> {
    let now = tx.now();
    let done = diesel::update(jobs::table.find((client.0, id.0)))
        .filter(jobs::state.eq(DEAD))
        .set((jobs::state.eq("cancelled"), jobs::finished_at.eq(now)))
        .execute(tx.conn())?;
    Ok(done == 1)
}
