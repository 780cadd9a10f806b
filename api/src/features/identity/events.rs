//! The session log: what is written there, by whom.

use super::{Origin, repo};
use crate::platform::{
    db::{AnyTx, DbError, TenantTx},
    ids::Ids,
};
use countinghouse_contract::{SessionEventId, SessionId, TenantId, UserId, sessions::SessionEventKind};

/// Something that happened at the door.
#[derive(Debug, Clone)]
pub struct Event {
    pub tenant: TenantId,
    pub kind: SessionEventKind,
    pub user: Option<UserId>,
    pub username: Option<String>,
    pub session: Option<SessionId>,
    pub from: Origin,
}

/// Writes a line, in the transaction of what it is about.
pub fn record_in(tx: &mut impl AnyTx, ids: &Ids, event: &Event) -> Result<(), DbError> {
    let id = ids.make::<SessionEventId>()?;
    repo::insert_event(tx, id, ids.now(), event)
}

/// Writes a line of what the caller does elsewhere and people want to see beside log-ins.
pub fn log_act_in(tx: &mut TenantTx<'_>, kind: SessionEventKind, from: Origin) -> Result<(), DbError> {
    let (user, session) = (Some(tx.actor().user_id), tx.actor().session_id());
    let event = Event { tenant: tx.tenant_id(), kind, user, username: None, session, from };
    repo::insert_event(tx, tx.make_id::<SessionEventId>()?, tx.now(), &event)
}
