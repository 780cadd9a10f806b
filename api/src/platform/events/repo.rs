//! Events in the database.

use crate::platform::db::{DbError, TenantTx, prepared};
use countinghouse_contract::{EventId, events::Event};
use diesel::{
    QueryableByName, RunQueryDsl,
    sql_types::{Array, Bool, Jsonb, Text, Timestamptz, Uuid as SqlUuid},
};
use serde_json::Value;

/// Whether somebody listens for one of them.
pub fn insert(tx: &mut TenantTx<'_>, ids: &[EventId], new: &[Event]) -> Result<bool, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        heard: bool,
    }
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let (kinds, data): (Vec<_>, Vec<_>) = new.iter().map(parts).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    let rows: Vec<Row> = prepared(
        "INSERT INTO events (tenant_id, id, kind, data, created_at) \
         SELECT $1, id, kind, data, $2 FROM unnest($3, $4, $5) AS e (id, kind, data) RETURNING heard",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<SqlUuid>, _>(ids.iter().map(|id| id.0).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(kinds)
    .bind::<Array<Jsonb>, _>(data)
    .load(tx.conn())?;
    Ok(rows.into_iter().any(|row| row.heard))
}

/// What happened, and what is told of it: the two members of an event on the wire.
fn parts(event: &Event) -> Result<(String, Value), DbError> {
    let corrupt = |what: String| DbError::Corrupt { table: "events", what };
    let whole = serde_json::to_value(event).map_err(|error| corrupt(error.to_string()))?;
    let Value::Object(mut whole) = whole else { return Err(corrupt("an event that is no object".to_owned())) };
    match (whole.remove("type"), whole.remove("data")) {
        (Some(Value::String(kind)), Some(data)) => Ok((kind, data)),
        _ => Err(corrupt("an event without its two members".to_owned())),
    }
}
