//! What changed, as the superadmins' login reads it.

use crate::platform::db::DbError;
use chrono::{DateTime, Duration, Utc};
use countinghouse_contract::SessionId;
use diesel::{
    PgConnection, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use serde_json::Value;
use uuid::Uuid;

/// For how long whoever left may come back and miss nothing, not even what went well.
const COMES_BACK: Duration = Duration::hours(24);

/// Something that changed.
#[derive(Debug, Clone, QueryableByName)]
pub struct Told {
    #[diesel(sql_type = BigInt)]
    pub sequence: i64,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub tenant: Option<String>,
    #[diesel(sql_type = Text)]
    pub resource_id: String,
    #[diesel(sql_type = Jsonb)]
    pub data: Value,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

/// Numbers what is new, and says how far the numbers have come.
pub fn last(conn: &mut PgConnection) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        last: i64,
    }
    Ok(sql_query("SELECT number_operator_news() AS last").get_result::<Row>(conn)?.last)
}

/// Up to which number nothing is there any more.
pub fn purged_through(conn: &mut PgConnection) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        through: i64,
    }
    let row: Row = sql_query("SELECT s.purged_through AS through FROM operator_stream s").get_result(conn)?;
    Ok(row.through)
}

/// Some behind this one, in their order.
pub fn after(conn: &mut PgConnection, sequence: i64, most: i64) -> Result<Vec<Told>, DbError> {
    let rows = sql_query(
        "SELECT e.sequence, e.kind, t.slug AS tenant, e.resource_id, e.data, e.created_at FROM operator_events e \
         LEFT JOIN tenants t ON t.id = e.client_id WHERE e.sequence > $1 ORDER BY e.sequence LIMIT $2",
    );
    Ok(rows.bind::<BigInt, _>(sequence).bind::<BigInt, _>(most).load(conn)?)
}

/// Somebody looks.
pub fn watch(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), DbError> {
    sql_query("UPDATE operator_stream SET watched_until = $1 WHERE watched_until < $2")
        .bind::<Timestamptz, _>(now + COMES_BACK)
        .bind::<Timestamptz, _>(now + COMES_BACK - Duration::hours(1))
        .execute(conn)?;
    Ok(())
}

/// Those of these sessions that go on.
pub fn alive(conn: &mut PgConnection, sessions: &[SessionId], now: DateTime<Utc>) -> Result<Vec<SessionId>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let rows: Vec<Row> = sql_query(
        "SELECT s.id FROM superadmin_sessions s JOIN superadmins a ON a.id = s.superadmin_id \
         WHERE s.id = ANY ($1) AND s.ended_at IS NULL AND s.expires_at > $2 AND NOT a.disabled",
    )
    .bind::<Array<SqlUuid>, _>(sessions.iter().map(|session| session.0).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(now)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| SessionId(row.id)).collect())
}
