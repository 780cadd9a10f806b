//! Routes under `/reports`.

use super::{aging, books, dashboard};
use crate::platform::{
    authn::TenantCtx,
    authz::Permission,
    http::{Access, Answer, ApiError, Query, Route},
    limits::RateClass,
};
use countinghouse_contract::{
    accounting::AsOfQuery,
    dashboard::Dashboard,
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
