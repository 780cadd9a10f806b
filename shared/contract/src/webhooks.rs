//! Where a client's software is told of events, as Standard Webhooks has it, and what became of each.

use crate::{
    EventId, Patch, WebhookDeliveryId, WebhookEndpointId,
    events::{DisabledBy, EventType},
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// `POST /webhooks/endpoints`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhookEndpoint {
    #[schemars(length(max = 2000))]
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 500))]
    pub description: Option<String>,
    /// What to tell it of; left out or empty: everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub event_types: Option<Vec<EventType>>,
}

/// `PATCH /webhooks/endpoints/{id}`: what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookEndpointPatch {
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schemars(length(max = 2000))]
    pub url: Patch<String>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schemars(length(max = 500))]
    pub description: Patch<String>,
    /// What to tell it of; empty: everything.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    #[schemars(length(max = 100))]
    pub event_types: Patch<Vec<EventType>>,
    /// `true`: nothing is sent to it any more, and what was on its way is cancelled. `false` enables it.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub disabled: Patch<bool>,
}

/// Where events are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookEndpoint {
    pub id: WebhookEndpointId,
    pub url: String,
    pub description: Option<String>,
    /// What it is told of; empty: everything.
    pub event_types: Vec<EventType>,
    /// Since when nothing is sent to it.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Why: a `user`; `gone`, it answered 410; or `failing`, nothing had reached it for five days.
    pub disabled_by: Option<DisabledBy>,
    /// Since when nothing has reached it, though it was tried.
    pub failing_since: Option<DateTime<Utc>>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The answer to [`NewWebhookEndpoint`]: `secret` is shown this once.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct WebhookEndpointMade {
    #[serde(flatten)]
    pub endpoint: WebhookEndpoint,
    /// What deliveries are signed with.
    #[schemars(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazUoNYZp4qA=")]
    pub secret: String,
}

/// `GET /webhooks/endpoints`, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookEndpointQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// `POST /webhooks/endpoints/{id}/rotate-secret`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateWebhookSecret {
    /// For how many hours deliveries are signed with the secret of now, too: 0 to 168, by default 24. One that
    /// leaked is best dropped at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 168))]
    pub keep_previous_hours: Option<i64>,
}

/// A new secret, which is shown this once.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct WebhookSecretMade {
    /// What deliveries are signed with from now on.
    #[schemars(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazUoNYZp4qA=")]
    pub secret: String,
    /// Until when they are signed with the one before, too.
    pub previous_expires_at: Option<DateTime<Utc>>,
}

/// `POST /webhooks/endpoints/{id}/replay`: sends it again what happened in a time.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookReplay {
    /// From this moment on.
    pub since: DateTime<Utc>,
    /// Before this one; by default now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// `true`: only what it has not accepted yet. By default everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_undelivered: Option<bool>,
}

/// What is sent again, from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookReplayBegun {
    /// The endpoint that is told.
    pub endpoint_id: WebhookEndpointId,
    /// From this moment on.
    pub since: DateTime<Utc>,
    /// Before this one.
    pub until: DateTime<Utc>,
    /// Whether what it has accepted is left out.
    pub only_undelivered: bool,
}

/// Why something is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryCause {
    /// It happened.
    Event,
    /// Somebody asked for it again.
    Replay,
    /// Somebody asked for a test.
    Test,
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is, or will be, tried.
    Pending,
    /// It was accepted.
    Delivered,
    /// It was not, and is not tried any more.
    Failed,
    /// The endpoint was disabled or deleted before.
    Cancelled,
}

/// An event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookDelivery {
    pub id: WebhookDeliveryId,
    /// The endpoint that is told.
    pub endpoint_id: WebhookEndpointId,
    /// The event: its `webhook-id`.
    pub event_id: EventId,
    /// What happened.
    #[schemars(example = "order.created")]
    pub event_type: String,
    /// Why it is delivered.
    pub cause: DeliveryCause,
    /// How far it has come.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried the next time.
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    /// When it was accepted or given up.
    pub finished_at: Option<DateTime<Utc>>,
}

/// `GET /webhooks/endpoints/{id}/deliveries`, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookDeliveryQuery {
    /// How far they have come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<DeliveryState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A delivery with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookDeliveryLog {
    #[serde(flatten)]
    pub delivery: WebhookDelivery,
    /// What is sent.
    pub payload: WebhookPayload,
    /// What became of each try, the first one first.
    pub log: Vec<WebhookAttempt>,
}

/// The body of a delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookPayload {
    /// What happened.
    #[serde(rename = "type")]
    #[schemars(example = "order.created")]
    pub kind: String,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
    /// What is told of it.
    pub data: BTreeMap<String, Value>,
}

/// One try to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookAttempt {
    /// Which one it was, from 1.
    #[schemars(example = 1)]
    pub number: i32,
    /// When it was made.
    pub attempted_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// The status of the answer; none where there was no answer.
    #[schemars(example = 200)]
    pub status: Option<i32>,
    /// The answer's first headers by name, cut, and without cookies.
    pub headers: Option<BTreeMap<String, String>>,
    /// How the answer's body begins, at most 4 KiB.
    #[schemars(example = &"ok")]
    pub body: Option<String>,
    /// Why there was no answer.
    #[schemars(example = "there was no answer in time")]
    pub error: Option<String>,
}

impl fmt::Debug for WebhookEndpointMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookEndpointMade").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl fmt::Debug for WebhookSecretMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("WebhookSecretMade");
        shown.field("previous_expires_at", &self.previous_expires_at).finish_non_exhaustive()
    }
}
