//! How orders stand on their way to the ERP, and what was said on the way.

use super::{
    breaker::State,
    error::ErpError,
    repo::{callbacks, lists},
    turn::link_state_in,
};
use crate::platform::{
    authn::TenantCtx,
    db::{Named, TenantTx},
    http::{Dates, Invalid, PageRequest, Text},
};
use countinghouse_contract::{
    ErpSyncId,
    erp::{ErpBreaker, ErpBreakerState, ErpQueue, ErpStatus, ErpSync, ErpSyncLog, ErpSyncQuery, ErpSyncStatus},
};

pub use lists::Filter;

const ORDER_NUMBER: Text = Text::line(1..=64);

/// What a query asks for; the rest of it is the page.
pub fn filter(query: &ErpSyncQuery, time_zone: &str) -> Result<Filter, Invalid> {
    let mut invalid = Invalid::default();
    invalid.optional_text("/order_number", query.order_number.as_deref(), &ORDER_NUMBER);
    invalid.finish()?;
    Ok(Filter {
        status: query.status,
        order_number: query.order_number.clone(),
        dates: Dates::new(query.from, query.to, time_zone)?,
    })
}

pub async fn list(ctx: &TenantCtx, filter: Filter, asked: PageRequest) -> Result<Vec<ErpSync>, ErpError> {
    Ok(ctx.read(move |tx| lists::list(tx, &filter, asked)).await?)
}

pub async fn get(ctx: &TenantCtx, id: ErpSyncId) -> Result<ErpSyncLog, ErpError> {
    ctx.read(move |tx| get_in(tx, id)).await
}

pub fn get_in(tx: &mut TenantTx<'_>, id: ErpSyncId) -> Result<ErpSyncLog, ErpError> {
    let sync = lists::find(tx, id)?.ok_or(ErpError::NotFound)?;
    Ok(ErpSyncLog { sync, log: lists::attempts_of(tx, id)?, callbacks: callbacks::of_sync(tx, id)? })
}

/// How the link stands: whether anything is sent, and what waits.
pub async fn link(ctx: &TenantCtx) -> Result<ErpStatus, ErpError> {
    let state = ctx.read(link_state_in).await?;
    let count = |status: ErpSyncStatus| state.syncs.get(status.name()).copied().unwrap_or_default();
    Ok(ErpStatus {
        enabled: state.enabled,
        breaker: ErpBreaker {
            state: match state.state {
                State::Closed => ErpBreakerState::Closed,
                State::Open => ErpBreakerState::Open,
                State::HalfOpen => ErpBreakerState::HalfOpen,
            },
            failures: state.breaker.failures.into(),
            failing_since: state.breaker.failing_since,
            open_until: state.breaker.open_until,
        },
        queue: ErpQueue {
            pending: count(ErpSyncStatus::Pending),
            queued: count(ErpSyncStatus::Queued),
            in_progress: count(ErpSyncStatus::InProgress),
            failed: count(ErpSyncStatus::Failed),
            oldest_due: state.oldest_due,
        },
    })
}

/// Of the last version of an order.
pub async fn status(ctx: &TenantCtx, order_number: String) -> Result<ErpSync, ErpError> {
    // What no order is called is not looked for.
    let mut form = Invalid::default();
    form.text("/order_number", &order_number, &ORDER_NUMBER);
    if form.finish().is_err() {
        return Err(ErpError::NotFound);
    }
    ctx.read(move |tx| lists::last_of(tx, &order_number)?.ok_or(ErpError::NotFound)).await
}
