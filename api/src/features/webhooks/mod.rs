//! Webhooks: events are sent to where clients' software listens, signed, as Standard Webhooks has it.
//!
//! Invariants: an event is given out to every endpoint that listens when it happened, and each is sent it
//! until it accepts it or the schedule is at its end: at least once, under one `webhook-id`. One job sends to
//! an endpoint at a time, a few deliveries side by side, and holds no worker's hand while it waits for
//! answers: nobody waits for somebody else's endpoint. The secret is shown once and kept sealed; after a
//! rotation the one before signs too, for a time. What is told holds ids and figures, and nothing about
//! people.

mod endpoints;
mod error;
mod giving_out;
mod http;
mod model;
mod replays;
mod repo;
mod schedule;
mod sending;
mod signing;

pub use error::ENDPOINT_DISABLED;
pub use giving_out::GiveOutEvent;
pub use http::routes;
pub use replays::{ReplayEvents, get_in, list_in, replay_one_in};
pub use sending::SendWebhooks;
