//! Sealing clients' logs, apart from the work that they tell of.

use super::{holding::hold_in, repo, verify::Walk};
use crate::{
    app::AppState,
    platform::{
        db::{DbError, TenantTx, WorkerLane},
        jobs::{Finished, Job, JobError, Run, Waker, When, enqueue_in, forget_done_in},
        vault::{Vault, VaultError},
    },
};
use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Entries in one transaction.
const BATCH: i64 = 1000;

/// How often it is looked for entries that wait.
const EVERY: Duration = Duration::from_secs(5);

/// Seals what waits in a client's log.
#[derive(Debug, Serialize, Deserialize)]
pub struct SealAudit {}

impl Job for SealAudit {
    const KIND: &'static str = "seal_audit";

    async fn run(self, state: AppState, run: Run) -> Result<Finished, JobError> {
        let vault = state.vault.clone();
        run.finish(move |tx| {
            if seal_in(tx, &vault)? == BATCH {
                enqueue_in(tx, &self, When::default())?;
            }
            forget_done_in::<Self>(tx)?;
            Ok::<_, JobError>(())
        })
        .await
    }
}

impl From<VaultError> for JobError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Db(error) => error.into(),
            other => Self::Failed(other.into()),
        }
    }
}

/// Seals some of what waits; how many.
fn seal_in(tx: &mut TenantTx<'_>, vault: &Vault) -> Result<i64, VaultError> {
    let owner = tx.tenant_id().0;
    let mut chain = hold_in(tx, vault, owner)?;
    // Read while the chain is held: what another sealer took is gone from here.
    let entries = repo::unsealed(tx, BATCH)?;
    if entries.is_empty() {
        return Ok(0);
    }
    let mut sealed = Vec::with_capacity(entries.len());
    for entry in &entries {
        let (sequence, seal) = chain.append(entry);
        sealed.push((sequence, seal, entry));
    }
    repo::insert_seals(tx, &sealed)?;
    repo::keep_ends(tx, owner, chain.ends(), &chain.mac())?;
    Ok(i64::try_from(entries.len()).unwrap_or(BATCH))
}

/// Deletes some entries from before this time, from the oldest on, and leaves a checkpoint that the
/// chain begins at from then on; how many. It stops before an entry that was tampered with.
pub fn purge(tx: &mut TenantTx<'_>, vault: &Vault, before: DateTime<Utc>, most: i64) -> Result<i64, VaultError> {
    let owner = tx.tenant_id().0;
    let mut chain = hold_in(tx, vault, owner)?;
    if !chain.is_intact() {
        tracing::error!(tenant = %owner, "an audit log is not purged: its end was tampered with");
        return Ok(0);
    }
    let (mut walk, begin) = (Walk::new(chain.key(), chain.ends()), chain.ends().purged_through);
    let (mut through, mut seal) = walk.reached();
    for link in repo::links(tx, owner, begin, most)? {
        let old = link.entry.as_ref().is_some_and(|entry| entry.created_at < before);
        if !old {
            break;
        }
        if walk.step(&link).is_some() {
            tracing::error!(tenant = %owner, "an audit log is purged up to where it was tampered with");
            break;
        }
        (through, seal) = walk.reached();
    }
    if through > begin {
        chain.purge(through, seal);
        repo::keep_ends(tx, owner, chain.ends(), &chain.mac())?;
        repo::delete_before(tx, through)?;
    }
    Ok(through - begin)
}

/// Calls for the sealing of what waits, every few seconds, and does not end.
pub async fn keep_planting(lane: WorkerLane, waker: Waker) {
    loop {
        match lane.statement(plant).await {
            Ok(planted) if planted > 0 => waker.wake(),
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "what waits for its seal can not be looked for"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// A job for each client whose log has something to seal; how many.
fn plant(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Planted {
        #[diesel(sql_type = sql_types::BigInt)]
        count: i64,
    }
    let planted = sql_query("SELECT plant_audit_seals($1) AS count").bind::<sql_types::Timestamptz, _>(now);
    Ok(planted.get_result::<Planted>(conn)?.count)
}
