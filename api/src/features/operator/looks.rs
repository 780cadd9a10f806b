//! Looks inside one client: its people, products, orders and deliveries, as it sees them itself, but for who bought.
//!
//! Both audit logs say who looked, each time: the operator's before, the client's with what was read.

use super::error::OperatorError;
use crate::{
    app::AppState,
    features::{orders, products, tenants, users, webhooks},
    platform::{
        audit::{Action, Actor, Entry, record_in, record_operator_in},
        authn::PlatformCtx,
        db::TenantTx,
        http::{ApiError, PageRequest},
    },
};
use countinghouse_contract::{
    OrderId, TenantId, WebhookDeliveryId, WebhookEndpointId,
    orders::Order,
    products::Product,
    users::User,
    webhooks::{DeliveryState, WebhookDelivery, WebhookDeliveryLog},
};
use serde_json::json;

/// Finds the client, and writes into the operator's log what is about to be looked at or done.
async fn announce(state: &AppState, ctx: &PlatformCtx, slug: String, entry: Said) -> Result<Announced, OperatorError> {
    // No slug has control characters, and PostgreSQL's text cannot hold all of them.
    if slug.chars().any(char::is_control) {
        return Err(OperatorError::NotFound);
    }
    let vault = state.vault.clone();
    let announced = state.db.platform(ctx, move |tx| {
        let client = tenants::find_in(tx, &slug)?.ok_or(OperatorError::NotFound)?.id;
        let (actor, entry) = (Actor::from(tx.actor()), entry.of(client));
        record_operator_in(tx, &vault, actor, Some(client), entry.clone())?;
        Ok::<_, OperatorError>(Announced { client, entry })
    });
    announced.await
}

/// What is written down.
enum Said {
    /// A list of the client is looked at.
    Looks(&'static str),
    Other(Entry),
}

impl Said {
    fn of(self, client: TenantId) -> Entry {
        match self {
            Self::Looks(list) => Entry::new(Action::ClientShown, client).after(json!({"list": list})),
            Self::Other(entry) => entry,
        }
    }
}

struct Announced {
    client: TenantId,
    entry: Entry,
}

/// A look at a list, or at one thing.
async fn look<T: Send + 'static>(
    state: &AppState,
    ctx: &PlatformCtx,
    slug: String,
    said: Said,
    read: impl FnOnce(&mut TenantTx<'_>) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let Announced { client, entry } = announce(state, ctx, slug, said).await?;
    let shown = state.db.inside(ctx, client, move |tx| {
        let rows = read(tx)?;
        record_in(tx, entry)?;
        Ok::<_, ApiError>(rows)
    });
    shown.await
}

pub async fn users(
    state: &AppState,
    ctx: &PlatformCtx,
    slug: String,
    role: Option<String>,
    asked: PageRequest,
) -> Result<Vec<User>, ApiError> {
    look(state, ctx, slug, Said::Looks("users"), move |tx| Ok(users::list_in(tx, role.as_deref(), asked)?)).await
}

pub async fn products(
    state: &AppState,
    ctx: &PlatformCtx,
    slug: String,
    filter: products::Filter,
    asked: PageRequest,
) -> Result<Vec<Product>, ApiError> {
    let rows =
        look(state, ctx, slug, Said::Looks("products"), move |tx| Ok(products::list_in(tx, &filter, asked)?)).await?;
    Ok(rows.into_iter().map(|product| product.into_wire(true)).collect())
}

pub async fn orders(
    state: &AppState,
    ctx: &PlatformCtx,
    slug: String,
    filter: orders::Filter,
    asked: PageRequest,
) -> Result<Vec<Order>, ApiError> {
    let rows =
        look(state, ctx, slug, Said::Looks("orders"), move |tx| Ok(orders::list_in(tx, &filter, asked)?)).await?;
    Ok(rows.into_iter().map(|order| without_buyer(order.into_wire(true))).collect())
}

/// One order, which the client's log names.
pub async fn order(state: &AppState, ctx: &PlatformCtx, slug: String, id: OrderId) -> Result<Order, ApiError> {
    let said = Said::Other(Entry::new(Action::OrderShown, id));
    let order = look(state, ctx, slug, said, move |tx| Ok(orders::get_in(tx, id)?)).await?;
    Ok(without_buyer(order.into_wire(true)))
}

/// Who bought is the client's to know.
fn without_buyer(order: Order) -> Order {
    Order { customer_id: None, customer: None, billing_address: None, shipping_address: None, note: None, ..order }
}

pub async fn deliveries(
    state: &AppState,
    ctx: &PlatformCtx,
    slug: String,
    endpoint: WebhookEndpointId,
    wanted: Option<DeliveryState>,
    asked: PageRequest,
) -> Result<Vec<WebhookDelivery>, ApiError> {
    let read = move |tx: &mut TenantTx<'_>| Ok(webhooks::list_in(tx, endpoint, wanted, asked)?);
    look(state, ctx, slug, Said::Looks("webhook_deliveries"), read).await
}

pub async fn delivery(
    state: &AppState,
    ctx: &PlatformCtx,
    slug: String,
    id: WebhookDeliveryId,
) -> Result<WebhookDeliveryLog, ApiError> {
    look(state, ctx, slug, Said::Looks("webhook_deliveries"), move |tx| Ok(webhooks::get_in(tx, id)?)).await
}

/// Sends it again, under the same `webhook-id`.
pub async fn replay(
    state: &AppState,
    ctx: &PlatformCtx,
    slug: String,
    id: WebhookDeliveryId,
) -> Result<WebhookDelivery, ApiError> {
    let said = Entry::new(Action::WebhookEndpointReplayed, id).after(json!({"delivery_id": id}));
    let Announced { client, .. } = announce(state, ctx, slug, Said::Other(said)).await?;
    let sent = state.db.inside(ctx, client, move |tx| Ok::<_, ApiError>(webhooks::replay_one_in(tx, id)?));
    sent.await
}
