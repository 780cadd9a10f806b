//! Routes under `/exports`.

use super::{
    repo::{CustomerRow, Export, JournalRow, MovementRow, OrderRow, Period, ProductRow},
    service,
};
use crate::{
    app::AppState,
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{Access, ApiError, FileAnswer, Query, Route},
        limits::RateClass,
    },
};
use actix_web::web::Data;
use countinghouse_contract::exports::{DatedExportQuery, ExportQuery};

pub fn routes() -> Vec<Route> {
    let needs = Access::Needs;
    vec![
        Route::get("/exports/products", needs(Permission::ProductsRead), products)
            .about("All products with their stock, by SKU, as a file.")
            .rate(RateClass::Report),
        Route::get("/exports/customers", needs(Permission::CustomersRead), customers)
            .about("All customers, newest first, as a file.")
            .rate(RateClass::Report),
        Route::get("/exports/orders", needs(Permission::OrdersRead), orders)
            .about("Orders, newest first, a row for each line; what concerns a whole order stands in its first.")
            .rate(RateClass::Report),
        Route::get("/exports/movements", needs(Permission::InventoryRead), movements)
            .about("What moved stock, newest first, as a file.")
            .rate(RateClass::Report),
        Route::get("/exports/journal", needs(Permission::AccountingRead), journal)
            .about("The journal, newest entry first, a row for each line, as a file.")
            .rate(RateClass::Report),
    ]
}

async fn products(state: Data<AppState>, ctx: TenantCtx, query: Query<ExportQuery>) -> Result<FileAnswer, ApiError> {
    undated::<ProductRow>(&state, &ctx, query.0).await
}

async fn customers(state: Data<AppState>, ctx: TenantCtx, query: Query<ExportQuery>) -> Result<FileAnswer, ApiError> {
    undated::<CustomerRow>(&state, &ctx, query.0).await
}

async fn orders(state: Data<AppState>, ctx: TenantCtx, query: Query<DatedExportQuery>) -> Result<FileAnswer, ApiError> {
    dated::<OrderRow>(&state, &ctx, query.0).await
}

async fn movements(
    state: Data<AppState>,
    ctx: TenantCtx,
    query: Query<DatedExportQuery>,
) -> Result<FileAnswer, ApiError> {
    dated::<MovementRow>(&state, &ctx, query.0).await
}

async fn journal(
    state: Data<AppState>,
    ctx: TenantCtx,
    query: Query<DatedExportQuery>,
) -> Result<FileAnswer, ApiError> {
    dated::<JournalRow>(&state, &ctx, query.0).await
}

async fn undated<R: Export>(state: &AppState, ctx: &TenantCtx, query: ExportQuery) -> Result<FileAnswer, ApiError> {
    service::export::<R>(state, ctx, query.format.unwrap_or_default(), Period::default()).await
}

async fn dated<R: Export>(state: &AppState, ctx: &TenantCtx, query: DatedExportQuery) -> Result<FileAnswer, ApiError> {
    let period = Period::new(query.from, query.to, &ctx.principal().time_zone)?;
    service::export::<R>(state, ctx, query.format.unwrap_or_default(), period).await
}
