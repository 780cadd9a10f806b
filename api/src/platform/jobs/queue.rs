//! The queue as workers see it: jobs of all clients, through the functions of the migration, which
//! are all that the worker's login may do outside one client.

use super::Claim;
use crate::platform::db::{DbError, WorkerLane};
use chrono::{DateTime, Utc};
use diesel::{RunQueryDsl, sql_query, sql_types};
use uuid::Uuid;

/// Takes jobs and gives them back.
#[derive(Clone)]
pub struct Queue {
    lane: WorkerLane,
}

/// Up to how many, and for how long.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub worker: String,
    /// The client that was served last.
    pub after: Uuid,
    pub most: i32,
    pub most_per_client: i32,
    pub until: DateTime<Utc>,
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

    pub async fn claim(&self, wanted: Wanted) -> Result<Vec<Claim>, DbError> {
        self.lane
            .statement(move |conn, now| {
                let claimed = sql_query("SELECT * FROM claim_jobs($1, $2, $3, $4, $5, $6)")
                    .bind::<sql_types::Text, _>(&wanted.worker)
                    .bind::<sql_types::Uuid, _>(wanted.after)
                    .bind::<sql_types::Integer, _>(wanted.most)
                    .bind::<sql_types::Integer, _>(wanted.most_per_client)
                    .bind::<sql_types::Timestamptz, _>(wanted.until)
                    .bind::<sql_types::Timestamptz, _>(now);
                Ok(claimed.load(conn)?)
            })
            .await
    }

    /// Says that these are still being done.
    pub async fn hold(&self, claims: &[Claim], until: DateTime<Utc>) -> Result<(), DbError> {
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

    /// Gives these back as if they had not been taken.
    pub async fn hand_back(&self, claims: &[Claim]) -> Result<(), DbError> {
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
    pub async fn fail(&self, claim: &Claim, failure: Failure) -> Result<(), DbError> {
        let claim = claim.clone();
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

    /// Stores a job of this kind for every client that has none.
    pub async fn plant(&self, daily: &'static str) -> Result<(), DbError> {
        self.lane
            .statement(move |conn, now| {
                sql_query("SELECT plant_daily_jobs($1, $2)")
                    .bind::<sql_types::Text, _>(daily)
                    .bind::<sql_types::Timestamptz, _>(now)
                    .execute(conn)?;
                Ok(())
            })
            .await
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

fn columns(claims: &[Claim]) -> (Vec<Uuid>, Vec<Uuid>, Vec<i64>) {
    (
        claims.iter().map(|claim| claim.tenant_id).collect(),
        claims.iter().map(|claim| claim.id).collect(),
        claims.iter().map(|claim| claim.fence).collect(),
    )
}
