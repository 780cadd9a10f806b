//! The session log: what is written there, by whom.

use super::{Origin, repo};
use crate::platform::{
    db::{AnyTx, DbError, TenantTx},
    ids::Ids,
};
use countinghouse_contract::{OrderId, SessionEventId, SessionId, TenantId, UserId, sessions::SessionEventKind};

/// Something that happened at the door.
#[derive(Debug, Clone)]
pub struct Event {
    pub tenant: TenantId,
    pub kind: SessionEventKind,
    pub user: Option<UserId>,
    pub username: Option<String>,
    pub session: Option<SessionId>,
    /// What it is about, where that is an order.
    pub order: Option<OrderId>,
    pub from: Origin,
}

/// Writes a line, in the transaction of what it is about.
pub fn record_in(tx: &mut impl AnyTx, ids: &Ids, event: &Event) -> Result<(), DbError> {
    let id = ids.make::<SessionEventId>()?;
    repo::insert_event(tx, id, ids.now(), event)
}

/// Writes a line of a session that somebody else has ended.
pub fn log_ended_in(
    tx: &mut impl AnyTx,
    ids: &Ids,
    tenant: TenantId,
    user: UserId,
    session: SessionId,
    from: Origin,
) -> Result<(), DbError> {
    let (kind, user, session) = (SessionEventKind::SessionEnded, Some(user), Some(session));
    record_in(tx, ids, &Event { tenant, kind, user, username: None, session, order: None, from })
}

/// Writes a line of what the caller does to an order, which people want to see beside log-ins.
pub fn log_act_in(tx: &mut TenantTx<'_>, kind: SessionEventKind, order: OrderId, from: Origin) -> Result<(), DbError> {
    let (user, session) = (Some(tx.actor().user_id), tx.actor().session_id());
    let event = Event { tenant: tx.tenant_id(), kind, user, username: None, session, order: Some(order), from };
    repo::insert_event(tx, tx.make_id::<SessionEventId>()?, tx.now(), &event)
}
