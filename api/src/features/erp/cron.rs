//! What is queued goes at set times, or when somebody asks for it: some at a time, the oldest first.

use super::{
    repo::{syncs, turns},
    sending::send_soon_in,
};
use crate::{
    app::AppState,
    platform::{
        db::{DbError, TenantTx},
        jobs::{Finished, Job, JobError, Run},
    },
};
use serde::{Deserialize, Serialize};

/// In one run.
const MOST: i64 = 100;

/// The cron's work, at the times that the client has set.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReleaseErpSyncs {}

impl Job for ReleaseErpSyncs {
    const KIND: &'static str = "release_erp_syncs";

    async fn run(self, _: AppState, run: Run) -> Result<Finished, JobError> {
        run.finish(|tx| Ok::<_, JobError>(release_in(tx).map(drop)?)).await
    }
}

/// Lets what was queued go; how many. Of a link that is switched off, none.
pub fn release_in(tx: &mut TenantTx<'_>) -> Result<i64, DbError> {
    if !turns::find(tx)?.is_some_and(|turn| turn.enabled) {
        return Ok(0);
    }
    let released = syncs::release(tx, MOST)?;
    if released > 0 {
        send_soon_in(tx, tx.now())?;
    }
    Ok(released)
}
