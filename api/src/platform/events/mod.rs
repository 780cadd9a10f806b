//! What happened and others are told of: written with what happened, sent by whoever sends it.
//!
//! The table is an outbox: an event is there exactly when its transaction was committed, and stays as
//! it was written until the purge. Nothing sends them yet.

mod repo;

use super::db::{DbError, TenantTx};
use countinghouse_contract::events::Event;

/// Stores events with the rest of the transaction.
pub fn record_in<E: Event>(tx: &mut TenantTx<'_>, events: &[E]) -> Result<(), DbError> {
    if events.is_empty() { Ok(()) } else { repo::insert(tx, events) }
}
