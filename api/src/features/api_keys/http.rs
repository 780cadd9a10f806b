//! Routes under `/api-keys`.

use super::service;
use crate::{
    app::AppState,
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{Access, Answer, ApiError, Body, IdPath, Position, Query, Route, no_content, problems},
    },
};
use actix_web::{HttpResponse, web::Data};
use countinghouse_contract::{
    ApiKeyId, Page,
    api_keys::{ApiKey, ApiKeyMade, ApiKeyQuery, NewApiKey},
};

pub fn routes() -> Vec<Route> {
    let write = Access::PersonNeeds(Permission::ApiKeysWrite);
    vec![
        Route::get("/api-keys", Access::Needs(Permission::ApiKeysRead), list).about("The client's keys, newest first."),
        Route::post("/api-keys", write, create)
            .about("Makes a key; its secret is shown in this answer and never again.")
            .not_replayed("shows a key")
            .creates()
            .refuses(&[problems::CANNOT_GRANT]),
        Route::delete("/api-keys/{id}", write, revoke).about("Revokes a key: it is dead on the next request."),
    ]
}

async fn list(
    state: Data<AppState>,
    ctx: TenantCtx,
    query: Query<ApiKeyQuery>,
) -> Result<Answer<Page<ApiKey>>, ApiError> {
    let list = format!("api keys {}", ctx.tenant_id());
    let asked = state.cursors.page(&list, query.0.limit, query.0.cursor.as_deref())?;
    let rows = service::list(&ctx, asked).await?;
    let position = |key: &ApiKey| Position { created_at: key.created_at, id: key.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |key| key)))
}

async fn create(state: Data<AppState>, ctx: TenantCtx, body: Body<NewApiKey>) -> Result<Answer<ApiKeyMade>, ApiError> {
    Ok(Answer::created(service::create(&state, &ctx, body.0).await?))
}

async fn revoke(ctx: TenantCtx, id: IdPath<ApiKeyId>) -> Result<HttpResponse, ApiError> {
    service::revoke(&ctx, id.0).await?;
    Ok(no_content())
}
