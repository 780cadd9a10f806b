//! Routes under `/roles`.

use super::{
    error::{ROLE_BUILT_IN, ROLE_IN_USE, ROLE_TAKEN},
    service,
};
use crate::platform::{
    authn::TenantCtx,
    authz::Permission,
    http::{Access, Answer, ApiError, Body, Route, no_content, problems},
};
use actix_web::{HttpResponse, web::Path};
use countinghouse_contract::users::{NewRole, Role, RoleChange, Roles};

pub fn routes() -> Vec<Route> {
    let (read, write) = (Access::Needs(Permission::UsersRead), Access::Needs(Permission::RolesWrite));
    vec![
        Route::get("/roles", read, list).about("All roles, the built-in ones first."),
        Route::post("/roles", write, create)
            .about("Makes a role of the client's own.")
            .creates()
            .refuses(&[ROLE_TAKEN, problems::CANNOT_GRANT]),
        Route::put("/roles/{name}", write, replace)
            .about("Gives a role another set of permissions.")
            .refuses(&[ROLE_BUILT_IN, problems::CANNOT_GRANT]),
        Route::delete("/roles/{name}", write, delete).about("Deletes a role that nobody has.").refuses(&[
            ROLE_BUILT_IN,
            ROLE_IN_USE,
            problems::CANNOT_GRANT,
        ]),
    ]
}

async fn list(ctx: TenantCtx) -> Result<Answer<Roles>, ApiError> {
    Ok(Answer::ok(Roles { data: service::list(&ctx).await? }))
}

async fn create(ctx: TenantCtx, body: Body<NewRole>) -> Result<Answer<Role>, ApiError> {
    Ok(Answer::created(service::create(&ctx, body.0).await?))
}

async fn replace(ctx: TenantCtx, name: Path<String>, body: Body<RoleChange>) -> Result<Answer<Role>, ApiError> {
    Ok(Answer::ok(service::replace(&ctx, name.into_inner(), body.0).await?))
}

async fn delete(ctx: TenantCtx, name: Path<String>) -> Result<HttpResponse, ApiError> {
    service::delete(&ctx, name.into_inner()).await?;
    Ok(no_content())
}
