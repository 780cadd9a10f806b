//! Routes under `/webhooks`.

use super::{
    endpoints,
    error::{ENDPOINT_DISABLED, TOO_MANY_ENDPOINTS},
    replays,
};
use crate::{
    app::AppState,
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{Access, Answer, ApiError, Body, IdPath, IfMatch, Position, Query, Route, no_content},
    },
};
use actix_web::{HttpResponse, web::Data};
use countinghouse_contract::{
    Page, WebhookDeliveryId, WebhookEndpointId,
    webhooks::{
        NewWebhookEndpoint, RotateWebhookSecret, WebhookDelivery, WebhookDeliveryLog, WebhookDeliveryQuery,
        WebhookEndpoint, WebhookEndpointMade, WebhookEndpointPatch, WebhookEndpointQuery, WebhookReplay,
        WebhookReplayBegun, WebhookSecretMade,
    },
};

pub fn routes() -> Vec<Route> {
    let (read, write) = (Access::Needs(Permission::WebhooksRead), Access::Needs(Permission::WebhooksWrite));
    vec![
        Route::get("/webhooks/endpoints", read, list).about("Where events are sent, newest first."),
        Route::post("/webhooks/endpoints", write, create)
            .about("Has events sent to a URL; the secret they are signed with is shown in this answer and never again.")
            .not_replayed("shows a secret")
            .creates()
            .refuses(&[TOO_MANY_ENDPOINTS]),
        Route::get("/webhooks/endpoints/{id}", read, show).about("One endpoint."),
        Route::patch("/webhooks/endpoints/{id}", write, change)
            .about("Changes an endpoint; disables it, or enables it again."),
        Route::delete("/webhooks/endpoints/{id}", write, delete)
            .about("Nothing is sent there any more; what was on its way is cancelled."),
        Route::post("/webhooks/endpoints/{id}/rotate-secret", write, rotate)
            .about("A new secret; the one of now signs beside it for a time.")
            .not_replayed("shows a secret"),
        Route::post("/webhooks/endpoints/{id}/test", write, test)
            .about("Sends a `webhook.test`, once.")
            .creates()
            .refuses(&[ENDPOINT_DISABLED]),
        Route::post("/webhooks/endpoints/{id}/replay", write, replay)
            .about("Sends again, from now on, what happened in a time and the endpoint listens for.")
            .refuses(&[ENDPOINT_DISABLED]),
        Route::get("/webhooks/endpoints/{id}/deliveries", read, deliveries)
            .about("What was sent to an endpoint, or will be, newest first."),
        Route::get("/webhooks/deliveries/{id}", read, delivery).about("One delivery, with what became of each try."),
        Route::post("/webhooks/deliveries/{id}/replay", write, replay_one)
            .about("Sends it again, under the same `webhook-id`.")
            .creates()
            .refuses(&[ENDPOINT_DISABLED]),
    ]
}

async fn list(
    state: Data<AppState>,
    ctx: TenantCtx,
    query: Query<WebhookEndpointQuery>,
) -> Result<Answer<Page<WebhookEndpoint>>, ApiError> {
    let list = format!("webhook endpoints {}", ctx.tenant_id());
    let asked = state.cursors.page(&list, query.0.limit, query.0.cursor.as_deref())?;
    let rows = endpoints::list(&ctx, asked).await?;
    let position = |endpoint: &WebhookEndpoint| Position { created_at: endpoint.created_at, id: endpoint.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |endpoint| endpoint)))
}

async fn create(
    state: Data<AppState>,
    ctx: TenantCtx,
    body: Body<NewWebhookEndpoint>,
) -> Result<Answer<WebhookEndpointMade>, ApiError> {
    let made = endpoints::create(&state, &ctx, body.0).await?;
    let location = format!("/api/v1/webhooks/endpoints/{}", made.endpoint.id);
    Ok(Answer::created(made).version(1).at(location))
}

async fn show(ctx: TenantCtx, id: IdPath<WebhookEndpointId>) -> Result<Answer<WebhookEndpoint>, ApiError> {
    let endpoint = endpoints::get(&ctx, id.0).await?;
    let version = endpoint.version;
    Ok(Answer::ok(endpoint).version(version))
}

async fn change(
    state: Data<AppState>,
    ctx: TenantCtx,
    id: IdPath<WebhookEndpointId>,
    if_match: IfMatch,
    body: Body<WebhookEndpointPatch>,
) -> Result<Answer<WebhookEndpoint>, ApiError> {
    let endpoint = endpoints::change(&state, &ctx, id.0, if_match, body.0).await?;
    let version = endpoint.version;
    Ok(Answer::ok(endpoint).version(version))
}

async fn delete(ctx: TenantCtx, id: IdPath<WebhookEndpointId>, if_match: IfMatch) -> Result<HttpResponse, ApiError> {
    endpoints::delete(&ctx, id.0, if_match).await?;
    Ok(no_content())
}

async fn rotate(
    state: Data<AppState>,
    ctx: TenantCtx,
    id: IdPath<WebhookEndpointId>,
    body: Body<RotateWebhookSecret>,
) -> Result<Answer<WebhookSecretMade>, ApiError> {
    Ok(Answer::ok(endpoints::rotate(&state, &ctx, id.0, body.0).await?))
}

async fn test(ctx: TenantCtx, id: IdPath<WebhookEndpointId>) -> Result<Answer<WebhookDelivery>, ApiError> {
    Ok(created(replays::test(&ctx, id.0).await?))
}

async fn replay(
    ctx: TenantCtx,
    id: IdPath<WebhookEndpointId>,
    body: Body<WebhookReplay>,
) -> Result<Answer<WebhookReplayBegun>, ApiError> {
    Ok(Answer::ok(replays::replay(&ctx, id.0, body.0).await?))
}

async fn deliveries(
    state: Data<AppState>,
    ctx: TenantCtx,
    id: IdPath<WebhookEndpointId>,
    query: Query<WebhookDeliveryQuery>,
) -> Result<Answer<Page<WebhookDelivery>>, ApiError> {
    let WebhookDeliveryQuery { state: wanted, limit, cursor } = query.0;
    let list = format!("webhook deliveries {} {} {wanted:?}", ctx.tenant_id(), id.0);
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = replays::list(&ctx, id.0, wanted, asked).await?;
    let position = |delivery: &WebhookDelivery| Position { created_at: delivery.created_at, id: delivery.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |delivery| delivery)))
}

async fn delivery(ctx: TenantCtx, id: IdPath<WebhookDeliveryId>) -> Result<Answer<WebhookDeliveryLog>, ApiError> {
    Ok(Answer::ok(replays::get(&ctx, id.0).await?))
}

async fn replay_one(ctx: TenantCtx, id: IdPath<WebhookDeliveryId>) -> Result<Answer<WebhookDelivery>, ApiError> {
    Ok(created(replays::replay_one(&ctx, id.0).await?))
}

fn created(delivery: WebhookDelivery) -> Answer<WebhookDelivery> {
    let location = format!("/api/v1/webhooks/deliveries/{}", delivery.id);
    Answer::created(delivery).at(location)
}
