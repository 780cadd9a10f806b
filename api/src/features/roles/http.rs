//! Routes under `/roles`.

use super::service;
use crate::platform::{
    authn::TenantCtx,
    authz::Permission,
    http::{Access, Answer, ApiError, Body, Route, no_content},
};
use actix_web::{HttpResponse, web::Path};
use countinghouse_contract::users::{NewRole, Role, RoleChange, Roles};

pub fn routes() -> Vec<Route> {
    let (read, write) = (Access::Needs(Permission::UsersRead), Access::Needs(Permission::RolesWrite));
    vec![
        Route::get("/roles", read, list),
        Route::post("/roles", write, create),
        Route::put("/roles/{name}", write, replace),
        Route::delete("/roles/{name}", write, delete),
    ]
}

/// All roles, the built-in ones first.
async fn list(ctx: TenantCtx) -> Result<Answer<Roles>, ApiError> {
    Ok(Answer::ok(Roles { data: service::list(&ctx).await? }))
}

async fn create(ctx: TenantCtx, body: Body<NewRole>) -> Result<Answer<Role>, ApiError> {
    Ok(Answer::created(service::create(&ctx, body.0).await?))
}

/// Gives a role another set of permissions.
async fn replace(ctx: TenantCtx, name: Path<String>, body: Body<RoleChange>) -> Result<Answer<Role>, ApiError> {
    Ok(Answer::ok(service::replace(&ctx, name.into_inner(), body.0).await?))
}

async fn delete(ctx: TenantCtx, name: Path<String>) -> Result<HttpResponse, ApiError> {
    service::delete(&ctx, name.into_inner()).await?;
    Ok(no_content())
}
