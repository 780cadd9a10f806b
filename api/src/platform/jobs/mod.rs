//! Work that is done after the transaction that calls for it.
//!
//! A job is stored in the very transaction that needs it done ([`enqueue_in`]), so that it is there
//! exactly when the rest is. Workers ([`Worker`]) claim jobs and hold them by a lease; each claim
//! raises the job's fence, and whatever a job writes, it writes in transactions that check the fence
//! ([`Run`]): a worker that was given up for lost, and comes back, changes nothing. A job is done at
//! least once; what it does in its last transaction, the one that marks it as done, is done once.

mod away;
mod backoff;
mod chores;
mod claim;
mod cron;
mod handlers;
mod pace;
mod queue;
mod repo;
mod run;
mod schedules;
mod waker;
mod worker;

pub use chores::ChoreWork;
pub use claim::Claim;
pub use cron::{Cron, CronError};
pub use handlers::Handlers;
pub use queue::{Queue, QueueFigure};
pub use run::{Finished, JobError, Run};
pub use schedules::{schedule_in, unschedule_in};
pub use waker::Waker;
pub use worker::{Stop, Worker};

use super::{db::DbError, db::TenantTx};
use crate::app::AppState;
use chrono::{DateTime, Utc};
use countinghouse_contract::JobId;
use serde::{Serialize, de::DeserializeOwned};
use std::future::Future;

/// A kind of work. The value is its payload: ids rather than data, for much may have changed until
/// it runs, and nothing secret.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// As it is stored: never renamed while jobs of it may wait.
    const KIND: &'static str;

    /// Raised when the payload changes its form. A worker that does not know a version, or a kind, lets
    /// the job wait for one that does.
    const VERSION: i32 = 1;

    /// How often it is tried before it is given up for dead.
    const MAX_ATTEMPTS: i32 = 12;

    /// Does the work. The only way to a [`Finished`] is [`Run::finish`].
    fn run(self, state: AppState, run: Run) -> impl Future<Output = Result<Finished, JobError>> + Send;
}

/// When a job is to run, and whether once is enough.
#[derive(Debug, Clone, Default)]
pub struct When {
    /// Not before then; at once without it.
    pub run_at: Option<DateTime<Utc>>,
    /// While another of the kind waits with the same key, nothing is stored.
    pub unique_key: Option<String>,
}

/// Stores a job with the rest of the transaction; `None` when one with its unique key waits already.
/// After the commit workers are woken, if there is anything for them to do by then.
pub fn enqueue_in<J: Job>(tx: &mut TenantTx<'_>, job: &J, when: When) -> Result<Option<JobId>, DbError> {
    let run_at = when.run_at.unwrap_or_else(|| tx.now());
    let new = to_be_stored(job, run_at, when.unique_key)?;
    let id = repo::insert(tx, &new)?;
    if id.is_some() && new.run_at <= tx.now() {
        tx.wake_workers();
    }
    Ok(id)
}

/// Stores jobs of a kind, each with its unique key. Where one waits already with the key it comes forward to
/// this time, if that is earlier than its own. Known by their keys, for each is stored once.
pub fn enqueue_soonest_in<J: Job>(
    tx: &mut TenantTx<'_>,
    mut jobs: Vec<(String, J)>,
    run_at: DateTime<Utc>,
) -> Result<(), DbError> {
    if jobs.is_empty() {
        return Ok(());
    }
    // In one order, for two that store the same wait for each other.
    jobs.sort_by(|(one, _), (other, _)| one.cmp(other));
    let new = jobs.iter().map(|(unique_key, job)| to_be_stored(job, run_at, Some(unique_key.clone())));
    repo::insert_or_bring_forward(tx, &new.collect::<Result<Vec<_>, _>>()?)?;
    if run_at <= tx.now() {
        tx.wake_workers();
    }
    Ok(())
}

fn to_be_stored<J: Job>(job: &J, run_at: DateTime<Utc>, unique_key: Option<String>) -> Result<repo::NewJob, DbError> {
    let corrupt = |error: serde_json::Error| DbError::Corrupt { table: "jobs", what: error.to_string() };
    Ok(repo::NewJob {
        kind: J::KIND,
        version: J::VERSION,
        max_attempts: J::MAX_ATTEMPTS,
        payload: serde_json::to_value(job).map_err(corrupt)?,
        run_at,
        unique_key,
    })
}

/// Deletes what is left of a client's jobs of this kind that were done in the last hour: for those that
/// come every few seconds and leave nothing worth looking at.
pub fn forget_done_in<J: Job>(tx: &mut TenantTx<'_>) -> Result<(), DbError> {
    repo::delete_done(tx, J::KIND)
}

/// Takes back a job that waits: it is never done. False when it ended, or never was, or runs just now: then
/// its attempt goes on, and where that fails it waits again and can be taken back.
///
/// It does not stop what runs: a transaction that did would wait for the job's row after its own locks, where
/// a job takes its own row first.
pub fn cancel_in(tx: &mut TenantTx<'_>, id: JobId) -> Result<bool, DbError> {
    repo::cancel(tx, id)
}
