//! The queue as workers see it: jobs of all clients, through the functions of the migration, which
//! are all that the worker's login may do outside one client.

use super::{Claim, handlers::Form, schedules::Due};
use crate::platform::db::{DbError, WorkerLane, prepared};
use chrono::{DateTime, Utc};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use std::sync::Arc;
use uuid::Uuid;

/// Schedules that are moved on in one statement.
const MOST_DUE: i32 = 500;

/// Takes jobs and gives them back.
#[derive(Clone)]
pub struct Queue {
    lane: WorkerLane,
}

/// Up to how many, and for how long.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of this claim alone.
    pub name: String,
    /// The last claim of this name had no answer.
    pub again: bool,
    /// The client that was served last.
    pub after: Uuid,
    pub most: i32,
    pub most_per_client: i32,
    pub until: DateTime<Utc>,
}

/// How many jobs of a kind, of all clients, are in a state: `waiting` ones are due, `scheduled` ones
/// not yet, `suspended` ones their client's.
#[derive(Debug, Clone, QueryableByName)]
pub struct QueueFigure {
    #[diesel(sql_type = sql_types::Text)]
    pub kind: String,
    #[diesel(sql_type = sql_types::Text)]
    pub state: String,
    #[diesel(sql_type = sql_types::BigInt)]
    pub jobs: i64,
    /// Since when the oldest of those that wait has been due.
    #[diesel(sql_type = sql_types::Nullable<sql_types::Timestamptz>)]
    pub oldest_due: Option<DateTime<Utc>>,
}

/// What became of a job that failed.
#[derive(Debug, Clone)]
pub struct Failure {
    pub error: String,
    /// When it is tried again, unless it was the last attempt.
    pub next: DateTime<Utc>,
    pub hopeless: bool,
}

impl Queue {
    pub fn new(lane: WorkerLane) -> Self {
        Self { lane }
    }

    /// Takes jobs. It is not tried again by itself, for a claim whose answer was lost holds its jobs: whoever
    /// asks again under the same name says so, and what was taken is put back first.
    pub async fn claim(&self, wanted: Wanted) -> Result<Vec<Claim>, DbError> {
        if wanted.again {
            self.undo_claim(wanted.name.clone()).await?;
        }
        self.lane
            .statement_once(move |conn, now| {
                let claimed = prepared(
                    "SELECT tenant_id, id, kind, payload_version, payload, attempts, fence, created_at \
                     FROM claim_jobs($1, $2, $3, $4, $5, $6)",
                );
                Ok(claimed
                    .bind::<sql_types::Text, _>(wanted.name)
                    .bind::<sql_types::Uuid, _>(wanted.after)
                    .bind::<sql_types::Integer, _>(wanted.most)
                    .bind::<sql_types::Integer, _>(wanted.most_per_client)
                    .bind::<sql_types::Timestamptz, _>(wanted.until)
                    .bind::<sql_types::Timestamptz, _>(now)
                    .load(conn)?)
            })
            .await
    }

    async fn undo_claim(&self, name: String) -> Result<(), DbError> {
        self.lane
            .statement(move |conn, now| {
                sql_query("SELECT undo_claim($1, $2)")
                    .bind::<sql_types::Text, _>(&name)
                    .bind::<sql_types::Timestamptz, _>(now)
                    .execute(conn)?;
                Ok(())
            })
            .await
    }

    /// Says that these are still being done.
    pub async fn hold(&self, claims: &[Arc<Claim>], until: DateTime<Utc>) -> Result<(), DbError> {
        let (tenants, ids, fences) = columns(claims);
        self.lane
            .statement(move |conn, _| {
                sql_query("SELECT hold_jobs($1, $2, $3, $4)")
                    .bind::<sql_types::Array<sql_types::Uuid>, _>(&tenants)
                    .bind::<sql_types::Array<sql_types::Uuid>, _>(&ids)
                    .bind::<sql_types::Array<sql_types::BigInt>, _>(&fences)
                    .bind::<sql_types::Timestamptz, _>(until)
                    .execute(conn)?;
                Ok(())
            })
            .await
    }

    /// Gives these back as if they had not been taken, but for those that hang in a transaction.
    pub async fn hand_back(&self, claims: &[Arc<Claim>]) -> Result<(), DbError> {
        let (tenants, ids, fences) = columns(claims);
        self.lane
            .statement(move |conn, now| {
                sql_query("SELECT hand_back_jobs($1, $2, $3, $4)")
                    .bind::<sql_types::Array<sql_types::Uuid>, _>(&tenants)
                    .bind::<sql_types::Array<sql_types::Uuid>, _>(&ids)
                    .bind::<sql_types::Array<sql_types::BigInt>, _>(&fences)
                    .bind::<sql_types::Timestamptz, _>(now)
                    .execute(conn)?;
                Ok(())
            })
            .await
    }

    /// Keeps why a job failed, and when it is tried again.
    pub async fn fail(&self, claim: &Arc<Claim>, failure: Failure) -> Result<(), DbError> {
        let claim = Arc::clone(claim);
        self.lane
            .statement(move |conn, now| {
                sql_query("SELECT fail_job($1, $2, $3, $4, $5, $6, $7)")
                    .bind::<sql_types::Uuid, _>(claim.tenant_id)
                    .bind::<sql_types::Uuid, _>(claim.id)
                    .bind::<sql_types::BigInt, _>(claim.fence)
                    .bind::<sql_types::Text, _>(&failure.error)
                    .bind::<sql_types::Timestamptz, _>(failure.next)
                    .bind::<sql_types::Bool, _>(failure.hopeless)
                    .bind::<sql_types::Timestamptz, _>(now)
                    .execute(conn)?;
                Ok(())
            })
            .await
    }

    /// Lets a job wait again at no attempt: until then if that is known, for this reason if there is one.
    pub async fn put_off(
        &self,
        claim: &Arc<Claim>,
        reason: Option<String>,
        next: Option<DateTime<Utc>>,
    ) -> Result<(), DbError> {
        let claim = Arc::clone(claim);
        self.lane
            .statement(move |conn, now| {
                sql_query("SELECT put_job_off($1, $2, $3, $4, $5, $6)")
                    .bind::<sql_types::Uuid, _>(claim.tenant_id)
                    .bind::<sql_types::Uuid, _>(claim.id)
                    .bind::<sql_types::BigInt, _>(claim.fence)
                    .bind::<sql_types::Nullable<sql_types::Text>, _>(&reason)
                    .bind::<sql_types::Nullable<sql_types::Timestamptz>, _>(next)
                    .bind::<sql_types::Timestamptz, _>(now)
                    .execute(conn)?;
                Ok(())
            })
            .await
    }

    /// Gives every client a schedule of this kind, where it has none or another one.
    pub async fn schedule_for_all(&self, kind: &'static str, cron: &'static str) -> Result<(), DbError> {
        self.lane
            .statement(move |conn, _| {
                sql_query("SELECT schedule_for_all($1, $2)")
                    .bind::<sql_types::Text, _>(kind)
                    .bind::<sql_types::Text, _>(cron)
                    .execute(conn)?;
                Ok(())
            })
            .await
    }

    /// Schedules of these kinds whose time has come.
    pub(super) async fn due_schedules(&self, kinds: Vec<&'static str>) -> Result<Vec<Due>, DbError> {
        self.lane
            .statement(move |conn, now| {
                let due = sql_query("SELECT * FROM due_schedules($1, $2, $3)")
                    .bind::<sql_types::Array<sql_types::Text>, _>(&kinds)
                    .bind::<sql_types::Timestamptz, _>(now)
                    .bind::<sql_types::Integer, _>(MOST_DUE);
                Ok(due.load(conn)?)
            })
            .await
    }

    /// Stores the jobs of these schedules and moves them on, but for those that another worker did.
    pub(super) async fn move_on(&self, due: Vec<(Due, Form)>, now: DateTime<Utc>) -> Result<(), DbError> {
        type Times = sql_types::Array<sql_types::Nullable<sql_types::Timestamptz>>;
        let next = column(&due, |(due, _)| due.next_after(now));
        self.lane
            .statement(move |conn, _| {
                sql_query("SELECT move_schedules_on($1, $2, $3, $4, $5, $6, $7)")
                    .bind::<sql_types::Array<sql_types::Uuid>, _>(column(&due, |(due, _)| due.tenant_id))
                    .bind::<sql_types::Array<sql_types::Text>, _>(column(&due, |(due, _)| due.kind.clone()))
                    .bind::<Times, _>(column(&due, |(due, _)| due.next_at))
                    .bind::<Times, _>(&next)
                    .bind::<sql_types::Array<sql_types::Integer>, _>(column(&due, |(_, form)| form.version))
                    .bind::<sql_types::Array<sql_types::Integer>, _>(column(&due, |(_, form)| form.max_attempts))
                    .bind::<sql_types::Timestamptz, _>(now)
                    .execute(conn)?;
                Ok(())
            })
            .await
    }

    /// What there is to do, for the operator.
    pub async fn figures(&self) -> Result<Vec<QueueFigure>, DbError> {
        self.lane
            .statement(|conn, now| {
                let figures =
                    sql_query("SELECT * FROM job_figures($1)").bind::<sql_types::Timestamptz, _>(now).load(conn)?;
                Ok(figures)
            })
            .await
    }

    /// For chores, which open their own transactions.
    pub(super) fn lane(&self) -> &WorkerLane {
        &self.lane
    }

    /// Takes back what lost workers hold.
    pub async fn give_up_lost(&self) -> Result<(), DbError> {
        self.lane
            .statement(|conn, now| {
                sql_query("SELECT give_up_lost_jobs($1)").bind::<sql_types::Timestamptz, _>(now).execute(conn)?;
                Ok(())
            })
            .await
    }
}

fn column<R, T>(rows: &[R], pick: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(pick).collect()
}

fn columns(claims: &[Arc<Claim>]) -> (Vec<Uuid>, Vec<Uuid>, Vec<i64>) {
    (column(claims, |claim| claim.tenant_id), column(claims, |claim| claim.id), column(claims, |claim| claim.fence))
}
