//! The purge of each client, and of the operator.

use super::repo::{self, Kept};
use crate::{
    app::AppState,
    platform::{
        audit,
        db::{DbError, KEPT},
        jobs::{Finished, Job, JobError, Run},
        vault::{Vault, VaultError},
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
        purge(&run, &repo::IMPORTS, now - keep.imports).await?;
        purge(&run, &repo::WEBHOOK_ENDPOINTS, now - keep.events).await?;
        cut_bodies(&run, now - repo::WHOLE_BODIES).await?;
        purge(&run, &repo::ERP_ATTEMPTS, now - keep.events).await?;
        purge(&run, &repo::ERP_SYNCS, now - keep.events).await?;
        purge(&run, &repo::ERP_SECRETS, now).await?;
        purge(&run, &repo::ANSWERS, now - KEPT).await?;
        purge_audit(&run, &state.vault, now - keep.audit_log).await?;
        run.finish(|_| Ok(())).await
    }
}

/// The same for what belongs to no client. Superadmins are few: one statement is not long.
pub fn purge_operators(conn: &mut PgConnection, state: &AppState, now: DateTime<Utc>) -> Result<(), DbError> {
    repo::delete_superadmin_sessions(conn, now - state.retention.sessions)
}

/// What superadmins' screens were told goes sooner: whoever was away for longer reads everything anew.
pub fn purge_operators_events(conn: &mut PgConnection, _: &AppState, now: DateTime<Utc>) -> Result<(), DbError> {
    repo::delete_operator_events(conn, now - repo::OPERATOR_EVENTS)
}

/// The audit log's own way: a checkpoint stays, from which what is left can be proved.
async fn purge_audit(run: &Run, vault: &Vault, before: DateTime<Utc>) -> Result<(), JobError> {
    loop {
        let vault = vault.clone();
        let purged = run.transaction(move |tx| audit::purge(tx, &vault, before, BATCH));
        let purged: Result<i64, VaultError> = purged.await;
        if purged? < BATCH {
            return Ok(());
        }
    }
}

/// What was sent to an ERP and answered is kept whole for a day, for whoever looks for what is wrong.
async fn cut_bodies(run: &Run, before: DateTime<Utc>) -> Result<(), DbError> {
    loop {
        let cut = run.transaction(move |tx| repo::cut_bodies(tx, before, BATCH)).await?;
        if i64::try_from(cut).unwrap_or(i64::MAX) < BATCH {
            return Ok(());
        }
    }
}

async fn purge(run: &Run, kept: &'static Kept, before: DateTime<Utc>) -> Result<(), DbError> {
    loop {
        let deleted = run.transaction(move |tx| repo::delete(tx, kept, before, BATCH)).await?;
        if i64::try_from(deleted).unwrap_or(i64::MAX) < BATCH {
            return Ok(());
        }
    }
}
