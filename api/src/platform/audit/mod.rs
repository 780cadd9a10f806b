//! Who did what to what, so that it can be looked up, and so that tampering shows.
//!
//! An entry comes in the very transaction of what it tells of ([`record_in`]). It is sealed apart
//! from the work, since a chain in the transaction would let one of a client's requests in at a
//! time: a job for each client ([`SealAudit`]) gives what waits a number and a seal within seconds,
//! in whatever order it was committed. The operator's own log has few entries; they are sealed as
//! they come ([`record_operator_in`]).

mod action;
mod chain;
mod entry;
mod holding;
mod looks;
mod operator;
mod repo;
mod sealing;
mod standing;
mod verify;

pub use action::Action;
pub use entry::{Actor, Entry};
pub use looks::{record_at_client_in, record_list_in, record_look_in};
pub use operator::record_operator_in;
pub use repo::Row;
pub(crate) use repo::entry_columns;
pub use sealing::{SealAudit, keep_planting, purge};
pub use standing::{Standing, operator_standing_in};
pub use verify::{Anchor, Anchors, Fault, Proof, VerifyError, verify};

use super::{
    db::{AnyTx, DbError, TenantTx},
    ids::{Ids, NoRandomness},
};
use chain::Stored;
use chrono::{DateTime, Utc};
use countinghouse_contract::TenantId;
use uuid::Uuid;

/// Adds an entry to the client's log: whoever this transaction belongs to did it. It goes before the
/// counters that others wait for, those of the journal and of invoices.
pub fn record_in(tx: &mut TenantTx<'_>, entry: Entry) -> Result<(), DbError> {
    let (tenant, actor, now, id) = (tx.tenant_id(), Actor::of(tx.actor()), tx.now(), tx.make_id::<Uuid>()?);
    repo::insert(tx, tenant, &stored(entry, actor, now, id))
}

/// The same for many things that were done at once, in one statement.
pub fn record_all_in(tx: &mut TenantTx<'_>, entries: Vec<Entry>) -> Result<(), DbError> {
    let (tenant, actor, now) = (tx.tenant_id(), Actor::of(tx.actor()), tx.now());
    let made = entries.into_iter().map(|entry| Ok(stored(entry, actor, now, tx.make_id::<Uuid>()?)));
    let made = made.collect::<Result<Vec<_>, DbError>>()?;
    repo::insert_all(tx, tenant, &made)
}

/// The same by somebody whom the transaction does not know: at the door, or a superadmin.
pub fn record_as_in(
    tx: &mut impl AnyTx,
    ids: &Ids,
    tenant: TenantId,
    actor: Actor,
    entry: Entry,
) -> Result<(), DbError> {
    let stored = stored_now(entry, actor, ids)?;
    repo::insert(tx, tenant, &stored)
}

fn stored_now(entry: Entry, actor: Actor, ids: &Ids) -> Result<Stored, NoRandomness> {
    Ok(stored(entry, actor, ids.now(), ids.make()?))
}

fn stored(entry: Entry, actor: Actor, created_at: DateTime<Utc>, id: Uuid) -> Stored {
    Stored {
        created_at,
        id,
        actor_kind: actor.kind().to_owned(),
        actor_id: actor.id(),
        action: entry.action.as_str().to_owned(),
        resource_id: entry.resource_id,
        before: entry.before,
        after: entry.after,
        client_id: None,
    }
}
