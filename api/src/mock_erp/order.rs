//! One order of the ERP, with its versions and what happened to it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use std::{collections::VecDeque, sync::Arc};

/// Of what happened, the last.
pub const MOST_HISTORY: usize = 200;

#[derive(Debug, Clone, Serialize)]
pub struct Order {
    pub erp_reference: String,
    pub order_increment_id: String,
    /// In the ERP.
    pub status: String,
    /// How many orders stand in the ERP for it: two, when one was made twice.
    pub created: u32,
    /// How often it came, in all its versions.
    pub received: u32,
    /// These four as the last version has them.
    pub grand_total: String,
    pub currency: Option<String>,
    pub items: usize,
    pub sender_status: Option<String>,
    pub versions: VecDeque<Version>,
    pub history: VecDeque<Event>,
    pub changed_at: DateTime<Utc>,
    #[serde(skip)]
    pub bytes: usize,
}

#[derive(Debug, Clone, Serialize)]
pub struct Version {
    pub idempotency_key: String,
    pub order_version: Option<i64>,
    pub first_received_at: DateTime<Utc>,
    pub received: u32,
    /// As it came.
    #[serde(skip)]
    pub payload: Arc<RawValue>,
    #[serde(skip)]
    pub digest: [u8; 32],
}

#[derive(Debug, Clone, Serialize)]
pub struct Event {
    pub at: DateTime<Utc>,
    pub what: What,
    /// The key of the version, or the status of the callback.
    pub about: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Created,
    /// A version that was not known.
    Updated,
    /// A version that was known already: nothing changed.
    Repeated,
    /// The same, in an ERP that ignores keys.
    CreatedAgain,
    CalledBack,
    CallbackFailed,
}

impl Order {
    pub fn new(erp_reference: String, order_increment_id: String, now: DateTime<Utc>) -> Self {
        Self {
            erp_reference,
            order_increment_id,
            status: "accepted".to_owned(),
            created: 0,
            received: 0,
            grand_total: String::new(),
            currency: None,
            items: 0,
            sender_status: None,
            versions: VecDeque::new(),
            history: VecDeque::new(),
            changed_at: now,
            bytes: 0,
        }
    }

    /// Something happened to it.
    pub fn note(&mut self, what: What, about: &str, now: DateTime<Utc>) {
        self.created = self.created.saturating_add(u32::from(matches!(what, What::Created | What::CreatedAgain)));
        let came = matches!(what, What::Created | What::Updated | What::Repeated | What::CreatedAgain);
        self.received = self.received.saturating_add(u32::from(came));
        self.changed_at = now;
        self.history.push_back(Event { at: now, what, about: about.to_owned() });
        if self.history.len() > MOST_HISTORY {
            self.history.pop_front();
        }
    }
}

impl Version {
    /// Of which memory it takes.
    pub fn size(&self) -> usize {
        self.payload.get().len() + 2 * self.idempotency_key.len()
    }
}
