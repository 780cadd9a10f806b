//! The purge of each client, and of the operator.

use super::repo;
use crate::{
    app::AppState,
    platform::{
        db::{DbError, KEPT, TenantTx},
        jobs::{Finished, Job, JobError, Run},
    },
};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};

/// Rows in one transaction: nobody waits long for the locks.
const BATCH: i64 = 1000;

/// Deletes what a client's tables have kept for long enough.
#[derive(Debug, Serialize, Deserialize)]
pub struct Purge {}

impl Job for Purge {
    const KIND: &'static str = "purge";

    async fn run(self, state: AppState, run: Run) -> Result<Finished, JobError> {
        let (now, keep) = (state.ids.now(), state.retention);
        purge(&run, now - keep.session_log, repo::delete_session_events).await?;
        purge(&run, now - keep.sessions, repo::delete_sessions).await?;
        purge(&run, now - keep.jobs, repo::delete_jobs).await?;
        purge(&run, now - KEPT, repo::delete_kept_answers).await?;
        purge(&run, now - keep.events, repo::delete_events).await?;
        run.finish(|_| Ok(())).await
    }
}

/// The same for what belongs to no client. Superadmins are few: one statement is not long.
pub fn purge_operators(conn: &mut PgConnection, state: &AppState, now: DateTime<Utc>) -> Result<(), DbError> {
    repo::delete_superadmin_sessions(conn, now - state.retention.sessions)
}

type Delete = fn(&mut TenantTx<'_>, DateTime<Utc>, i64) -> Result<usize, DbError>;

async fn purge(run: &Run, before: DateTime<Utc>, delete: Delete) -> Result<(), DbError> {
    loop {
        let deleted = run.transaction(move |tx| delete(tx, before, BATCH)).await?;
        if i64::try_from(deleted).unwrap_or(i64::MAX) < BATCH {
            return Ok(());
        }
    }
}
