//! Routes under `/admin/tenants`.

use super::{error::SLUG_TAKEN, service};
use crate::{
    app::AppState,
    features::identity::Origin,
    platform::{
        authn::PlatformCtx,
        http::{Access, Answer, ApiError, Body, IfMatch, Position, Query, Route, no_content},
    },
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use countinghouse_contract::{
    Page, UserId,
    admin::{NewTenant, Suspension, Tenant, TenantMade, TenantPatch, TenantQuery},
};

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/admin/tenants", Access::Superadmin, list)
            .about("Clients, all or by name and state, newest first."),
        Route::post("/admin/tenants", Access::Superadmin, create)
            .about("Makes a client and its first owner.")
            .creates()
            .refuses(&[SLUG_TAKEN]),
        Route::get("/admin/tenants/{slug}", Access::Superadmin, show).about("One client."),
        Route::patch("/admin/tenants/{slug}", Access::Superadmin, change)
            .about("Changes the client's name, time zone or limits."),
        Route::post("/admin/tenants/{slug}/suspend", Access::Superadmin, suspend)
            .about("Stops a client: its people and software are refused from the next request on."),
        Route::post("/admin/tenants/{slug}/resume", Access::Superadmin, resume)
            .about("Lets a suspended client go on, with the sessions that it had."),
        Route::post("/admin/tenants/{slug}/users/{id}/reset-2fa", Access::Superadmin, reset_second_factor)
            .about("Takes away the second factor of a user who has lost it; ends their sessions."),
    ]
}

async fn list(
    state: Data<AppState>,
    ctx: PlatformCtx,
    query: Query<TenantQuery>,
) -> Result<Answer<Page<Tenant>>, ApiError> {
    let filter = service::filter(&query.0)?;
    let list = format!("tenants {filter:?}");
    let asked = state.cursors.page(&list, query.0.limit, query.0.cursor.as_deref())?;
    let rows = service::list(&state, &ctx, filter, asked).await?;
    let position = |tenant: &Tenant| Position { created_at: tenant.created_at, id: tenant.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |tenant| tenant)))
}

async fn create(
    state: Data<AppState>,
    ctx: PlatformCtx,
    body: Body<NewTenant>,
) -> Result<Answer<TenantMade>, ApiError> {
    let made = service::create(&state, &ctx, body.0).await?;
    let location = format!("/api/v1/admin/tenants/{}", made.client.slug);
    Ok(Answer::created(made).at(location))
}

async fn show(state: Data<AppState>, ctx: PlatformCtx, slug: Path<String>) -> Result<Answer<Tenant>, ApiError> {
    Ok(answer(service::get(&state, &ctx, slug.into_inner()).await?))
}

async fn change(
    state: Data<AppState>,
    ctx: PlatformCtx,
    slug: Path<String>,
    if_match: IfMatch,
    body: Body<TenantPatch>,
) -> Result<Answer<Tenant>, ApiError> {
    Ok(answer(service::change(&state, &ctx, slug.into_inner(), if_match, body.0).await?))
}

async fn suspend(
    state: Data<AppState>,
    ctx: PlatformCtx,
    slug: Path<String>,
    body: Body<Suspension>,
) -> Result<Answer<Tenant>, ApiError> {
    Ok(answer(service::suspend(&state, &ctx, slug.into_inner(), body.0.reason).await?))
}

async fn resume(state: Data<AppState>, ctx: PlatformCtx, slug: Path<String>) -> Result<Answer<Tenant>, ApiError> {
    Ok(answer(service::resume(&state, &ctx, slug.into_inner()).await?))
}

async fn reset_second_factor(
    state: Data<AppState>,
    req: HttpRequest,
    ctx: PlatformCtx,
    path: Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (slug, id) = path.into_inner();
    let user: UserId = id.parse().map_err(|_| ApiError::not_found())?;
    service::reset_second_factor(&state, &ctx, slug, user, Origin::of(&req)).await?;
    Ok(no_content())
}

fn answer(tenant: Tenant) -> Answer<Tenant> {
    let version = tenant.version;
    Answer::ok(tenant).version(version)
}
