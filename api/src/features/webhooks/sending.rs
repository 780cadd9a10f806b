//! Sending to one endpoint what is due there.
//!
//! One job at a time sends to an endpoint: it takes its turn, sends some deliveries side by side with no
//! transaction open, and keeps what came of them. Another that comes meanwhile leaves at once, for the first
//! looks for more before it ends. A worker that dies in between has sent what nobody knows of, and it is sent
//! again when its job is.

use super::{
    giving_out::GiveOutEvent,
    model::{Batch, Message, Outcome, Standing, place},
    repo,
    schedule::{Verdict, judge, next_attempt},
    signing::signatures,
};
use crate::{
    app::AppState,
    platform::{
        audit::{self, Action, record_in},
        db::{DbError, TenantTx},
        events,
        ids::Ids,
        jobs::{Finished, Job, JobError, Run, enqueue_soonest_in, forget_done_in},
        outbound::{Call, CallError, Outbound},
        vault::Vault,
    },
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    JobId, WebhookEndpointId,
    events::{Event, WebhookEndpointDisabled},
    webhooks::DeliveryState,
};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Deliveries side by side: a dead endpoint's backlog is gone through, and a small receiver is not overrun.
const BATCH: i64 = 10;
/// Deliveries that are cancelled in one transaction.
const CANCELLED: i64 = 1000;

/// Sends what is due at an endpoint.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendWebhooks {
    endpoint: WebhookEndpointId,
}

impl SendWebhooks {
    pub fn to(endpoint: WebhookEndpointId) -> Self {
        Self { endpoint }
    }
}

impl Job for SendWebhooks {
    const KIND: &'static str = "send_webhooks";
    const MAX_ATTEMPTS: i32 = 100;

    async fn run(self, state: AppState, run: Run) -> Result<Finished, JobError> {
        let (endpoint, job, vault) = (self.endpoint, run.claim().job(), state.vault.clone());
        let batch = run.transaction(move |tx| take_turn_in(tx, &vault, endpoint, job)).await?;
        let Some(batch) = batch else {
            return run.finish(|_| Ok::<_, JobError>(())).await;
        };
        let url = batch.url.clone();
        let sent = if batch.messages.is_empty() { Vec::new() } else { run.away(send_all(&state, batch)).await };
        let ids = state.ids.clone();
        run.finish(move |tx| conclude_in(tx, &ids, endpoint, &url, &sent)).await
    }
}

/// Has these endpoints sent to at this time, or before.
pub fn send_soon_in(
    tx: &mut TenantTx<'_>,
    jobs: impl IntoIterator<Item = SendWebhooks>,
    at: DateTime<Utc>,
) -> Result<(), DbError> {
    let keyed = jobs.into_iter().map(|job| (job.endpoint.to_string(), job)).collect();
    enqueue_soonest_in(tx, keyed, at)
}

/// What is to be sent now, which may be nothing; `None` when another job sends.
fn take_turn_in(
    tx: &mut TenantTx<'_>,
    vault: &Vault,
    endpoint: WebhookEndpointId,
    job: JobId,
) -> Result<Option<Batch>, JobError> {
    let Some(turn) = repo::lock_turn(tx, endpoint)? else {
        return Ok(None);
    };
    if turn.sender.is_some_and(|sender| sender != job) && repo::sender_runs(tx, endpoint)? {
        return Ok(None);
    }
    let mut batch = Batch { url: turn.url, secrets: Vec::new(), messages: Vec::new() };
    let silent = turn.health.disabled.is_some() || turn.health.paused_until.is_some_and(|until| until > tx.now());
    if !silent {
        batch.messages = repo::due(tx, endpoint, BATCH)?;
    }
    if !batch.messages.is_empty() {
        let tenant = tx.tenant_id();
        for (id, envelope) in repo::secrets_in_force(tx, endpoint)? {
            batch.secrets.push(vault.open_in(tx, place(tenant, id), &envelope)?);
        }
        repo::set_sender(tx, endpoint, job)?;
    }
    Ok(Some(batch))
}

async fn send_all(state: &AppState, batch: Batch) -> Vec<Outcome> {
    let (outbound, ids) = (&state.outbound, &state.ids);
    join_all(batch.messages.iter().map(|message| send(outbound, ids, &batch, message))).await
}

async fn send(outbound: &Outbound, ids: &Ids, batch: &Batch, message: &Message) -> Outcome {
    let at = ids.now();
    let (answer, took) = match serde_json::to_vec(&message.payload) {
        Ok(body) => outbound.send("webhook", call(batch, message, at, body)).await,
        Err(error) => (Err(CallError::Unreachable(error.to_string())), std::time::Duration::ZERO),
    };
    let verdict = judge(&answer, ids.now());
    Outcome {
        delivery: message.delivery,
        cause: message.cause,
        attempts: message.attempts + 1,
        at,
        took,
        answer,
        verdict,
    }
}

fn call(batch: &Batch, message: &Message, at: DateTime<Utc>, body: Vec<u8>) -> Call {
    let (id, timestamp) = (message.event.to_string(), at.timestamp());
    let signature = signatures(&batch.secrets, &id, timestamp, &body);
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signature),
    ];
    Call::post(batch.url.clone(), headers, body)
}

/// Keeps what came of it, and looks for what is to be sent next. `url`: where it was sent.
fn conclude_in(
    tx: &mut TenantTx<'_>,
    ids: &Ids,
    endpoint: WebhookEndpointId,
    url: &str,
    sent: &[Outcome],
) -> Result<(), JobError> {
    let Some(turn) = repo::lock_turn(tx, endpoint)? else {
        return Ok(());
    };
    let now = tx.now();
    let standings: Vec<_> = sent.iter().map(|outcome| standing(outcome, now, ids)).collect();
    repo::keep_outcomes(tx, sent, &standings)?;
    // Somebody may have set another URL meanwhile, of which these say nothing.
    let of_it = sent.iter().filter(|_| turn.url == url);
    let verdicts: Vec<_> = of_it.map(|outcome| outcome.verdict).collect();
    let after = turn.health.after(&verdicts, now);
    if !sent.is_empty() {
        repo::set_health(tx, endpoint, after)?;
    }
    if let (None, Some(reason)) = (turn.health.disabled, after.disabled) {
        let told = WebhookEndpointDisabled { endpoint_id: endpoint, reason, failing_since: after.failing_since };
        tracing::warn!(tenant = %tx.tenant_id(), %endpoint, ?reason, "a webhook endpoint was disabled");
        record_in(tx, audit::Entry::new(Action::WebhookEndpointDisabled, endpoint).after(json!(told)))?;
        events::record_in(tx, &[Event::WebhookEndpointDisabled(told)])?;
    }
    let next = if after.disabled.is_some() {
        (repo::cancel_pending(tx, endpoint, CANCELLED)? >= CANCELLED).then_some(now)
    } else {
        let paused = after.paused_until.unwrap_or(now);
        repo::next_due(tx, endpoint)?.map(|due| due.max(paused).max(now))
    };
    if let Some(at) = next {
        send_soon_in(tx, [SendWebhooks::to(endpoint)], at)?;
    }
    forget_done_in::<SendWebhooks>(tx)?;
    forget_done_in::<GiveOutEvent>(tx)?;
    Ok(())
}

fn standing(outcome: &Outcome, now: DateTime<Utc>, ids: &Ids) -> Standing {
    let ended = |state| Standing { state, next_attempt_at: None };
    match outcome.verdict {
        Verdict::Accepted => ended(DeliveryState::Delivered),
        Verdict::Gone => ended(DeliveryState::Failed),
        Verdict::Again { wait, .. } => match next_attempt(outcome.cause, outcome.attempts, wait, now, ids) {
            Some(at) => Standing { state: DeliveryState::Pending, next_attempt_at: Some(at) },
            None => ended(DeliveryState::Failed),
        },
    }
}
