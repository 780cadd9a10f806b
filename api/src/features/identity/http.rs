//! Routes under `/auth`.

use super::{Origin, service};
use crate::{
    app::AppState,
    platform::{
        authn::TenantCtx,
        http::{Access, Answer, ApiError, Body, Route, no_content},
    },
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use countinghouse_contract::auth::{LoggedIn, Login, LoginUser, Me, MeClient, MeUser};

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/auth/login", Access::Public, login),
        Route::post("/auth/logout", Access::LoggedIn, logout),
        Route::get("/auth/me", Access::LoggedIn, me),
    ]
}

/// Logs a client's user in.
async fn login(
    state: Data<AppState>,
    req: HttpRequest,
    body: Body<Login>,
) -> Result<Answer<LoggedIn<LoginUser>>, ApiError> {
    Ok(Answer::ok(service::login(&state, body.0, Origin::of(&req)).await?))
}

/// Ends the session: its token is dead on the next request.
async fn logout(ctx: TenantCtx) -> Result<HttpResponse, ApiError> {
    service::logout(&ctx).await?;
    Ok(no_content())
}

/// Who am I, and what may I do?
async fn me(ctx: TenantCtx) -> Result<Answer<Me>, ApiError> {
    let principal = service::me(&ctx).await?;
    Ok(Answer::ok(Me {
        user: MeUser { id: principal.user_id, username: principal.username },
        role: principal.role,
        permissions: principal.permissions.iter().map(|permission| permission.to_string()).collect(),
        client: MeClient {
            id: principal.tenant_id,
            slug: principal.slug,
            currency: principal.currency.to_string(),
            time_zone: principal.time_zone,
        },
        session_id: principal.session_id,
    }))
}
