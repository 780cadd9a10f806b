//! The session log: what is written there, by whom.

use super::{Origin, repo};
use crate::platform::{
    db::{AnyTx, DbError},
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
