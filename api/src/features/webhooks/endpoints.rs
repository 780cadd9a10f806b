//! The rules of endpoints and their secrets.

use super::{
    error::WebhookError,
    model::place,
    repo,
    sending::{SendWebhooks, send_soon_in},
    signing::secret_text,
};
use crate::{
    app::AppState,
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        crypto::Secret,
        db::TenantTx,
        http::{IfMatch, Invalid, PageRequest, Text},
        outbound::{BadUrl, Outbound},
        vault::Vault,
    },
};
use chrono::{DateTime, Duration, Utc};
use countinghouse_contract::{
    WebhookEndpointId, WebhookSecretId,
    events::{DisabledBy, EventType},
    webhooks::{
        NewWebhookEndpoint, RotateWebhookSecret, WebhookEndpoint, WebhookEndpointMade, WebhookEndpointPatch,
        WebhookSecretMade,
    },
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Of one client: each event looks at all of them.
const MOST: i64 = 20;
const URL: Text = Text::line(1..=2000);
const DESCRIPTION: Text = Text::line(0..=500);
const MOST_TYPES: usize = 100;
/// For how long the secret before signs, by default and at most.
const KEPT_HOURS: i64 = 24;
const MOST_KEPT_HOURS: i64 = 168;

pub async fn list(ctx: &TenantCtx, asked: PageRequest) -> Result<Vec<WebhookEndpoint>, WebhookError> {
    Ok(ctx.read(move |tx| repo::list(tx, asked)).await?)
}

pub async fn get(ctx: &TenantCtx, id: WebhookEndpointId) -> Result<WebhookEndpoint, WebhookError> {
    ctx.read(move |tx| repo::find(tx, id)?.ok_or(WebhookError::NotFound)).await
}

pub async fn create(
    state: &AppState,
    ctx: &TenantCtx,
    input: NewWebhookEndpoint,
) -> Result<WebhookEndpointMade, WebhookError> {
    let (vault, secret) = (state.vault.clone(), state.vault.make_secret()?);
    let mut invalid = Invalid::default();
    check(&mut invalid, &state.outbound, &input.url, input.description.as_deref());
    let event_types = distinct(&mut invalid, input.event_types.unwrap_or_default());
    invalid.finish()?;
    ctx.transaction(move |tx| {
        if repo::count_alone(tx)? >= MOST {
            return Err(WebhookError::TooManyEndpoints);
        }
        let endpoint = WebhookEndpoint {
            id: tx.make_id()?,
            url: input.url,
            description: input.description,
            event_types,
            disabled_at: None,
            disabled_by: None,
            failing_since: None,
            version: 1,
            created_at: tx.now(),
            updated_at: tx.now(),
        };
        repo::insert(tx, &endpoint)?;
        keep_secret_in(tx, &vault, endpoint.id, &secret)?;
        record_in(tx, Entry::new(Action::WebhookEndpointCreated, endpoint.id).after(audited(&endpoint)))?;
        Ok(WebhookEndpointMade { endpoint, secret: secret_text(secret.expose()) })
    })
    .await
}

/// Changes an endpoint. One that is enabled begins anew: what failed before is forgotten.
pub async fn change(
    state: &AppState,
    ctx: &TenantCtx,
    id: WebhookEndpointId,
    if_match: IfMatch,
    patch: WebhookEndpointPatch,
) -> Result<WebhookEndpoint, WebhookError> {
    let outbound = state.outbound.clone();
    ctx.transaction(move |tx| {
        let before = repo::lock(tx, id)?.ok_or(WebhookError::NotFound)?;
        if_match.check(before.version).map_err(WebhookError::VersionMismatch)?;
        let after = apply(&outbound, &before, patch, tx.now())?;
        if after == before {
            return Ok(before);
        }
        let after = WebhookEndpoint { version: before.version + 1, updated_at: tx.now(), ..after };
        repo::update(tx, &after)?;
        let changed = Entry::new(Action::WebhookEndpointChanged, id).changed(audited(&before), audited(&after));
        record_in(tx, changed)?;
        // To go on, or to cancel what was on its way.
        send_soon_in(tx, [SendWebhooks::to(id)], tx.now())?;
        Ok(after)
    })
    .await
}

/// Its log stays until the purge; its secrets go at once.
pub async fn delete(ctx: &TenantCtx, id: WebhookEndpointId, if_match: IfMatch) -> Result<(), WebhookError> {
    ctx.transaction(move |tx| {
        let before = repo::lock(tx, id)?.ok_or(WebhookError::NotFound)?;
        if_match.check(before.version).map_err(WebhookError::VersionMismatch)?;
        repo::delete(tx, id)?;
        record_in(tx, Entry::new(Action::WebhookEndpointDeleted, id).before(audited(&before)))?;
        Ok(send_soon_in(tx, [SendWebhooks::to(id)], tx.now())?)
    })
    .await
}

/// A new secret; the one of now signs beside it for a time, so that receivers can be changed without a gap.
pub async fn rotate(
    state: &AppState,
    ctx: &TenantCtx,
    id: WebhookEndpointId,
    input: RotateWebhookSecret,
) -> Result<WebhookSecretMade, WebhookError> {
    let hours = input.keep_previous_hours.unwrap_or(KEPT_HOURS);
    let mut invalid = Invalid::default();
    invalid.quantity("/keep_previous_hours", hours, 0..=MOST_KEPT_HOURS);
    invalid.finish()?;
    let (vault, secret) = (state.vault.clone(), state.vault.make_secret()?);
    ctx.transaction(move |tx| {
        repo::lock(tx, id)?.ok_or(WebhookError::NotFound)?;
        let previous_expires_at = Some(tx.now() + Duration::hours(hours)).filter(|_| hours > 0);
        repo::retire_secrets(tx, id, previous_expires_at)?;
        keep_secret_in(tx, &vault, id, &secret)?;
        let rotated = json!({"previous_expires_at": previous_expires_at});
        record_in(tx, Entry::new(Action::WebhookEndpointSecretRotated, id).after(rotated))?;
        Ok(WebhookSecretMade { secret: secret_text(secret.expose()), previous_expires_at })
    })
    .await
}

fn keep_secret_in(
    tx: &mut TenantTx<'_>,
    vault: &Vault,
    endpoint: WebhookEndpointId,
    secret: &Secret<Vec<u8>>,
) -> Result<(), WebhookError> {
    let (tenant, id) = (tx.tenant_id(), tx.make_id::<WebhookSecretId>()?);
    let envelope = vault.seal_in(tx, place(tenant, id), secret.expose())?;
    Ok(repo::insert_secret(tx, id, endpoint, &envelope)?)
}

fn check(invalid: &mut Invalid, outbound: &Outbound, url: &str, description: Option<&str>) {
    invalid.text("/url", url, &URL);
    if let Err(bad) = outbound.check(url) {
        let code = match bad {
            BadUrl::Form => "invalid_url",
            BadUrl::NotAllowed => "address_not_allowed",
        };
        invalid.add("/url", code, bad.to_string());
    }
    invalid.optional_text("/description", description, &DESCRIPTION);
}

fn apply(
    outbound: &Outbound,
    before: &WebhookEndpoint,
    patch: WebhookEndpointPatch,
    now: DateTime<Utc>,
) -> Result<WebhookEndpoint, Invalid> {
    let mut invalid = Invalid::default();
    let mut after = before.clone();
    invalid.required("/url", patch.url, |_, url| after.url = url);
    invalid.required("/event_types", patch.event_types, |invalid, types| after.event_types = distinct(invalid, types));
    patch.description.apply_to(&mut after.description);
    let mut disabled = before.disabled_at.is_some();
    invalid.required("/disabled", patch.disabled, |_, wanted| disabled = wanted);
    if disabled != before.disabled_at.is_some() {
        after.disabled_at = disabled.then_some(now);
        after.disabled_by = disabled.then_some(DisabledBy::User);
    }
    if !disabled && (before.disabled_at.is_some() || after.url != before.url) {
        after.failing_since = None;
    }
    check(&mut invalid, outbound, &after.url, after.description.as_deref());
    invalid.finish()?;
    Ok(after)
}

fn distinct(invalid: &mut Invalid, types: Vec<EventType>) -> Vec<EventType> {
    if types.len() > MOST_TYPES {
        invalid.add("/event_types", "too_many", format!("At most {MOST_TYPES} types."));
    }
    types.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

/// What the audit log keeps of an endpoint: whom it is at, and not the path and query, which may hold a secret.
fn audited(endpoint: &WebhookEndpoint) -> Value {
    let origin = url::Url::parse(&endpoint.url).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    json!({"origin": origin, "event_types": endpoint.event_types, "disabled_by": endpoint.disabled_by})
}
