//! Routes under `/users`.

use super::{error::LAST_OWNER, service};
use crate::{
    app::AppState,
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{Access, Answer, ApiError, Body, IdPath, IfMatch, Position, Query, Route, no_content, problems},
    },
};
use actix_web::{HttpResponse, web::Data};
use countinghouse_contract::{
    Page, UserId,
    users::{NewUser, OneTimePassword, User, UserPatch, UserQuery},
};

pub fn routes() -> Vec<Route> {
    let (read, write) = (Access::Needs(Permission::UsersRead), Access::Needs(Permission::UsersWrite));
    vec![
        Route::get("/users", read, list).about("The client's people, newest first."),
        Route::post("/users", write, create)
            .about("Adds somebody to the client.")
            .creates()
            .refuses(&[problems::USERNAME_TAKEN, problems::CANNOT_GRANT]),
        Route::get("/users/{id}", read, show).about("One of the client's people."),
        Route::patch("/users/{id}", write, change)
            .about("Changes role, e-mail or state; it acts on the user's next request.")
            .refuses(&[LAST_OWNER, problems::CANNOT_GRANT]),
        Route::delete("/users/{id}", write, delete)
            .about("Removes a user; what they did stays in the log.")
            .refuses(&[LAST_OWNER, problems::CANNOT_GRANT]),
        Route::post("/users/{id}/reset-password", write, reset_password)
            .about("A one-time password, which is good for changing it only; ends the user's sessions.")
            .not_replayed("shows a password")
            .refuses(&[LAST_OWNER, problems::CANNOT_GRANT]),
    ]
}

async fn list(state: Data<AppState>, ctx: TenantCtx, query: Query<UserQuery>) -> Result<Answer<Page<User>>, ApiError> {
    let UserQuery { role, limit, cursor } = query.0;
    let list = format!("users {} {role:?}", ctx.tenant_id());
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = service::list(&ctx, role, asked).await?;
    let position = |user: &User| Position { created_at: user.created_at, id: user.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |user| user)))
}

async fn create(state: Data<AppState>, ctx: TenantCtx, body: Body<NewUser>) -> Result<Answer<User>, ApiError> {
    let user = service::create(&state, &ctx, body.0).await?;
    let (location, version) = (format!("/api/v1/users/{}", user.id), user.version);
    Ok(Answer::created(user).version(version).at(location))
}

async fn show(ctx: TenantCtx, id: IdPath<UserId>) -> Result<Answer<User>, ApiError> {
    let user = service::get(&ctx, id.0).await?;
    let version = user.version;
    Ok(Answer::ok(user).version(version))
}

async fn change(
    ctx: TenantCtx,
    id: IdPath<UserId>,
    if_match: IfMatch,
    body: Body<UserPatch>,
) -> Result<Answer<User>, ApiError> {
    let user = service::change(&ctx, id.0, if_match, body.0).await?;
    let version = user.version;
    Ok(Answer::ok(user).version(version))
}

async fn delete(ctx: TenantCtx, id: IdPath<UserId>, if_match: IfMatch) -> Result<HttpResponse, ApiError> {
    service::delete(&ctx, id.0, if_match).await?;
    Ok(no_content())
}

async fn reset_password(
    state: Data<AppState>,
    ctx: TenantCtx,
    id: IdPath<UserId>,
) -> Result<Answer<OneTimePassword>, ApiError> {
    Ok(Answer::ok(service::reset_password(&state, &ctx, id.0).await?))
}
