//! Routes of how the service, and one client, is doing.

use super::overview;
use crate::{
    app::AppState,
    platform::{
        authn::PlatformCtx,
        http::{Access, Answer, ApiError, Route},
    },
};
use actix_web::web::{Data, Path};
use countinghouse_contract::admin::overview::{Overview, TenantUsage};

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/admin/overview", Access::Superadmin, overview).about(
            "How the whole service is doing, as of a few seconds ago: its parts, what waits, and who is in trouble.",
        ),
        Route::get("/admin/tenants/{slug}/usage", Access::Superadmin, usage)
            .about("How much a client makes of the service, and by which policies it sells."),
    ]
}

async fn overview(state: Data<AppState>, ctx: PlatformCtx) -> Result<Answer<Overview>, ApiError> {
    Ok(Answer::ok(overview::get(&state, &ctx).await?))
}

async fn usage(state: Data<AppState>, ctx: PlatformCtx, slug: Path<String>) -> Result<Answer<TenantUsage>, ApiError> {
    Ok(Answer::ok(overview::usage(&state, &ctx, slug.into_inner()).await?))
}
