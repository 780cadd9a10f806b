//! Routes under `/inventory`.

use super::{adjustments, error::INSUFFICIENT_STOCK, model::Movement, repo::MovementFilter, service};
use crate::{
    app::AppState,
    features::accounting::PERIOD_CLOSED,
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{Access, Answer, ApiError, Body, Dates, Position, Query, Route, problems},
    },
};
use actix_web::web::Data;
use countinghouse_contract::{
    Page,
    inventory::{self, MovementQuery, NewAdjustment},
};

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/inventory/adjustments", Access::Needs(Permission::InventoryWrite), adjust)
            .about("Enters goods that were bought, spoilt, corrected or counted.")
            .creates()
            .refuses(&[INSUFFICIENT_STOCK, PERIOD_CLOSED, problems::CURRENCY_CHANGED]),
        Route::get("/inventory/movements", Access::Needs(Permission::InventoryRead), movements)
            .about("What moved stock, newest first."),
    ]
}

async fn adjust(ctx: TenantCtx, body: Body<NewAdjustment>) -> Result<Answer<inventory::Movement>, ApiError> {
    let movement = adjustments::adjust(&ctx, body.0).await?;
    Ok(Answer::created(wire(&ctx)(movement)))
}

async fn movements(
    state: Data<AppState>,
    ctx: TenantCtx,
    query: Query<MovementQuery>,
) -> Result<Answer<Page<inventory::Movement>>, ApiError> {
    let MovementQuery { product_id, kind, from, to, limit, cursor } = query.0;
    let dates = Dates::new(from, to, &ctx.principal().time_zone)?;
    let filter = MovementFilter { product: product_id, kind, dates };
    let list = format!("movements {} {filter:?}", ctx.tenant_id());
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = service::movements(&ctx, filter, asked).await?;
    let position = |movement: &Movement| Position { created_at: movement.created_at, id: movement.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, wire(&ctx))))
}

fn wire(ctx: &TenantCtx) -> impl Fn(Movement) -> inventory::Movement {
    let (currency, costs) = (ctx.principal().currency, ctx.may(Permission::CostsRead));
    move |movement| movement.into_wire(currency, costs)
}
