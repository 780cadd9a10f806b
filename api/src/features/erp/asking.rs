//! An order that somebody wants the ERP to have now, and who waits to see it there; and the cron's work on demand.

use super::{
    cron::release_in,
    error::ErpError,
    repo::{
        configs,
        settling::{self, Found},
    },
    sending::send_soon_in,
};
use crate::{
    features::orders,
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        db::TenantTx,
        http::{Invalid, Text},
    },
};
use countinghouse_contract::{
    ErpSyncId, OrderId,
    erp::{ErpRun, ErpSyncCause, ErpSyncStatus, OrderSync},
};
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const ORDER_NUMBER: Text = Text::line(1..=30);
/// Somebody is waited for no longer than this, however patient the link is with its ERP: proxies give up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked at: seldom, where it takes long.
const FIRST_LOOK: Duration = Duration::from_millis(25);
const LAST_LOOK: Duration = Duration::from_millis(500);

/// How an order is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// What the ERP lacks of it.
    Sync,
    /// All of it, once more.
    Resync,
}

/// An order on its way, as far as it came.
pub struct Asked {
    pub sync: OrderSync,
    /// Nobody waited for its end.
    pub goes_on: bool,
}

/// Has the order sent and waits until that has ended, for as long as the link waits for its ERP. Whoever sends a key
/// waits for nothing: the answer is kept with the order's being asked for, in one transaction.
pub async fn ask(ctx: &TenantCtx, wish: Wish, order_number: String) -> Result<Asked, ErpError> {
    let mut invalid = Invalid::default();
    invalid.text("/order_number", &order_number, &ORDER_NUMBER);
    invalid.finish()?;
    let number = orders::order_number_of(&order_number).ok_or(ErpError::NotFound)?;
    let (begun, patience) = ctx.transaction(move |tx| begin_in(tx, wish, number)).await?;
    let (id, attempts) = (begun.id, begun.attempts);
    if is_over(&begun, attempts) || ctx.answers_once() {
        return Ok(shown(begun, attempts));
    }
    let (until, mut pause) = (Instant::now() + patience.min(PATIENCE), FIRST_LOOK);
    loop {
        sleep(pause.min(until.saturating_duration_since(Instant::now()))).await;
        let seen = ctx.read(move |tx| settling::find(tx, id)?.ok_or(ErpError::NotFound)).await?;
        if is_over(&seen, attempts) || Instant::now() >= until {
            return Ok(shown(seen, attempts));
        }
        pause = (pause * 2).min(LAST_LOOK);
    }
}

/// Lets what is queued go.
pub async fn run_now(ctx: &TenantCtx) -> Result<ErpRun, ErpError> {
    ctx.transaction(|tx| {
        if !configs::find(tx)?.is_some_and(|settings| settings.enabled) {
            return Err(ErpError::NotLinked);
        }
        let released = release_in(tx)?;
        record_in(tx, Entry::new(Action::ErpRun, tx.tenant_id()).after(json!({"released": released})))?;
        Ok(ErpRun { released })
    })
    .await
}

/// Its sync, which is due now or has ended, and how long the link waits.
fn begin_in(tx: &mut TenantTx<'_>, wish: Wish, number: i64) -> Result<(Found, Duration), ErpError> {
    let settings = configs::find(tx)?.filter(|settings| settings.enabled).ok_or(ErpError::NotLinked)?;
    let id = orders::find_number_in(tx, number)?.ok_or(ErpError::NotFound)?;
    let order = orders::lock_in(tx, id)?.ok_or(ErpError::NotFound)?;
    if order.invoice.is_none() {
        return Err(ErpError::NotInvoiced);
    }
    let newest = settling::newest(tx, id)?;
    let sync = match (wish, &newest) {
        (Wish::Sync, Some(found)) if stands(found, order.erp_synced) => found.id,
        _ => {
            let cause = if wish == Wish::Sync { ErpSyncCause::Request } else { ErpSyncCause::Resync };
            let after = newest.map_or(0, |newest| newest.order_version);
            settling::insert(tx, id, &order.number_text(), after, cause, settings.max_attempts)?
        }
    };
    settling::hurry(tx, sync)?;
    send_soon_in(tx, tx.now())?;
    let action = if wish == Wish::Sync { Action::ErpSyncAsked } else { Action::ErpSyncForced };
    record_in(tx, asked_for(action, id, sync))?;
    let found = settling::find(tx, sync)?.ok_or(ErpError::NotFound)?;
    Ok((found, Duration::from_secs(u64::try_from(settings.timeout_seconds).unwrap_or_default())))
}

/// Whether the last version says how the order stands, or will.
fn stands(newest: &Found, synced: bool) -> bool {
    match newest.status {
        ErpSyncStatus::Success => synced,
        ErpSyncStatus::Discarded => false,
        ErpSyncStatus::Pending | ErpSyncStatus::Queued | ErpSyncStatus::InProgress | ErpSyncStatus::Failed => true,
    }
}

fn asked_for(action: Action, order: OrderId, sync: ErpSyncId) -> Entry {
    Entry::new(action, order).after(json!({"sync_id": sync}))
}

/// It ended, or an attempt did that is made again later.
fn is_over(sync: &Found, attempts: i32) -> bool {
    match sync.status {
        ErpSyncStatus::Success | ErpSyncStatus::Failed | ErpSyncStatus::Discarded => true,
        ErpSyncStatus::Pending => sync.attempts > attempts,
        ErpSyncStatus::Queued | ErpSyncStatus::InProgress => false,
    }
}

fn shown(sync: Found, attempts: i32) -> Asked {
    let message = match sync.status {
        ErpSyncStatus::Success => sync.warning.clone().unwrap_or_else(|| "The ERP has the order.".to_owned()),
        ErpSyncStatus::Failed => "It failed for good: retry or discard it, or send the order once more.".to_owned(),
        ErpSyncStatus::Discarded => "It was given up.".to_owned(),
        ErpSyncStatus::Pending if is_over(&sync, attempts) => "It did not go, and is tried again.".to_owned(),
        ErpSyncStatus::Pending | ErpSyncStatus::Queued | ErpSyncStatus::InProgress => "It is on its way.".to_owned(),
    };
    Asked {
        goes_on: !is_over(&sync, attempts),
        sync: OrderSync {
            success: sync.status == ErpSyncStatus::Success,
            sync_id: sync.id,
            order_number: sync.order_number,
            status: sync.status,
            message,
            erp_reference: sync.erp_reference,
            attempts: sync.attempts.into(),
            last_error: sync.last_error,
        },
    }
}
