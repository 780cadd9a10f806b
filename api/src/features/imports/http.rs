//! Routes under `/imports`.

use super::{
    error::TOO_MANY_IMPORTS,
    repo::position_of,
    service::{self, Way},
};
use crate::{
    app::AppState,
    features::accounting::check_as_of,
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{Access, Answer, ApiError, IdPath, Position, Query, Route, SheetUpload},
        limits::RateClass,
    },
};
use actix_web::web::Data;
use countinghouse_contract::{
    ImportId, Page,
    imports::{BalancesQuery, Import, ImportError, ImportKind, ImportMode, ImportQuery, ImportsQuery},
};

pub fn routes() -> Vec<Route> {
    let taken_in = |route: Route| route.creates().rate(RateClass::Upload).refuses(&[TOO_MANY_IMPORTS]);
    vec![
        taken_in(Route::post("/imports/products", Access::Needs(Permission::ProductsWrite), products))
            .about("Brings products in, by a file that is read soon: GET /imports/{id} says how far it is."),
        taken_in(Route::post("/imports/customers", Access::Needs(Permission::CustomersWrite), customers))
            .about("Brings customers in, by a file."),
        taken_in(Route::post("/imports/opening-stock", Access::Needs(Permission::InventoryWrite), opening_stock))
            .about("Brings in what lies on the shelves when the books begin, by a file."),
        taken_in(Route::post(
            "/imports/opening-balances",
            Access::Needs(Permission::AccountingWrite),
            opening_balances,
        ))
        .about("Brings in what the accounts held before, by a file, as one entry against 3900."),
        taken_in(Route::post("/imports/orders", Access::Needs(Permission::OrdersBackdate), orders))
            .about("Brings past orders in, a row for each line; it takes `orders:write` and `orders:price`, too."),
        Route::get("/imports", Access::Known, list)
            .about("Imports of the kinds that the caller may bring in, newest first."),
        Route::get("/imports/{id}", Access::Known, show).about("One import, and how far it is."),
        Route::get("/imports/{id}/errors", Access::Known, errors)
            .about("What is wrong with a file, in the order of its lines; the first thousand faults."),
    ]
}

async fn products(ctx: TenantCtx, query: Query<ImportQuery>, upload: SheetUpload) -> Result<Answer<Import>, ApiError> {
    take_in(&ctx, ImportKind::Products, query.0, upload).await
}

async fn customers(ctx: TenantCtx, query: Query<ImportQuery>, upload: SheetUpload) -> Result<Answer<Import>, ApiError> {
    take_in(&ctx, ImportKind::Customers, query.0, upload).await
}

async fn opening_stock(
    ctx: TenantCtx,
    query: Query<ImportQuery>,
    upload: SheetUpload,
) -> Result<Answer<Import>, ApiError> {
    take_in(&ctx, ImportKind::OpeningStock, query.0, upload).await
}

async fn orders(ctx: TenantCtx, query: Query<ImportQuery>, upload: SheetUpload) -> Result<Answer<Import>, ApiError> {
    take_in(&ctx, ImportKind::Orders, query.0, upload).await
}

async fn opening_balances(
    ctx: TenantCtx,
    query: Query<BalancesQuery>,
    upload: SheetUpload,
) -> Result<Answer<Import>, ApiError> {
    let BalancesQuery { date, dry_run } = query.0;
    check_as_of(date)?;
    let (kind, mode) = (ImportKind::OpeningBalances, ImportMode::AllOrNothing);
    answer(&ctx, Way { kind, mode, dry_run: dry_run.unwrap_or_default(), date }, upload).await
}

async fn take_in(
    ctx: &TenantCtx,
    kind: ImportKind,
    query: ImportQuery,
    upload: SheetUpload,
) -> Result<Answer<Import>, ApiError> {
    let ImportQuery { mode, dry_run } = query;
    let (mode, dry_run) = (mode.unwrap_or_default(), dry_run.unwrap_or_default());
    answer(ctx, Way { kind, mode, dry_run, date: None }, upload).await
}

async fn answer(ctx: &TenantCtx, way: Way, upload: SheetUpload) -> Result<Answer<Import>, ApiError> {
    let import = service::take_in(ctx, way, upload).await?;
    let location = format!("/api/v1/imports/{}", import.id);
    Ok(Answer::created(import).at(location))
}

async fn list(
    state: Data<AppState>,
    ctx: TenantCtx,
    query: Query<ImportsQuery>,
) -> Result<Answer<Page<Import>>, ApiError> {
    let ImportsQuery { limit, cursor } = query.0;
    let list = format!("imports {}", ctx.tenant_id());
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = service::list(&ctx, asked).await?;
    let position = |import: &Import| Position { created_at: import.created_at, id: import.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |import| import)))
}

async fn show(ctx: TenantCtx, id: IdPath<ImportId>) -> Result<Answer<Import>, ApiError> {
    Ok(Answer::ok(service::get(&ctx, id.0).await?))
}

async fn errors(
    state: Data<AppState>,
    ctx: TenantCtx,
    id: IdPath<ImportId>,
    query: Query<ImportsQuery>,
) -> Result<Answer<Page<ImportError>>, ApiError> {
    let ImportsQuery { limit, cursor } = query.0;
    let list = format!("import errors {} {}", ctx.tenant_id(), id.0);
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = service::errors(&ctx, id.0, asked).await?;
    let position = |(number, _): &(i64, ImportError)| position_of(*number);
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |(_, error)| error)))
}
