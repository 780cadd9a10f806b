//! Routes under `/inventory`.

use super::service;
use crate::platform::{
    authn::TenantCtx,
    authz::Permission,
    http::{Access, Answer, ApiError, Body, Route},
};
use countinghouse_contract::inventory::{Movement, NewAdjustment};

pub fn routes() -> Vec<Route> {
    vec![Route::post("/inventory/adjustments", Access::Needs(Permission::InventoryWrite), adjust)]
}

/// Enters goods that were bought.
async fn adjust(ctx: TenantCtx, body: Body<NewAdjustment>) -> Result<Answer<Movement>, ApiError> {
    let movement = service::adjust(&ctx, body.0).await?;
    Ok(Answer::created(movement))
}
