//! Routes under `/orders`.

use super::{
    error::OrderError,
    model::Order,
    service::{self, Filter},
};
use crate::{
    app::AppState,
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{Access, Answer, ApiError, Body, IdPath, Position, Query, Route},
    },
};
use actix_web::web::Data;
use countinghouse_contract::{
    OrderId, Page,
    orders::{self, NewOrder, OrderQuery},
};

pub fn routes() -> Vec<Route> {
    let (read, write) = (Access::Needs(Permission::OrdersRead), Access::Needs(Permission::OrdersWrite));
    vec![
        Route::get("/orders", read, list).with_query(),
        Route::post("/orders", write, create),
        Route::get("/orders/{id}", read, show),
    ]
}

/// Orders, newest first.
async fn list(
    state: Data<AppState>,
    ctx: TenantCtx,
    query: Query<OrderQuery>,
) -> Result<Answer<Page<orders::Order>>, ApiError> {
    let OrderQuery { channel, external_reference, limit, cursor } = query.0;
    let filter = Filter::new(channel, external_reference)?;
    let list = format!("orders {} {filter:?}", ctx.tenant_id());
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = service::list(&ctx, filter, asked).await?;
    let position = |order: &Order| Position { created_at: order.created_at, id: order.id.0 };
    let page = state.cursors.make_page(&list, asked, rows, position, |order| wire(&ctx, order));
    let data = page.data.into_iter().collect::<Result<_, _>>()?;
    Ok(Answer::ok(Page { data, next_cursor: page.next_cursor }))
}

/// Creates an order and takes its goods, all or nothing.
async fn create(ctx: TenantCtx, body: Body<NewOrder>) -> Result<Answer<orders::Order>, ApiError> {
    let order = service::create(&ctx, body.0).await?;
    let location = format!("/api/v1/orders/{}", order.id);
    let version = order.version;
    Ok(Answer::created(wire(&ctx, order)?).version(version).at(location))
}

async fn show(ctx: TenantCtx, id: IdPath<OrderId>) -> Result<Answer<orders::Order>, ApiError> {
    let order = service::get(&ctx, id.0).await?;
    let version = order.version;
    Ok(Answer::ok(wire(&ctx, order)?).version(version))
}

fn wire(ctx: &TenantCtx, order: Order) -> Result<orders::Order, OrderError> {
    Ok(order.into_wire(ctx.may(Permission::CostsRead))?)
}
