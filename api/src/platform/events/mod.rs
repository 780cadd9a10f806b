//! What happened and others are told of: written with what happened, sent by whoever sends it.
//!
//! The table is an outbox: an event is there exactly when its transaction was committed, and stays as
//! it was written until the purge.

mod repo;

use super::db::{DbError, TenantTx};
use countinghouse_contract::events::Event;

/// Stores events with the rest of the transaction. It goes before the counters that others wait for.
pub fn record_in(tx: &mut TenantTx<'_>, events: &[Event]) -> Result<(), DbError> {
    if events.is_empty() { Ok(()) } else { repo::insert(tx, events) }
}
