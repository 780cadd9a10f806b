//! Routes under `/products`.

use super::{error::SKU_TAKEN, model::Product, service};
use crate::{
    app::AppState,
    features::accounting::PERIOD_CLOSED,
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{Access, Answer, ApiError, Body, IdPath, IfMatch, Position, Query, Route, no_content, problems},
    },
};
use actix_web::{HttpResponse, web::Data};
use countinghouse_contract::{
    Page, ProductId,
    products::{self, NewProduct, ProductPatch, ProductQuery},
};

pub fn routes() -> Vec<Route> {
    let (read, write) = (Access::Needs(Permission::ProductsRead), Access::Needs(Permission::ProductsWrite));
    vec![
        Route::get("/products", read, list).about("Products, newest first."),
        Route::post("/products", write, create)
            .about("Enters a product, with the stock that lies there already.")
            .creates()
            .refuses(&[SKU_TAKEN, PERIOD_CLOSED, problems::CURRENCY_CHANGED]),
        Route::get("/products/{id}", read, show).about("One product with its stock."),
        Route::patch("/products/{id}", write, change)
            .about("Changes what the body names and leaves the rest.")
            .refuses(&[SKU_TAKEN, problems::CURRENCY_CHANGED]),
        Route::delete("/products/{id}", write, archive).about("Archives a product; its SKU stays taken."),
    ]
}

async fn list(
    state: Data<AppState>,
    ctx: TenantCtx,
    query: Query<ProductQuery>,
) -> Result<Answer<Page<products::Product>>, ApiError> {
    let ProductQuery { q, sku, active, low_stock, limit, cursor } = query.0;
    let filter = service::Filter::new(q, sku, active, low_stock)?;
    let list = format!("products {} {filter:?}", ctx.tenant_id());
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = service::list(&ctx, filter, asked).await?;
    let position = |product: &Product| Position { created_at: product.created_at, id: product.id.0 };
    let costs = sees_costs(&ctx);
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |product| product.into_wire(costs))))
}

async fn create(ctx: TenantCtx, body: Body<NewProduct>) -> Result<Answer<products::Product>, ApiError> {
    let product = service::create(&ctx, body.0).await?;
    let location = format!("/api/v1/products/{}", product.id);
    Ok(answer(&ctx, product, Answer::created).at(location))
}

async fn show(ctx: TenantCtx, id: IdPath<ProductId>) -> Result<Answer<products::Product>, ApiError> {
    let product = service::get(&ctx, id.0).await?;
    Ok(answer(&ctx, product, Answer::ok))
}

async fn change(
    ctx: TenantCtx,
    id: IdPath<ProductId>,
    if_match: IfMatch,
    body: Body<ProductPatch>,
) -> Result<Answer<products::Product>, ApiError> {
    let product = service::change(&ctx, id.0, if_match, body.0).await?;
    Ok(answer(&ctx, product, Answer::ok))
}

async fn archive(ctx: TenantCtx, id: IdPath<ProductId>, if_match: IfMatch) -> Result<HttpResponse, ApiError> {
    service::archive(&ctx, id.0, if_match).await?;
    Ok(no_content())
}

fn sees_costs(ctx: &TenantCtx) -> bool {
    ctx.may(Permission::CostsRead)
}

fn answer(
    ctx: &TenantCtx,
    product: Product,
    make: fn(products::Product) -> Answer<products::Product>,
) -> Answer<products::Product> {
    let version = product.version;
    make(product.into_wire(sees_costs(ctx))).version(version)
}
