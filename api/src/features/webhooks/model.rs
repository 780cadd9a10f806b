//! What is sent, and what came of it.

use super::schedule::Verdict;
use crate::platform::{
    crypto::{Place, Secret},
    db::Named,
    outbound::{Answered, CallError},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    EventId, TenantId, WebhookDeliveryId, WebhookEndpointId, WebhookSecretId,
    events::DisabledBy,
    webhooks::{DeliveryCause, DeliveryState, WebhookPayload},
};
use std::time::Duration;

/// Where a secret is kept.
pub fn place(tenant: TenantId, secret: WebhookSecretId) -> Place<'static> {
    Place { tenant: tenant.0, table: "webhook_secrets", column: "secret", row: secret.0 }
}

/// A delivery to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewDelivery {
    pub id: WebhookDeliveryId,
    pub endpoint: WebhookEndpointId,
    pub event: EventId,
    pub cause: DeliveryCause,
}

/// One that is due.
#[derive(Debug, Clone)]
pub struct Message {
    pub delivery: WebhookDeliveryId,
    pub event: EventId,
    pub cause: DeliveryCause,
    /// How often it was tried before.
    pub attempts: i32,
    pub payload: WebhookPayload,
}

/// What goes to one endpoint now.
pub struct Batch {
    pub url: String,
    pub secrets: Vec<Secret<Vec<u8>>>,
    pub messages: Vec<Message>,
}

/// What became of one message.
#[derive(Debug)]
pub struct Outcome {
    pub delivery: WebhookDeliveryId,
    pub cause: DeliveryCause,
    pub attempts: i32,
    pub at: DateTime<Utc>,
    pub took: Duration,
    pub answer: Result<Answered, CallError>,
    pub verdict: Verdict,
}

/// How a delivery stands after an attempt; a pending one is tried again then.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    pub state: DeliveryState,
    pub next_attempt_at: Option<DateTime<Utc>>,
}

const CAUSES: [(DeliveryCause, &str); 3] =
    [(DeliveryCause::Event, "event"), (DeliveryCause::Replay, "replay"), (DeliveryCause::Test, "test")];

const STATES: [(DeliveryState, &str); 4] = [
    (DeliveryState::Pending, "pending"),
    (DeliveryState::Delivered, "delivered"),
    (DeliveryState::Failed, "failed"),
    (DeliveryState::Cancelled, "cancelled"),
];

const REASONS: [(DisabledBy, &str); 3] =
    [(DisabledBy::User, "user"), (DisabledBy::Gone, "gone"), (DisabledBy::Failing, "failing")];

impl Named for DeliveryCause {
    const NAMES: &'static [(Self, &'static str)] = &CAUSES;
}

impl Named for DeliveryState {
    const NAMES: &'static [(Self, &'static str)] = &STATES;
}

impl Named for DisabledBy {
    const NAMES: &'static [(Self, &'static str)] = &REASONS;
}
