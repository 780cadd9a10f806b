//! What becomes of one sync beside being sent: by hand, or as the ERP says in a callback. Whoever calls these holds
//! the sync's order.

use super::{
    error::ErpError,
    repo::{configs, many, settling, syncs},
    sending::send_soon_in,
};
use crate::platform::{db::TenantTx, events};
use countinghouse_contract::{
    ErpSyncId, OrderId,
    erp::ErpSyncStatus,
    events::{ErpSyncSuccess, Event},
};

/// What the ERP says of an order that is not under way.
#[derive(Debug, Clone)]
pub enum Settled {
    Success,
    Failed { why: String },
}

/// Moves it on, and tells others; `false` where it stands so already, or is under way, or was discarded. Reference
/// and status of the ERP are written by the caller.
pub fn settle_in(tx: &mut TenantTx<'_>, id: ErpSyncId, settled: &Settled) -> Result<bool, ErpError> {
    let (status, error) = match settled {
        Settled::Success => (ErpSyncStatus::Success, None),
        Settled::Failed { why } => (ErpSyncStatus::Failed, Some(why.as_str())),
    };
    if !settling::settle(tx, id, status, error)? {
        return Ok(false);
    }
    let sync = settling::find(tx, id)?.ok_or(ErpError::NotFound)?;
    syncs::mark_synced(tx, &[sync.order])?;
    let told = match settled {
        Settled::Success => {
            Event::ErpSyncSuccess(ErpSyncSuccess { sync: sync.told(), erp_reference: sync.erp_reference.clone() })
        }
        Settled::Failed { .. } => Event::ErpSyncFailed(sync.told()),
    };
    follow_in(tx, sync.order)?;
    events::record_in(tx, &[told])?;
    Ok(true)
}

/// Sends it again, if it failed for good.
pub fn retry_in(tx: &mut TenantTx<'_>, id: ErpSyncId) -> Result<bool, ErpError> {
    let settings = configs::find(tx)?.unwrap_or_default();
    let again = many::retry(tx, &[id], settings.max_attempts)? == 1;
    if again {
        send_soon_in(tx, tx.now())?;
    }
    Ok(again)
}

/// Gives it up, unless it is under way or the ERP has it.
pub fn discard_in(tx: &mut TenantTx<'_>, id: ErpSyncId, order: OrderId, reason: &str) -> Result<bool, ErpError> {
    let discarded = settling::discard(tx, id, reason)?;
    if discarded {
        follow_in(tx, order)?;
    }
    Ok(discarded)
}

/// Versions of the order that waited for one that is settled now are sent.
pub fn follow_in(tx: &mut TenantTx<'_>, order: OrderId) -> Result<(), ErpError> {
    if syncs::bring_forward(tx, &[order])? {
        send_soon_in(tx, tx.now())?;
    }
    Ok(())
}
