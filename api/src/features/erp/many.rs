//! Sending again what failed of one client, some at a time, as a superadmin asked for.

use super::{
    error::ErpError,
    repo::{configs, many},
    sending::send_soon_in,
};
use crate::{
    app::AppState,
    features::orders,
    platform::{
        audit::{Action, Actor, Entry, record_as_in},
        db::TenantTx,
        ids::Ids,
        jobs::{Finished, Job, JobError, Run},
    },
};
use chrono::{DateTime, Utc};
use countinghouse_contract::SuperadminId;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Orders that are held in one transaction.
const BATCH: i64 = 100;

/// What failed until somebody asked, and for this reason, if they gave one. What fails again since is not tried a
/// second time, so it comes to an end, whoever takes it up again after a crash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RetryFailedSyncs {
    superadmin: SuperadminId,
    until: DateTime<Utc>,
    error_contains: Option<String>,
}

impl RetryFailedSyncs {
    pub fn new(superadmin: SuperadminId, until: DateTime<Utc>, error_contains: Option<String>) -> Self {
        Self { superadmin, until, error_contains }
    }

    /// Whether there may be more.
    fn retry_some_in(&self, tx: &mut TenantTx<'_>, ids: &Ids, job: &str) -> Result<bool, ErpError> {
        let settings = configs::find(tx)?.unwrap_or_default();
        let (found, of) = many::failed(tx, self.until, self.error_contains.as_deref(), BATCH)?;
        orders::hold_in(tx, &of)?;
        let retried = many::retry(tx, &found, settings.max_attempts)?;
        if retried > 0 {
            send_soon_in(tx, tx.now())?;
            let (tenant, actor) = (tx.tenant_id(), Actor::Superadmin(self.superadmin));
            let entry = Entry::new(Action::ErpSyncsRetried, job);
            let done = json!({"count": retried, "error_contains": self.error_contains});
            record_as_in(tx, ids, tenant, actor, entry.after(done))?;
        }
        Ok(i64::try_from(found.len()).unwrap_or(i64::MAX) >= BATCH)
    }
}

impl Job for RetryFailedSyncs {
    const KIND: &'static str = "retry_failed_syncs";

    async fn run(self, state: AppState, run: Run) -> Result<Finished, JobError> {
        let job = run.claim().job().to_string();
        loop {
            let (this, ids, job) = (self.clone(), state.ids.clone(), job.clone());
            let some = run.transaction(move |tx| this.retry_some_in(tx, &ids, &job)).await;
            if !some.map_err(anyhow::Error::from)? {
                return run.finish(|_| Ok(())).await;
            }
        }
    }
}
