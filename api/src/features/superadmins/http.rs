//! Routes under `/admin/auth`.

use super::service;
use crate::{
    app::AppState,
    features::identity::Origin,
    platform::http::{Access, Answer, ApiError, Body, Route},
};
use actix_web::{HttpRequest, web::Data};
use countinghouse_contract::{
    admin::LoginSuperadmin,
    auth::{LoggedIn, SuperadminLogin},
};

pub fn routes() -> Vec<Route> {
    vec![Route::post("/admin/auth/login", Access::Public, login)]
}

/// Logs a superadmin in, with password and second factor.
async fn login(
    state: Data<AppState>,
    req: HttpRequest,
    body: Body<SuperadminLogin>,
) -> Result<Answer<LoggedIn<LoginSuperadmin>>, ApiError> {
    Ok(Answer::ok(service::login(&state, body.0, Origin::of(&req)).await?))
}
