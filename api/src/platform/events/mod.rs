//! What happened and others are told of: written with what happened, sent by whoever sends it.
//!
//! The table is an outbox: an event is there exactly when its transaction was committed, and stays as
//! it was written until the purge. Where somebody listens, a trigger stores the job with it that gives it
//! out.

mod repo;

use super::db::{DbError, TenantTx};
use countinghouse_contract::{EventId, events::Event};

/// Stores events with the rest of the transaction. It goes before the counters that others wait for.
pub fn record_in(tx: &mut TenantTx<'_>, events: &[Event]) -> Result<(), DbError> {
    store(tx, events).map(drop)
}

/// The same for one, whose id is wanted.
pub fn record_one_in(tx: &mut TenantTx<'_>, event: &Event) -> Result<EventId, DbError> {
    let ids = store(tx, std::slice::from_ref(event))?;
    ids.into_iter().next().ok_or_else(|| DbError::Corrupt { table: "events", what: "no id".to_owned() })
}

fn store(tx: &mut TenantTx<'_>, events: &[Event]) -> Result<Vec<EventId>, DbError> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let ids = events.iter().map(|_| tx.make_id::<EventId>()).collect::<Result<Vec<_>, _>>()?;
    if repo::insert(tx, &ids, events)? {
        tx.wake_workers();
    }
    Ok(ids)
}
