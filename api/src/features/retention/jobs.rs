//! The purge of each client, and of the operator.

use super::repo::{self, Kept};
use crate::{
    app::AppState,
    platform::{
        db::{DbError, KEPT},
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
        purge(&run, &repo::SESSION_LOG, now - keep.session_log).await?;
        purge(&run, &repo::SESSIONS, now - keep.sessions).await?;
        purge(&run, &repo::JOBS, now - keep.jobs).await?;
        purge(&run, &repo::EVENTS, now - keep.events).await?;
        purge(&run, &repo::ANSWERS, now - KEPT).await?;
        run.finish(|_| Ok(())).await
    }
}

/// The same for what belongs to no client. Superadmins are few: one statement is not long.
pub fn purge_operators(conn: &mut PgConnection, state: &AppState, now: DateTime<Utc>) -> Result<(), DbError> {
    repo::delete_superadmin_sessions(conn, now - state.retention.sessions)
}

async fn purge(run: &Run, kept: &'static Kept, before: DateTime<Utc>) -> Result<(), DbError> {
    loop {
        let deleted = run.transaction(move |tx| repo::delete(tx, kept, before, BATCH)).await?;
        if i64::try_from(deleted).unwrap_or(i64::MAX) < BATCH {
            return Ok(());
        }
    }
}
