//! Routes under `/admin/auth` and `/admin/superadmins`.

use super::{login as door, refresh, service, sessions};
use crate::{
    app::AppState,
    features::identity::{INVALID_CREDENTIALS, INVALID_REFRESH_TOKEN, Origin},
    platform::{
        authn::PlatformCtx,
        http::{Access, Answer, ApiError, Body, IdPath, Position, Query, Route, no_content, problems},
        limits::RateClass,
        metrics::Who,
    },
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use countinghouse_contract::{
    Page, SessionId,
    admin::{
        LoginSuperadmin, NewSuperadmin, Superadmin, SuperadminMade, SuperadminQuery,
        sessions::{OperatorSession, OperatorSessionQuery},
    },
    auth::{LoggedIn, Refresh, Refreshed, SuperadminLogin},
};

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/admin/auth/login", Access::Public, login)
            .about("Logs a superadmin in, with password and second factor.")
            .rate(RateClass::LogIn)
            .refuses(&[INVALID_CREDENTIALS]),
        Route::post("/admin/auth/refresh", Access::Public, refresh_pair)
            .about("A new pair of tokens for a refresh token, which is good once.")
            .refuses(&[INVALID_REFRESH_TOKEN]),
        Route::post("/admin/auth/logout", Access::Superadmin, logout).about("Ends the superadmin's session."),
        Route::get("/admin/superadmins", Access::Superadmin, list).about("All superadmins, newest first."),
        Route::post("/admin/superadmins", Access::Superadmin, create)
            .about("Makes a superadmin; password and secret are shown in this answer and never again.")
            .creates()
            .refuses(&[problems::USERNAME_TAKEN]),
        Route::get("/admin/superadmins/sessions", Access::Superadmin, open_sessions)
            .about("Superadmins' sessions that have not ended, newest first."),
        Route::delete("/admin/superadmins/sessions/{id}", Access::Superadmin, end_session)
            .about("Ends a superadmin's session, the caller's own too."),
    ]
}

async fn login(
    state: Data<AppState>,
    req: HttpRequest,
    body: Body<SuperadminLogin>,
) -> Result<Answer<LoggedIn<LoginSuperadmin>>, ApiError> {
    let done = door::login(&state, body.0, Origin::of(&req)).await.map_err(ApiError::from);
    Ok(Answer::ok(state.metrics.doors.logged_in(Who::Superadmin, done)?))
}

async fn refresh_pair(state: Data<AppState>, body: Body<Refresh>) -> Result<Answer<Refreshed>, ApiError> {
    Ok(Answer::ok(refresh::refresh(&state, &body.0.refresh_token).await?))
}

async fn logout(state: Data<AppState>, ctx: PlatformCtx) -> Result<HttpResponse, ApiError> {
    refresh::logout(&state, &ctx).await?;
    Ok(no_content())
}

async fn list(
    state: Data<AppState>,
    ctx: PlatformCtx,
    query: Query<SuperadminQuery>,
) -> Result<Answer<Page<Superadmin>>, ApiError> {
    const LIST: &str = "superadmins";
    let asked = state.cursors.page(LIST, query.0.limit, query.0.cursor.as_deref())?;
    let rows = service::list(&state, &ctx, asked).await?;
    let position = |superadmin: &Superadmin| Position { created_at: superadmin.created_at, id: superadmin.id.0 };
    Ok(Answer::ok(state.cursors.make_page(LIST, asked, rows, position, |superadmin| superadmin)))
}

async fn create(
    state: Data<AppState>,
    ctx: PlatformCtx,
    body: Body<NewSuperadmin>,
) -> Result<Answer<SuperadminMade>, ApiError> {
    Ok(Answer::created(service::create_colleague(&state, &ctx, body.0).await?))
}

async fn open_sessions(
    state: Data<AppState>,
    ctx: PlatformCtx,
    query: Query<OperatorSessionQuery>,
) -> Result<Answer<Page<OperatorSession>>, ApiError> {
    const LIST: &str = "superadmins' sessions";
    let asked = state.cursors.page(LIST, query.0.limit, query.0.cursor.as_deref())?;
    let rows = sessions::list(&state, &ctx, asked).await?;
    let position = |session: &OperatorSession| Position { created_at: session.created_at, id: session.id.0 };
    Ok(Answer::ok(state.cursors.make_page(LIST, asked, rows, position, |session| session)))
}

async fn end_session(state: Data<AppState>, ctx: PlatformCtx, id: IdPath<SessionId>) -> Result<HttpResponse, ApiError> {
    sessions::end(&state, &ctx, id.0).await?;
    Ok(no_content())
}
