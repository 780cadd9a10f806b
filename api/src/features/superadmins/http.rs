//! Routes under `/admin/auth`.

use super::{login as door, refresh};
use crate::{
    app::AppState,
    features::identity::Origin,
    platform::{
        authn::PlatformCtx,
        http::{Access, Answer, ApiError, Body, Route, no_content},
        limits::RateClass,
    },
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use countinghouse_contract::{
    admin::LoginSuperadmin,
    auth::{LoggedIn, Refresh, Refreshed, SuperadminLogin},
};

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/admin/auth/login", Access::Public, login).rate(RateClass::LogIn),
        Route::post("/admin/auth/refresh", Access::Public, refresh_pair),
        Route::post("/admin/auth/logout", Access::Superadmin, logout),
    ]
}

/// Logs a superadmin in, with password and second factor.
async fn login(
    state: Data<AppState>,
    req: HttpRequest,
    body: Body<SuperadminLogin>,
) -> Result<Answer<LoggedIn<LoginSuperadmin>>, ApiError> {
    Ok(Answer::ok(door::login(&state, body.0, Origin::of(&req)).await?))
}

/// A new pair of tokens for a refresh token, which is good once.
async fn refresh_pair(state: Data<AppState>, body: Body<Refresh>) -> Result<Answer<Refreshed>, ApiError> {
    Ok(Answer::ok(refresh::refresh(&state, &body.0.refresh_token).await?))
}

/// Ends the superadmin's session.
async fn logout(state: Data<AppState>, ctx: PlatformCtx) -> Result<HttpResponse, ApiError> {
    refresh::logout(&state, &ctx).await?;
    Ok(no_content())
}
