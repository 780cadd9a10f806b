//! Sending again: one delivery, or all that happened in a time; and tests.

use super::{
    error::WebhookError,
    model::NewDelivery,
    repo,
    sending::{SendWebhooks, send_soon_in},
};
use crate::{
    app::AppState,
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        db::{DbError, TenantTx},
        events,
        http::{Invalid, PageRequest, Position},
        jobs::{Finished, Job, JobError, Run, When, enqueue_in},
    },
};
use chrono::{DateTime, Datelike, SubsecRound, Utc};
use countinghouse_contract::{
    EventId, WebhookDeliveryId, WebhookEndpointId,
    events::{Event, WebhookTest},
    webhooks::{DeliveryCause, DeliveryState, WebhookDelivery, WebhookDeliveryLog, WebhookReplay, WebhookReplayBegun},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Events that are looked at in one transaction.
const BATCH: i64 = 500;

pub async fn list(
    ctx: &TenantCtx,
    endpoint: WebhookEndpointId,
    state: Option<DeliveryState>,
    asked: PageRequest,
) -> Result<Vec<WebhookDelivery>, WebhookError> {
    ctx.read(move |tx| list_in(tx, endpoint, state, asked)).await
}

pub fn list_in(
    tx: &mut TenantTx<'_>,
    endpoint: WebhookEndpointId,
    state: Option<DeliveryState>,
    asked: PageRequest,
) -> Result<Vec<WebhookDelivery>, WebhookError> {
    repo::find(tx, endpoint)?.ok_or(WebhookError::NotFound)?;
    Ok(repo::list_deliveries(tx, endpoint, state, asked)?)
}

pub async fn get(ctx: &TenantCtx, id: WebhookDeliveryId) -> Result<WebhookDeliveryLog, WebhookError> {
    ctx.read(move |tx| get_in(tx, id)).await
}

pub fn get_in(tx: &mut TenantTx<'_>, id: WebhookDeliveryId) -> Result<WebhookDeliveryLog, WebhookError> {
    repo::find_delivery(tx, id)?.ok_or(WebhookError::NotFound)
}

/// Sends an endpoint an event that says that this is a test.
pub async fn test(ctx: &TenantCtx, endpoint: WebhookEndpointId) -> Result<WebhookDelivery, WebhookError> {
    ctx.transaction(move |tx| {
        check_enabled(tx, endpoint)?;
        record_in(tx, Entry::new(Action::WebhookEndpointTested, endpoint))?;
        let event = events::record_one_in(tx, &Event::WebhookTest(WebhookTest { endpoint_id: endpoint }))?;
        deliver_in(tx, endpoint, event, DeliveryCause::Test)
    })
    .await
}

/// Sends again what one delivery sent, under the same `webhook-id`.
pub async fn replay_one(ctx: &TenantCtx, id: WebhookDeliveryId) -> Result<WebhookDelivery, WebhookError> {
    ctx.transaction(move |tx| replay_one_in(tx, id)).await
}

pub fn replay_one_in(tx: &mut TenantTx<'_>, id: WebhookDeliveryId) -> Result<WebhookDelivery, WebhookError> {
    let before = repo::find_delivery(tx, id)?.ok_or(WebhookError::NotFound)?.delivery;
    check_enabled(tx, before.endpoint_id)?;
    let replayed = json!({"delivery_id": id, "event_id": before.event_id});
    record_in(tx, Entry::new(Action::WebhookEndpointReplayed, before.endpoint_id).after(replayed))?;
    deliver_in(tx, before.endpoint_id, before.event_id, DeliveryCause::Replay)
}

/// Sends again, in the background, what happened in a time and the endpoint listens for.
pub async fn replay(
    ctx: &TenantCtx,
    endpoint: WebhookEndpointId,
    input: WebhookReplay,
) -> Result<WebhookReplayBegun, WebhookError> {
    ctx.transaction(move |tx| {
        let now = tx.now();
        let (since, until) = (input.since.trunc_subsecs(6), input.until.unwrap_or(now).trunc_subsecs(6).min(now));
        check_times(since, until)?;
        check_enabled(tx, endpoint)?;
        let only_undelivered = input.only_undelivered.unwrap_or(false);
        let begun = WebhookReplayBegun { endpoint_id: endpoint, since, until, only_undelivered };
        record_in(tx, Entry::new(Action::WebhookEndpointReplayed, endpoint).after(json!(begun)))?;
        let job = ReplayEvents { endpoint, since, until, only_undelivered, after: None };
        enqueue_in(tx, &job, When::default())?;
        Ok(begun)
    })
    .await
}

fn check_times(since: DateTime<Utc>, until: DateTime<Utc>) -> Result<(), Invalid> {
    let mut invalid = Invalid::default();
    if !(1970..=9999).contains(&since.year()) {
        invalid.add("/since", "out_of_range", "A time since 1970.");
    } else if since >= until {
        invalid.add("/since", "out_of_range", "Before `until`, and not in the future.");
    }
    invalid.finish()
}

fn check_enabled(tx: &mut TenantTx<'_>, endpoint: WebhookEndpointId) -> Result<(), WebhookError> {
    let found = repo::find(tx, endpoint)?.ok_or(WebhookError::NotFound)?;
    if found.disabled_at.is_some() { Err(WebhookError::EndpointDisabled) } else { Ok(()) }
}

fn deliver_in(
    tx: &mut TenantTx<'_>,
    endpoint: WebhookEndpointId,
    event: EventId,
    cause: DeliveryCause,
) -> Result<WebhookDelivery, WebhookError> {
    let id = tx.make_id::<WebhookDeliveryId>()?;
    repo::insert_deliveries(tx, &[NewDelivery { id, endpoint, event, cause }])?;
    send_soon_in(tx, [SendWebhooks::to(endpoint)], tx.now())?;
    Ok(repo::find_delivery(tx, id)?.ok_or(WebhookError::NotFound)?.delivery)
}

/// Goes through the events of a time, some at once.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReplayEvents {
    endpoint: WebhookEndpointId,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    only_undelivered: bool,
    /// Where the part before this one ended.
    after: Option<(DateTime<Utc>, EventId)>,
}

impl Job for ReplayEvents {
    const KIND: &'static str = "replay_webhooks";

    async fn run(self, _: AppState, run: Run) -> Result<Finished, JobError> {
        run.finish(move |tx| Ok::<_, JobError>(self.replay_some_in(tx)?)).await
    }
}

impl ReplayEvents {
    /// Whoever disabled the endpoint meanwhile wants none of it.
    fn replay_some_in(self, tx: &mut TenantTx<'_>) -> Result<(), DbError> {
        if repo::find(tx, self.endpoint)?.is_none_or(|endpoint| endpoint.disabled_at.is_some()) {
            return Ok(());
        }
        let after = self.after.map(|(created_at, event)| Position { created_at, id: event.0 });
        let span = repo::Span { since: self.since, until: self.until, after, most: BATCH };
        let happened = repo::events_for(tx, self.endpoint, span, self.only_undelivered)?;
        let wanted = happened.iter().filter(|event| event.wanted);
        let delivery = |event: &repo::Happened| {
            Ok(NewDelivery {
                id: tx.make_id()?,
                endpoint: self.endpoint,
                event: event.id,
                cause: DeliveryCause::Replay,
            })
        };
        let new = wanted.map(delivery).collect::<Result<Vec<_>, DbError>>()?;
        repo::insert_deliveries(tx, &new)?;
        send_soon_in(tx, [SendWebhooks::to(self.endpoint)], tx.now())?;
        if let Some(last) = happened.last().filter(|_| i64::try_from(happened.len()) == Ok(BATCH)) {
            let rest = Self { after: Some((last.created_at, last.id)), ..self };
            enqueue_in(tx, &rest, When::default())?;
        }
        Ok(())
    }
}
