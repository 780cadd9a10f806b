//! Webhooks in the database.

mod deliveries;
mod endpoints;
mod events;
mod sending;

pub use deliveries::{find_delivery, insert_deliveries, list_deliveries};
pub use endpoints::{count_alone, delete, find, insert, insert_secret, list, lock, retire_secrets, update};
pub use events::{Happened, Span, events_for, listening};
pub use sending::{
    cancel_pending, due, keep_outcomes, lock_turn, next_due, secrets_in_force, sender_runs, set_health, set_sender,
};
