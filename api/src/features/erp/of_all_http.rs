//! Routes under `/admin/erp-syncs`.

use super::{
    error::{SYNC_NOT_DISCARDABLE, SYNC_NOT_FAILED},
    of_all::{self, Wish},
};
use crate::{
    app::AppState,
    platform::{
        authn::PlatformCtx,
        http::{Access, Answer, ApiError, Body, IdPath, Position, Query, Route, problems::NOT_FOUND},
    },
};
use actix_web::web::Data;
use countinghouse_contract::{
    ErpSyncId, Page,
    admin::syncs::{ErpSyncsToRetry, RetryErpSyncs, TenantErpSync, TenantErpSyncLog, TenantErpSyncQuery},
    erp::DiscardErpSync,
};

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/admin/erp-syncs", Access::Superadmin, list)
            .about("What clients' ERPs were not told, or are about to be, of one client or all, newest first.")
            .refuses(&[NOT_FOUND]),
        Route::post("/admin/erp-syncs/retry", Access::Superadmin, retry_many)
            .about(
                "Sends again all that failed until now, or what failed for some reason; first says how many, if asked.",
            )
            .may_go_on()
            .refuses(&[NOT_FOUND]),
        Route::get("/admin/erp-syncs/{id}", Access::Superadmin, show).about(
            "One version of an order with each call that was made for it; its client's audit log says who looked.",
        ),
        Route::post("/admin/erp-syncs/{id}/retry", Access::Superadmin, retry)
            .about("Sends what failed for good once more, under its key, with all its attempts before it.")
            .refuses(&[SYNC_NOT_FAILED]),
        Route::post("/admin/erp-syncs/{id}/discard", Access::Superadmin, discard)
            .about("Gives up what failed for good, or waits: the ERP is not told of it.")
            .refuses(&[SYNC_NOT_DISCARDABLE]),
    ]
}

async fn list(
    state: Data<AppState>,
    ctx: PlatformCtx,
    query: Query<TenantErpSyncQuery>,
) -> Result<Answer<Page<TenantErpSync>>, ApiError> {
    let wish = Wish::listed(&query.0)?;
    let list = format!("erp syncs of all {wish:?}");
    let asked = state.cursors.page(&list, query.0.limit, query.0.cursor.as_deref())?;
    let rows = of_all::list(&state, &ctx, wish, asked).await?;
    let position = |row: &TenantErpSync| Position { created_at: row.sync.created_at, id: row.sync.sync_id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |row| row)))
}

async fn show(
    state: Data<AppState>,
    ctx: PlatformCtx,
    id: IdPath<ErpSyncId>,
) -> Result<Answer<TenantErpSyncLog>, ApiError> {
    Ok(Answer::ok(of_all::get(&state, &ctx, id.0).await?))
}

async fn retry(
    state: Data<AppState>,
    ctx: PlatformCtx,
    id: IdPath<ErpSyncId>,
) -> Result<Answer<TenantErpSync>, ApiError> {
    Ok(Answer::ok(of_all::retry(&state, &ctx, id.0).await?))
}

async fn discard(
    state: Data<AppState>,
    ctx: PlatformCtx,
    id: IdPath<ErpSyncId>,
    body: Body<DiscardErpSync>,
) -> Result<Answer<TenantErpSync>, ApiError> {
    Ok(Answer::ok(of_all::discard(&state, &ctx, id.0, body.0).await?))
}

async fn retry_many(
    state: Data<AppState>,
    ctx: PlatformCtx,
    body: Body<RetryErpSyncs>,
) -> Result<Answer<ErpSyncsToRetry>, ApiError> {
    let counted = of_all::retry_many(&state, &ctx, body.0).await?;
    Ok(if counted.dry_run { Answer::ok(counted) } else { Answer::accepted(counted) })
}
