//! Routes by which people have orders sent now.

use super::{
    asking::{self, Asked, Wish},
    error::NOT_LINKED,
};
use crate::{
    features::orders::NOT_INVOICED,
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{Access, Answer, ApiError, Body, Route, problems},
    },
};
use countinghouse_contract::erp::{ErpRun, OrderSync, SyncOrder};

pub fn routes() -> Vec<Route> {
    let (sync, resync) = (Access::Needs(Permission::ErpSync), Access::Needs(Permission::ErpResync));
    vec![
        Route::post("/erp/sync-order", sync, sync_order)
            .about("Sends the ERP what it lacks of an order, and waits for that; 202 where it goes on.")
            .may_go_on()
            .refuses(&[problems::NOT_FOUND, NOT_LINKED, NOT_INVOICED]),
        Route::post("/erp/resync-order", resync, resync_order)
            .about("Sends the ERP an order once more, as it stands, and waits for that; 202 where it goes on.")
            .may_go_on()
            .refuses(&[problems::NOT_FOUND, NOT_LINKED, NOT_INVOICED]),
        Route::post("/erp/run", sync, run)
            .about("Sends now what waits for the cron, a hundred orders at most.")
            .refuses(&[NOT_LINKED]),
    ]
}

async fn sync_order(ctx: TenantCtx, body: Body<SyncOrder>) -> Result<Answer<OrderSync>, ApiError> {
    Ok(answer(asking::ask(&ctx, Wish::Sync, body.0.order_number).await?))
}

async fn resync_order(ctx: TenantCtx, body: Body<SyncOrder>) -> Result<Answer<OrderSync>, ApiError> {
    Ok(answer(asking::ask(&ctx, Wish::Resync, body.0.order_number).await?))
}

async fn run(ctx: TenantCtx) -> Result<Answer<ErpRun>, ApiError> {
    Ok(Answer::ok(asking::run_now(&ctx).await?))
}

fn answer(asked: Asked) -> Answer<OrderSync> {
    if asked.goes_on { Answer::accepted(asked.sync) } else { Answer::ok(asked.sync) }
}
