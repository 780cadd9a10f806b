//! Routes under `/admin/tenants`.

use super::service;
use crate::{
    app::AppState,
    platform::{
        authn::PlatformCtx,
        http::{Access, Answer, ApiError, Body, Position, Query, Route},
    },
};
use actix_web::web::{Data, Path};
use countinghouse_contract::{
    Page,
    admin::{NewTenant, Tenant, TenantMade, TenantQuery},
};

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/admin/tenants", Access::Superadmin, list).with_query(),
        Route::post("/admin/tenants", Access::Superadmin, create),
        Route::get("/admin/tenants/{slug}", Access::Superadmin, show),
    ]
}

/// All clients, newest first.
async fn list(
    state: Data<AppState>,
    ctx: PlatformCtx,
    query: Query<TenantQuery>,
) -> Result<Answer<Page<Tenant>>, ApiError> {
    const LIST: &str = "tenants";
    let asked = state.cursors.page(LIST, query.0.limit, query.0.cursor.as_deref())?;
    let rows = service::list(&state, &ctx, asked).await?;
    let position = |tenant: &Tenant| Position { created_at: tenant.created_at, id: tenant.id.0 };
    Ok(Answer::ok(state.cursors.make_page(LIST, asked, rows, position, |tenant| tenant)))
}

/// Makes a client and its first owner.
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
    let tenant = service::get(&state, &ctx, slug.into_inner()).await?;
    let version = tenant.version;
    Ok(Answer::ok(tenant).version(version))
}
