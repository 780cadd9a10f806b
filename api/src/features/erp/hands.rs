//! What people do with a version of an order that does not arrive by itself.

use super::{
    error::ErpError,
    repo::{callbacks, lists},
    syncing::{discard_in, retry_in},
};
use crate::platform::{
    audit::{Action, Entry, record_in},
    authn::TenantCtx,
    db::TenantTx,
    http::{Invalid, Text},
};
use countinghouse_contract::{
    ErpSyncId,
    erp::{DiscardErpSync, ErpSync},
};
use serde_json::json;

const REASON: Text = Text::line(1..=500);

/// Sends it again, with all its attempts before it, under the same key: of what failed for good.
pub async fn retry(ctx: &TenantCtx, id: ErpSyncId) -> Result<ErpSync, ErpError> {
    ctx.transaction(move |tx| retried_in(tx, id)).await
}

pub fn retried_in(tx: &mut TenantTx<'_>, id: ErpSyncId) -> Result<ErpSync, ErpError> {
    let before = hold(tx, id)?;
    if !retry_in(tx, id)? {
        return Err(ErpError::NotFailed);
    }
    let was = json!({"status": before.status, "attempts": before.attempts, "last_error": before.last_error});
    record_in(tx, Entry::new(Action::ErpSyncRetried, id).before(was).after(named(&before)))?;
    lists::find(tx, id)?.ok_or(ErpError::NotFound)
}

/// Gives it up, with a reason: of what failed for good, or waits.
pub async fn discard(ctx: &TenantCtx, id: ErpSyncId, input: DiscardErpSync) -> Result<ErpSync, ErpError> {
    let reason = checked(input)?;
    ctx.transaction(move |tx| discarded_in(tx, id, &reason)).await
}

/// The reason, if it is one.
pub fn checked(input: DiscardErpSync) -> Result<String, ErpError> {
    let mut invalid = Invalid::default();
    invalid.text("/reason", &input.reason, &REASON);
    invalid.finish()?;
    Ok(input.reason)
}

pub fn discarded_in(tx: &mut TenantTx<'_>, id: ErpSyncId, reason: &str) -> Result<ErpSync, ErpError> {
    let before = hold(tx, id)?;
    if !discard_in(tx, id, before.order_id, reason)? {
        return Err(ErpError::NotDiscardable);
    }
    let was = json!({"status": before.status, "attempts": before.attempts, "outcome_unknown": before.outcome_unknown});
    let entry = Entry::new(Action::ErpSyncDiscarded, id).before(was).after(named(&before));
    record_in(tx, entry.noting("reason", json!(reason)))?;
    lists::find(tx, id)?.ok_or(ErpError::NotFound)
}

/// One whose order nobody else changes until the transaction ends, as it stands then.
fn hold(tx: &mut TenantTx<'_>, id: ErpSyncId) -> Result<ErpSync, ErpError> {
    let order = lists::find(tx, id)?.ok_or(ErpError::NotFound)?.order_id;
    callbacks::lock_versions(tx, order)?;
    lists::find(tx, id)?.ok_or(ErpError::NotFound)
}

fn named(sync: &ErpSync) -> serde_json::Value {
    json!({"order_id": sync.order_id, "order_number": sync.order_number, "order_version": sync.order_version})
}
