//! Webhooks: what happened is sent to where a client's software listens, signed, at least once, whoever
//! answers what and whoever dies on the way.
//!
//! `endpoints` is what people set, `events` what is told, `answers` what becomes of each kind of answer and
//! when it is tried again, `replays` sending again, `neighbours` that nobody waits for another, `crashes` that
//! nothing is lost, and `addresses` where nothing is sent to.

mod addresses;
mod answers;
mod crashes;
mod endpoints;
mod events;
mod neighbours;
mod replays;

use crate::jobs::{count, start_with, stop, until};
use countinghouse_api::jobs::handlers;
use countinghouse_tests::{Caller, Receiver, Reply, World};
use serde_json::{Value, json};
use std::time::Duration;

/// An endpoint that was made, with its secret.
struct Endpoint {
    id: String,
    secret: String,
}

impl Endpoint {
    async fn at(owner: &Caller, url: &str, event_types: &[&str]) -> Self {
        let body = json!({"url": url, "event_types": event_types});
        let made = owner.post("/webhooks/endpoints", &body).await.expect(201);
        let text = |name: &str| made[name].as_str().expect("a text").to_owned();
        Self { id: text("id"), secret: text("secret") }
    }

    fn path(&self) -> String {
        format!("/webhooks/endpoints/{}", self.id)
    }

    async fn show(&self, owner: &Caller) -> Value {
        owner.get(&self.path()).await.expect(200)
    }

    /// The newest first.
    async fn deliveries(&self, owner: &Caller) -> Vec<Value> {
        let page = owner.get(&format!("{}/deliveries?limit=200", self.path())).await.expect(200);
        page["data"].as_array().expect("a list").clone()
    }
}

/// Whole deliveries with their logs, the newest first.
async fn logs(owner: &Caller, endpoint: &Endpoint) -> Vec<Value> {
    let mut logs = Vec::new();
    for delivery in endpoint.deliveries(owner).await {
        let path = format!("/webhooks/deliveries/{}", delivery["id"].as_str().expect("an id"));
        logs.push(owner.get(&path).await.expect(200));
    }
    logs
}

/// A world whose endpoints have a third of a second to answer.
async fn impatient() -> World {
    World::builder().config(|config| config.outbound.patience = Duration::from_millis(300)).start().await
}

/// A world in which nobody is logged out, however long they wait.
async fn patient() -> World {
    World::builder().config(|config| config.sessions.idle = chrono::Duration::days(1000)).start().await
}

/// Nothing is left to do now.
async fn settled(world: &World) {
    let left = "jobs WHERE kind IN ('give_out_event', 'send_webhooks', 'replay_webhooks') AND finished_at IS NULL";
    until(world, &format!("{left} AND run_at <= '{}'", world.state.ids.now()), 0).await;
}

/// So many deliveries are in this state.
async fn in_state(world: &World, state: &str, deliveries: i64) {
    until(world, &format!("webhook_deliveries WHERE state = '{state}'"), deliveries).await;
}
