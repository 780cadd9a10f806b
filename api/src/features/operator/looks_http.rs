//! Routes of looks inside one client, and of who is at the door of all.

use super::{
    door::{self, Lines, Whose},
    looks,
};
use crate::{
    app::AppState,
    features::{identity::Origin, orders, products},
    platform::{
        authn::PlatformCtx,
        http::{Access, Answer, ApiError, IdPath, Position, Query, Route, no_content, problems::NOT_FOUND},
    },
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use countinghouse_contract::{
    OrderId, Page, SessionId, WebhookDeliveryId, WebhookEndpointId,
    admin::looks::{
        FailingEndpointQuery, TenantOrderQuery, TenantProductQuery, TenantSession, TenantSessionEvent,
        TenantSessionEventQuery, TenantSessionQuery, TenantWebhookEndpoint,
    },
    orders::{Order, OrderQuery},
    products::Product,
    users::{User, UserQuery},
    webhooks::{WebhookDelivery, WebhookDeliveryLog, WebhookDeliveryQuery},
};

pub fn routes() -> Vec<Route> {
    let admin = Access::Superadmin;
    vec![
        Route::get("/admin/tenants/{slug}/users", admin, users).about("A client's users, newest first."),
        Route::get("/admin/tenants/{slug}/products", admin, products).about("A client's products, newest first."),
        Route::get("/admin/tenants/{slug}/orders", admin, orders)
            .about("A client's orders, newest first; who bought is not shown."),
        Route::get("/admin/tenants/{slug}/orders/{id}", admin, order)
            .about("One order of a client; who bought is not shown."),
        Route::get("/admin/tenants/{slug}/webhooks/endpoints/{id}/deliveries", admin, deliveries)
            .about("What was sent to an endpoint of a client, or will be, newest first."),
        Route::get("/admin/tenants/{slug}/webhooks/deliveries/{id}", admin, delivery)
            .about("One delivery of a client, with what became of each try."),
        Route::post("/admin/tenants/{slug}/webhooks/deliveries/{id}/replay", admin, replay)
            .about("Sends a delivery of a client again, under the same `webhook-id`.")
            .refuses(&[crate::features::webhooks::ENDPOINT_DISABLED]),
        Route::get("/admin/webhooks/endpoints", admin, failing_endpoints)
            .about("Endpoints that nothing reaches, of one client or all, newest first.")
            .refuses(&[NOT_FOUND]),
        Route::get("/admin/sessions", admin, sessions)
            .about("Sessions of clients' users that have not ended, of one client or all, newest first.")
            .refuses(&[NOT_FOUND]),
        Route::delete("/admin/sessions/{id}", admin, end_session).about("Ends a session of a client's user."),
        Route::get("/admin/sessions/logs", admin, session_events)
            .about("Who was turned away at clients' doors; of one client, what else happened there too; newest first.")
            .refuses(&[NOT_FOUND]),
    ]
}

async fn users(
    state: Data<AppState>,
    ctx: PlatformCtx,
    slug: Path<String>,
    query: Query<UserQuery>,
) -> Result<Answer<Page<User>>, ApiError> {
    let (slug, UserQuery { role, limit, cursor }) = (slug.into_inner(), query.0);
    let list = format!("users of {slug:?} {role:?}");
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let role = role.map(|text| if text.chars().any(char::is_control) { String::new() } else { text });
    let rows = looks::users(&state, &ctx, slug, role, asked).await?;
    let position = |user: &User| Position { created_at: user.created_at, id: user.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |user| user)))
}

async fn products(
    state: Data<AppState>,
    ctx: PlatformCtx,
    slug: Path<String>,
    query: Query<TenantProductQuery>,
) -> Result<Answer<Page<Product>>, ApiError> {
    let (slug, TenantProductQuery { q, limit, cursor }) = (slug.into_inner(), query.0);
    let filter = products::Filter::new(q, None, None, None)?;
    let list = format!("products of {slug:?} {filter:?}");
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = looks::products(&state, &ctx, slug, filter, asked).await?;
    let position = |product: &Product| Position { created_at: product.created_at, id: product.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |product| product)))
}

async fn orders(
    state: Data<AppState>,
    ctx: PlatformCtx,
    slug: Path<String>,
    query: Query<TenantOrderQuery>,
) -> Result<Answer<Page<Order>>, ApiError> {
    let (slug, TenantOrderQuery { status, erp_synced, limit, cursor }) = (slug.into_inner(), query.0);
    let filter = orders::Filter::new(OrderQuery { status, erp_synced, ..OrderQuery::default() }, "UTC")?;
    let list = format!("orders of {slug:?} {filter:?}");
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = looks::orders(&state, &ctx, slug, filter, asked).await?;
    let position = |order: &Order| Position { created_at: order.ordered_at, id: order.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |order| order)))
}

/// A client and a thing of it.
fn thing<T: std::str::FromStr>(path: Path<(String, String)>) -> Result<(String, T), ApiError> {
    let (slug, id) = path.into_inner();
    Ok((slug, id.parse().map_err(|_| ApiError::not_found())?))
}

async fn order(
    state: Data<AppState>,
    ctx: PlatformCtx,
    path: Path<(String, String)>,
) -> Result<Answer<Order>, ApiError> {
    let (slug, id) = thing::<OrderId>(path)?;
    Ok(Answer::ok(looks::order(&state, &ctx, slug, id).await?))
}

async fn deliveries(
    state: Data<AppState>,
    ctx: PlatformCtx,
    path: Path<(String, String)>,
    query: Query<WebhookDeliveryQuery>,
) -> Result<Answer<Page<WebhookDelivery>>, ApiError> {
    let (slug, id) = thing::<WebhookEndpointId>(path)?;
    let WebhookDeliveryQuery { state: wanted, limit, cursor } = query.0;
    let list = format!("webhook deliveries of {slug:?} {id} {wanted:?}");
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = looks::deliveries(&state, &ctx, slug, id, wanted, asked).await?;
    let position = |delivery: &WebhookDelivery| Position { created_at: delivery.created_at, id: delivery.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |delivery| delivery)))
}

async fn delivery(
    state: Data<AppState>,
    ctx: PlatformCtx,
    path: Path<(String, String)>,
) -> Result<Answer<WebhookDeliveryLog>, ApiError> {
    let (slug, id) = thing::<WebhookDeliveryId>(path)?;
    Ok(Answer::ok(looks::delivery(&state, &ctx, slug, id).await?))
}

async fn replay(
    state: Data<AppState>,
    ctx: PlatformCtx,
    path: Path<(String, String)>,
) -> Result<Answer<WebhookDelivery>, ApiError> {
    let (slug, id) = thing::<WebhookDeliveryId>(path)?;
    Ok(Answer::ok(looks::replay(&state, &ctx, slug, id).await?))
}

async fn failing_endpoints(
    state: Data<AppState>,
    ctx: PlatformCtx,
    query: Query<FailingEndpointQuery>,
) -> Result<Answer<Page<TenantWebhookEndpoint>>, ApiError> {
    let whose = Whose::new(query.0.tenant.as_deref())?;
    let list = format!("failing endpoints {whose:?}");
    let asked = state.cursors.page(&list, query.0.limit, query.0.cursor.as_deref())?;
    let rows = door::failing_endpoints(&state, &ctx, whose, asked).await?;
    let position =
        |row: &TenantWebhookEndpoint| Position { created_at: row.endpoint.created_at, id: row.endpoint.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |row| row)))
}

async fn sessions(
    state: Data<AppState>,
    ctx: PlatformCtx,
    query: Query<TenantSessionQuery>,
) -> Result<Answer<Page<TenantSession>>, ApiError> {
    let whose = Whose::new(query.0.tenant.as_deref())?;
    let list = format!("sessions {whose:?}");
    let asked = state.cursors.page(&list, query.0.limit, query.0.cursor.as_deref())?;
    let rows = door::sessions(&state, &ctx, whose, asked).await?;
    let position = |row: &TenantSession| Position { created_at: row.session.created_at, id: row.session.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |row| row)))
}

async fn end_session(
    state: Data<AppState>,
    req: HttpRequest,
    ctx: PlatformCtx,
    id: IdPath<SessionId>,
) -> Result<HttpResponse, ApiError> {
    door::end_session(&state, &ctx, id.0, Origin::of(&req)).await?;
    Ok(no_content())
}

async fn session_events(
    state: Data<AppState>,
    ctx: PlatformCtx,
    query: Query<TenantSessionEventQuery>,
) -> Result<Answer<Page<TenantSessionEvent>>, ApiError> {
    let lines = Lines::new(&query.0)?;
    let list = format!("session events {lines:?}");
    let asked = state.cursors.page(&list, query.0.limit, query.0.cursor.as_deref())?;
    let rows = door::session_events(&state, &ctx, lines, asked).await?;
    let position = |row: &TenantSessionEvent| Position { created_at: row.event.created_at, id: row.event.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |row| row)))
}
