//! Routes under `/reports`, and superadmins' reports.

use super::{aging, books, dashboard};
use crate::{
    app::AppState,
    platform::{
        authn::{PlatformCtx, TenantCtx},
        authz::Permission,
        http::{Access, Answer, ApiError, Query, Route},
        limits::RateClass,
    },
};
use actix_web::web::{Data, Path};
use countinghouse_contract::{
    accounting::AsOfQuery,
    dashboard::{Dashboard, ServiceDashboard},
    reports::{BalanceSheet, ProfitLoss, ProfitLossQuery, StockAging},
};

pub fn routes() -> Vec<Route> {
    let read = Access::Needs(Permission::ReportsRead);
    vec![
        Route::get("/reports/profit-loss", read, profit_loss)
            .about("What was earned in these days.")
            .rate(RateClass::Report),
        Route::get("/reports/balance-sheet", read, balance_sheet)
            .about("What the client has and owes at the end of a day.")
            .rate(RateClass::Report),
        Route::get("/reports/stock-aging", read, stock_aging)
            .about("How long what is on hand has been there.")
            .rate(RateClass::Report),
        Route::get("/reports/dashboard", read, own_dashboard)
            .about("How the client is doing: today, this week and month, and the last 30 days.")
            .rate(RateClass::Report),
        Route::get("/admin/reports/dashboard", Access::Superadmin, dashboard_of_service)
            .about("How all clients are doing, one by one and together by currency.")
            .rate(RateClass::Report),
        Route::get("/admin/tenants/{slug}/reports/dashboard", Access::Superadmin, dashboard_of_client)
            .about("How one client is doing, as it sees it itself; its audit log says who looked.")
            .rate(RateClass::Report),
    ]
}

async fn profit_loss(ctx: TenantCtx, query: Query<ProfitLossQuery>) -> Result<Answer<ProfitLoss>, ApiError> {
    Ok(Answer::ok(books::profit_loss(&ctx, query.0.from, query.0.to).await?))
}

async fn balance_sheet(ctx: TenantCtx, query: Query<AsOfQuery>) -> Result<Answer<BalanceSheet>, ApiError> {
    Ok(Answer::ok(books::balance_sheet(&ctx, query.0.as_of).await?))
}

async fn stock_aging(ctx: TenantCtx, query: Query<AsOfQuery>) -> Result<Answer<StockAging>, ApiError> {
    Ok(Answer::ok(aging::stock_aging(&ctx, query.0.as_of).await?))
}

async fn own_dashboard(ctx: TenantCtx) -> Result<Answer<Dashboard>, ApiError> {
    Ok(Answer::ok(dashboard::own(&ctx).await?))
}

async fn dashboard_of_service(state: Data<AppState>, ctx: PlatformCtx) -> Result<Answer<ServiceDashboard>, ApiError> {
    Ok(Answer::ok(dashboard::of_service(&state, &ctx).await?))
}

async fn dashboard_of_client(
    state: Data<AppState>,
    ctx: PlatformCtx,
    slug: Path<String>,
) -> Result<Answer<Dashboard>, ApiError> {
    Ok(Answer::ok(dashboard::of_client(&state, &ctx, slug.into_inner()).await?))
}
