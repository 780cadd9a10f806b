//! Routes under `/erp`.

use super::{
    callbacks, config,
    error::{REFERENCE_MISMATCH, SYNC_NOT_DISCARDABLE, SYNC_NOT_FAILED},
    hands, lists, mock_stock, trying,
};
use crate::{
    app::AppState,
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{
            Access, Answer, ApiError, Body, IdPath, IfMatch, Position, Query, Route, SignedBody, problems::NOT_FOUND,
        },
        limits::RateClass,
    },
};
use actix_web::web::{Data, Path};
use countinghouse_contract::{
    ErpSyncId, Page,
    erp::{
        DiscardErpSync, ErpCallback, ErpCallbackTaken, ErpConfig, ErpConfigTest, ErpConfigTested, ErpStatus, ErpSync,
        ErpSyncLog, ErpSyncQuery, MockStockUpdate, MockStockUpdated, NewErpConfig,
    },
};

pub fn routes() -> Vec<Route> {
    let [config, view, manage] =
        [Permission::ErpConfig, Permission::ErpViewStatus, Permission::ErpManage].map(Access::Needs);
    vec![
        Route::get("/erp/config", config, show_config).about("Where the client's ERP is, and how it is treated."),
        Route::put("/erp/config", config, set_config)
            .about("Sets it, as a whole but for secrets; a change acts on what is sent from then on."),
        Route::post("/erp/config/test", config, test_config)
            .about("Calls the ERP, with what is set or given, and says what is wrong; nothing is changed there or here.")
            .rate(RateClass::Report)
            .not_replayed("it shows how the ERP answers now"),
        Route::get("/erp/status", view, link).about("Whether anything is sent to the ERP just now, and what waits."),
        Route::get("/erp/syncs", view, list).about("What the ERP is told, or will be, newest first."),
        Route::get("/erp/syncs/{id}", view, show)
            .about("One version of an order, with each call that was made for it, and what the ERP told by itself."),
        Route::post("/erp/syncs/{id}/retry", manage, retry)
            .about("Sends what failed for good once more, under its key, with all its attempts before it.")
            .refuses(&[SYNC_NOT_FAILED]),
        Route::post("/erp/syncs/{id}/discard", manage, discard)
            .about("Gives up what failed for good, or waits: the ERP is not told of it.")
            .refuses(&[SYNC_NOT_DISCARDABLE]),
        Route::get("/erp/sync-status/{order_number}", view, status)
            .about("How the last version of an order stands on its way to the ERP."),
        Route::post("/erp/webhook/{client_slug}", Access::Public, receive)
            .about("For the client's ERP: what became of an order there, signed with the secret that both know.")
            .refuses(&[NOT_FOUND, REFERENCE_MISMATCH]),
        Route::post("/erp/mock-update-stock", Access::Public, mock_update_stock)
            .about("Answers like an ERP that is told of goods that left; nothing is changed. Only where it is switched on.")
            .refuses(&[NOT_FOUND]),
    ]
}

async fn show_config(ctx: TenantCtx) -> Result<Answer<ErpConfig>, ApiError> {
    Ok(with_version(config::get(&ctx).await?))
}

async fn set_config(
    state: Data<AppState>,
    ctx: TenantCtx,
    if_match: IfMatch,
    body: Body<NewErpConfig>,
) -> Result<Answer<ErpConfig>, ApiError> {
    Ok(with_version(config::set(&state, &ctx, if_match, body.0).await?))
}

async fn test_config(
    state: Data<AppState>,
    ctx: TenantCtx,
    body: Body<ErpConfigTest>,
) -> Result<Answer<ErpConfigTested>, ApiError> {
    Ok(Answer::ok(trying::test(&state, &ctx, body.0).await?))
}

async fn link(ctx: TenantCtx) -> Result<Answer<ErpStatus>, ApiError> {
    Ok(Answer::ok(lists::link(&ctx).await?))
}

async fn retry(ctx: TenantCtx, id: IdPath<ErpSyncId>) -> Result<Answer<ErpSync>, ApiError> {
    Ok(Answer::ok(hands::retry(&ctx, id.0).await?))
}

async fn discard(
    ctx: TenantCtx,
    id: IdPath<ErpSyncId>,
    body: Body<DiscardErpSync>,
) -> Result<Answer<ErpSync>, ApiError> {
    Ok(Answer::ok(hands::discard(&ctx, id.0, body.0).await?))
}

async fn mock_update_stock(
    state: Data<AppState>,
    body: Body<MockStockUpdate>,
) -> Result<Answer<MockStockUpdated>, ApiError> {
    Ok(Answer::ok(mock_stock::update(&state, body.0)?))
}

async fn list(
    state: Data<AppState>,
    ctx: TenantCtx,
    query: Query<ErpSyncQuery>,
) -> Result<Answer<Page<ErpSync>>, ApiError> {
    let filter = lists::filter(&query.0, &ctx.principal().time_zone)?;
    let list = format!("erp syncs {} {filter:?}", ctx.tenant_id());
    let asked = state.cursors.page(&list, query.0.limit, query.0.cursor.as_deref())?;
    let rows = lists::list(&ctx, filter, asked).await?;
    let position = |sync: &ErpSync| Position { created_at: sync.created_at, id: sync.sync_id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |sync| sync)))
}

async fn show(ctx: TenantCtx, id: IdPath<ErpSyncId>) -> Result<Answer<ErpSyncLog>, ApiError> {
    Ok(Answer::ok(lists::get(&ctx, id.0).await?))
}

async fn status(ctx: TenantCtx, order_number: Path<String>) -> Result<Answer<ErpSync>, ApiError> {
    Ok(Answer::ok(lists::status(&ctx, order_number.into_inner()).await?))
}

async fn receive(
    state: Data<AppState>,
    slug: Path<String>,
    message: SignedBody<ErpCallback>,
) -> Result<Answer<ErpCallbackTaken>, ApiError> {
    Ok(Answer::ok(callbacks::receive(&state, slug.into_inner(), message).await?))
}

fn with_version(config: ErpConfig) -> Answer<ErpConfig> {
    let version = config.version;
    Answer::ok(config).version(version)
}
