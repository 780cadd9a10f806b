//! Routes under `/returns`.

use super::{
    error::RETURN_EXCEEDS_SOLD,
    model::Return,
    service::{self, Filter},
};
use crate::{
    app::AppState,
    features::{accounting::PERIOD_CLOSED, orders::NOT_INVOICED},
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{Access, Answer, ApiError, Body, Dates, IdPath, Position, Query, Route, problems},
    },
};
use actix_web::web::Data;
use countinghouse_contract::{
    Page, ReturnId,
    returns::{self, NewReturn, ReturnQuery},
};

pub fn routes() -> Vec<Route> {
    let (read, write) = (Access::Needs(Permission::ReturnsRead), Access::Needs(Permission::ReturnsWrite));
    vec![
        Route::get("/returns", read, list).about("Returns with their credit notes, newest first."),
        Route::post("/returns", write, create)
            .about("Takes goods of an order back and credits them, all or nothing.")
            .creates()
            .refuses(&[RETURN_EXCEEDS_SOLD, NOT_INVOICED, PERIOD_CLOSED, problems::CURRENCY_CHANGED]),
        Route::get("/returns/{id}", read, show).about("One return with its credit note."),
    ]
}

async fn list(
    state: Data<AppState>,
    ctx: TenantCtx,
    query: Query<ReturnQuery>,
) -> Result<Answer<Page<returns::Return>>, ApiError> {
    let ReturnQuery { order_id, from, to, limit, cursor } = query.0;
    let filter = Filter { order: order_id, dates: Dates::new(from, to, &ctx.principal().time_zone)? };
    let list = format!("returns {} {filter:?}", ctx.tenant_id());
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = service::list(&ctx, filter, asked).await?;
    let position = |one: &Return| Position { created_at: one.created_at, id: one.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, wire(&ctx))))
}

async fn create(ctx: TenantCtx, body: Body<NewReturn>) -> Result<Answer<returns::Return>, ApiError> {
    let returned = service::create(&ctx, body.0).await?;
    let location = format!("/api/v1/returns/{}", returned.id);
    Ok(Answer::created(wire(&ctx)(returned)).at(location))
}

async fn show(ctx: TenantCtx, id: IdPath<ReturnId>) -> Result<Answer<returns::Return>, ApiError> {
    let returned = service::get(&ctx, id.0).await?;
    Ok(Answer::ok(wire(&ctx)(returned)))
}

fn wire(ctx: &TenantCtx) -> impl Fn(Return) -> returns::Return {
    let (currency, costs) = (ctx.principal().currency, ctx.may(Permission::CostsRead));
    move |returned| returned.into_wire(currency, costs)
}
