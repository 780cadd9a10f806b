//! Routes under `/auth` and `/sessions`.

use super::{
    Origin, enrolment,
    error::{
        ALREADY_ENROLLED, CODE_INVALID, INVALID_CREDENTIALS, INVALID_REFRESH_TOKEN, LOCKED, NOT_ENROLLED,
        NOTHING_TO_CONFIRM, TOTP_REQUIRED, WRONG_PASSWORD,
    },
    login, password, refresh,
    sessions::{self, EventFilter},
};
use crate::{
    app::AppState,
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{Access, Answer, ApiError, Body, Dates, IdPath, Position, Query, Route, no_content, problems},
        limits::RateClass,
        metrics::Who,
    },
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use countinghouse_contract::{
    Page, SessionId,
    auth::{
        CodeOnly, EnrolSecondFactor, Enrolment, LoggedIn, Login, LoginUser, Me, MeClient, MeUser, PasswordAndCode,
        PasswordChange, RecoveryCodes, Refresh, Refreshed,
    },
    sessions::{Session, SessionEvent, SessionEventQuery, SessionQuery},
};

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/auth/login", Access::Public, log_in)
            .about("Logs a client's user in.")
            .rate(RateClass::LogIn)
            .refuses(&[INVALID_CREDENTIALS, TOTP_REQUIRED, LOCKED, problems::CLIENT_SUSPENDED]),
        Route::post("/auth/refresh", Access::Public, refresh_pair)
            .about("A new pair of tokens for a refresh token, which is good once.")
            .refuses(&[INVALID_REFRESH_TOKEN, problems::CLIENT_SUSPENDED]),
        Route::post("/auth/logout", Access::LoggedIn, log_out)
            .about("Ends the session: its tokens are dead on the next request."),
        Route::get("/auth/me", Access::Known, me).about("Who am I, and what may I do?"),
        Route::post("/auth/password", Access::LoggedIn, change_password)
            .about("Changes one's own password and ends one's other sessions.")
            .rate(RateClass::LogIn)
            .refuses(&[WRONG_PASSWORD]),
        Route::post("/auth/2fa/enroll", Access::LoggedIn, enrol)
            .about("A secret for the caller's authenticator app; it protects once its first code was confirmed.")
            .rate(RateClass::LogIn)
            .refuses(&[WRONG_PASSWORD, ALREADY_ENROLLED]),
        Route::post("/auth/2fa/confirm", Access::LoggedIn, confirm)
            .about("The first code of the app; answers the recovery codes, this once.")
            .rate(RateClass::LogIn)
            .refuses(&[NOTHING_TO_CONFIRM, ALREADY_ENROLLED, CODE_INVALID, LOCKED]),
        Route::post("/auth/2fa/recovery-codes", Access::LoggedIn, renew_recovery_codes)
            .about("New recovery codes, in place of the old ones.")
            .rate(RateClass::LogIn)
            .refuses(&[WRONG_PASSWORD, CODE_INVALID, NOT_ENROLLED, LOCKED]),
        Route::post("/auth/2fa/disable", Access::LoggedIn, disable)
            .about("Gives the second factor up.")
            .rate(RateClass::LogIn)
            .refuses(&[WRONG_PASSWORD, CODE_INVALID, NOT_ENROLLED, LOCKED]),
        Route::get("/sessions", Access::LoggedIn, list)
            .about("Sessions that have not ended: one's own, or everybody's with `sessions:read`."),
        Route::delete("/sessions/{id}", Access::LoggedIn, end)
            .about("Ends a session: one's own, or anybody's with `sessions:write`."),
        Route::get("/sessions/logs", Access::PersonNeeds(Permission::SessionsRead), logs)
            .about("What happened at the door, newest first."),
    ]
}

async fn log_in(
    state: Data<AppState>,
    req: HttpRequest,
    body: Body<Login>,
) -> Result<Answer<LoggedIn<LoginUser>>, ApiError> {
    let done = login::login(&state, body.0, Origin::of(&req)).await.map_err(ApiError::from);
    Ok(Answer::ok(state.metrics.doors.logged_in(Who::User, done)?))
}

async fn refresh_pair(
    state: Data<AppState>,
    req: HttpRequest,
    body: Body<Refresh>,
) -> Result<Answer<Refreshed>, ApiError> {
    Ok(Answer::ok(refresh::refresh(&state, &body.0.refresh_token, Origin::of(&req)).await?))
}

async fn log_out(state: Data<AppState>, req: HttpRequest, ctx: TenantCtx) -> Result<HttpResponse, ApiError> {
    sessions::logout(&state, &ctx, Origin::of(&req)).await?;
    Ok(no_content())
}

async fn change_password(
    state: Data<AppState>,
    req: HttpRequest,
    ctx: TenantCtx,
    body: Body<PasswordChange>,
) -> Result<HttpResponse, ApiError> {
    password::change(&state, &ctx, body.0, Origin::of(&req)).await?;
    Ok(no_content())
}

async fn enrol(
    state: Data<AppState>,
    ctx: TenantCtx,
    body: Body<EnrolSecondFactor>,
) -> Result<Answer<Enrolment>, ApiError> {
    Ok(Answer::ok(enrolment::enrol(&state, &ctx, body.0).await?))
}

async fn confirm(
    state: Data<AppState>,
    req: HttpRequest,
    ctx: TenantCtx,
    body: Body<CodeOnly>,
) -> Result<Answer<RecoveryCodes>, ApiError> {
    Ok(Answer::ok(enrolment::confirm(&state, &ctx, body.0, Origin::of(&req)).await?))
}

async fn renew_recovery_codes(
    state: Data<AppState>,
    req: HttpRequest,
    ctx: TenantCtx,
    body: Body<PasswordAndCode>,
) -> Result<Answer<RecoveryCodes>, ApiError> {
    Ok(Answer::ok(enrolment::renew(&state, &ctx, body.0, Origin::of(&req)).await?))
}

async fn disable(
    state: Data<AppState>,
    req: HttpRequest,
    ctx: TenantCtx,
    body: Body<PasswordAndCode>,
) -> Result<HttpResponse, ApiError> {
    enrolment::disable(&state, &ctx, body.0, Origin::of(&req)).await?;
    Ok(no_content())
}

async fn me(ctx: TenantCtx) -> Result<Answer<Me>, ApiError> {
    let (principal, second_factor) = sessions::me(&ctx).await?;
    let (session_id, api_key_id) = (principal.session_id(), principal.api_key_id());
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
        second_factor,
        session_id,
        api_key_id,
    }))
}

async fn list(
    state: Data<AppState>,
    ctx: TenantCtx,
    query: Query<SessionQuery>,
) -> Result<Answer<Page<Session>>, ApiError> {
    let list = format!("sessions {} {}", ctx.tenant_id(), ctx.principal().user_id);
    let asked = state.cursors.page(&list, query.0.limit, query.0.cursor.as_deref())?;
    let rows = sessions::list(&ctx, asked).await?;
    let position = |session: &Session| Position { created_at: session.created_at, id: session.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |session| session)))
}

async fn end(
    state: Data<AppState>,
    req: HttpRequest,
    ctx: TenantCtx,
    id: IdPath<SessionId>,
) -> Result<HttpResponse, ApiError> {
    sessions::end(&state, &ctx, id.0, Origin::of(&req)).await?;
    Ok(no_content())
}

async fn logs(
    state: Data<AppState>,
    ctx: TenantCtx,
    query: Query<SessionEventQuery>,
) -> Result<Answer<Page<SessionEvent>>, ApiError> {
    let SessionEventQuery { kind, user_id, from, to, limit, cursor } = query.0;
    let dates = Dates::new(from, to, &ctx.principal().time_zone)?;
    let filter = EventFilter { kind, user: user_id, dates };
    let list = format!("session events {} {filter:?}", ctx.tenant_id());
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = sessions::events(&ctx, filter, asked).await?;
    let position = |event: &SessionEvent| Position { created_at: event.created_at, id: event.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |event| event)))
}
