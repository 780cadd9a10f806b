//! The session log.

use crate::{
    features::identity::{events::Event, sessions::EventFilter},
    platform::{
        db::{AnyTx, DbError, TakeFirstRows, TenantTx},
        http::PageRequest,
    },
    schema::session_events,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    OrderId, SessionEventId, SessionId, UserId,
    sessions::{SessionEvent, SessionEventKind},
};
use diesel::prelude::*;
use uuid::Uuid;

const KINDS: [(SessionEventKind, &str); 17] = [
    (SessionEventKind::Login, "login"),
    (SessionEventKind::LoginFailed, "login_failed"),
    (SessionEventKind::Logout, "logout"),
    (SessionEventKind::Refresh, "refresh"),
    (SessionEventKind::RefreshReused, "refresh_reused"),
    (SessionEventKind::SessionEnded, "session_ended"),
    (SessionEventKind::PasswordChanged, "password_changed"),
    (SessionEventKind::SecondFactorEnrolled, "second_factor_enrolled"),
    (SessionEventKind::SecondFactorDisabled, "second_factor_disabled"),
    (SessionEventKind::SecondFactorReset, "second_factor_reset"),
    (SessionEventKind::SecondFactorUsed, "second_factor_used"),
    (SessionEventKind::SecondFactorFailed, "second_factor_failed"),
    (SessionEventKind::SecondFactorLocked, "second_factor_locked"),
    (SessionEventKind::RecoveryCodeUsed, "recovery_code_used"),
    (SessionEventKind::RecoveryCodesRenewed, "recovery_codes_renewed"),
    (SessionEventKind::OrderEdited, "order_edited"),
    (SessionEventKind::OrderCancelled, "order_cancelled"),
];

fn name(kind: SessionEventKind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("", |(_, name)| name)
}

pub fn insert_event(tx: &mut impl AnyTx, id: SessionEventId, now: DateTime<Utc>, event: &Event) -> Result<(), DbError> {
    diesel::insert_into(session_events::table)
        .values((
            session_events::tenant_id.eq(event.tenant.0),
            session_events::id.eq(id.0),
            session_events::kind.eq(name(event.kind)),
            session_events::user_id.eq(event.user.map(|user| user.0)),
            session_events::username.eq(&event.username),
            session_events::session_id.eq(event.session.map(|session| session.0)),
            session_events::order_id.eq(event.order.map(|order| order.0)),
            session_events::address.eq(&event.from.address),
            session_events::user_agent.eq(&event.from.user_agent),
            session_events::created_at.eq(now),
        ))
        .execute(tx.any_conn())?;
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = session_events)]
struct Row {
    id: Uuid,
    kind: String,
    user_id: Option<Uuid>,
    username: Option<String>,
    session_id: Option<Uuid>,
    order_id: Option<Uuid>,
    address: Option<String>,
    user_agent: Option<String>,
    created_at: DateTime<Utc>,
}

pub fn list_events(
    tx: &mut TenantTx<'_>,
    filter: &EventFilter,
    asked: PageRequest,
) -> Result<Vec<SessionEvent>, DbError> {
    let tenant = tx.tenant_id();
    let mut query =
        session_events::table.filter(session_events::tenant_id.eq(tenant.0)).select(Row::as_select()).into_boxed();
    if let Some(kind) = filter.kind {
        query = query.filter(session_events::kind.eq(name(kind)));
    }
    if let Some(user) = filter.user {
        query = query.filter(session_events::user_id.eq(user.0));
    }
    if let Some(from) = filter.dates.from {
        query = query.filter(session_events::created_at.ge(from));
    }
    if let Some(before) = filter.dates.before {
        query = query.filter(session_events::created_at.lt(before));
    }
    if let Some(after) = asked.after {
        query = query
            .filter(session_events::created_at.le(after.created_at))
            .filter(session_events::created_at.lt(after.created_at).or(session_events::id.lt(after.id)));
    }
    let ordered = query.order((session_events::created_at.desc(), session_events::id.desc())).first_rows(asked.rows());
    let rows: Vec<Row> = ordered.load(tx.conn())?;
    rows.into_iter().map(SessionEvent::try_from).collect()
}

impl TryFrom<Row> for SessionEvent {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let kind = KINDS.iter().find(|(_, name)| *name == row.kind).map(|(kind, _)| *kind);
        let corrupt = || DbError::Corrupt { table: "session_events", what: format!("kind {}", row.kind) };
        Ok(Self {
            id: SessionEventId(row.id),
            kind: kind.ok_or_else(corrupt)?,
            user_id: row.user_id.map(UserId),
            username: row.username,
            session_id: row.session_id.map(SessionId),
            order_id: row.order_id.map(OrderId),
            address: row.address,
            user_agent: row.user_agent,
            created_at: row.created_at,
        })
    }
}
