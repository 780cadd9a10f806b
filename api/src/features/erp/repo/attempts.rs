//! The log of calls: written before each is made, and completed when it has ended.

use super::super::model::{Called, Ended, Task};
use crate::platform::{
    db::{DbError, Named, TenantTx, prepared},
    outbound::CallError,
};
use countinghouse_contract::erp::ErpAttemptKind;
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use serde_json::{Value, json};

/// What is kept of a body.
const CUT: usize = 4000;

/// These calls are about to be made. `whole`: what is sent is kept uncut.
pub fn insert(tx: &mut TenantTx<'_>, tasks: &[Task], whole: bool) -> Result<(), DbError> {
    if tasks.is_empty() {
        return Ok(());
    }
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let body = |task: &Task| (task.kind == ErpAttemptKind::Send).then(|| kept(&task.payload, whole));
    prepared(
        "INSERT INTO erp_attempts (tenant_id, sync_id, number, kind, attempted_at, request_body, whole, outcome_unknown) \
         SELECT $1, a.sync_id, a.number, a.kind, $2, a.body, $3, a.kind = 'send' FROM unnest($4, $5, $6, $7) \
         AS a (sync_id, number, kind, body)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .bind::<Bool, _>(whole)
    .bind::<Array<SqlUuid>, _>(tasks.iter().map(|task| task.sync.0).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(tasks.iter().map(|task| task.number).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(tasks.iter().map(|task| task.kind.name()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(tasks.iter().map(body).collect::<Vec<_>>())
    .execute(tx.conn())?;
    Ok(())
}

/// What came of them. `hidden`: a secret that nobody is to read there, whoever repeats it. Of an order whose customer
/// was erased meanwhile, no body is kept. (`= ANY` is for plans that were made while there were few.)
pub fn complete(tx: &mut TenantTx<'_>, ended: &[&Ended], whole: bool, hidden: &str) -> Result<(), DbError> {
    let called: Vec<(&Task, &Called)> =
        ended.iter().filter_map(|ended| ended.called.as_ref().map(|called| (&ended.task, called))).collect();
    if called.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant_id();
    let cut = |text: &str| if hidden.is_empty() { text.to_owned() } else { text.replace(hidden, "***") };
    let answers = || called.iter().map(|(_, called)| called.answer.as_ref());
    let headers = |headers: &std::collections::BTreeMap<String, String>| -> Value {
        json!(headers.iter().map(|(name, value)| (name, cut(value))).collect::<std::collections::BTreeMap<_, _>>())
    };
    let took = |called: &Called| i64::try_from(called.took.as_millis()).unwrap_or(i64::MAX);
    prepared(
        "UPDATE erp_attempts a SET duration_ms = c.took, status = c.status, headers = c.headers, \
         body = CASE WHEN s.payload IS NOT NULL THEN c.body END, error = c.error, whole = a.whole OR $9, \
         outcome_unknown = a.kind = 'send' AND c.unknown \
         FROM unnest($2, $3, $4, $5, $6, $7, $8, $10) AS c (sync_id, number, took, status, headers, body, error, unknown), \
         erp_syncs s WHERE a.tenant_id = $1 AND a.sync_id = ANY ($2) AND a.sync_id = c.sync_id AND a.number = c.number \
         AND s.tenant_id = $1 AND s.id = c.sync_id",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<SqlUuid>, _>(called.iter().map(|(task, _)| task.sync.0).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(called.iter().map(|(task, _)| task.number).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(called.iter().map(|(_, called)| took(called)).collect::<Vec<_>>())
    .bind::<Array<Nullable<Integer>>, _>(answers().map(|a| a.ok().map(|a| i32::from(a.status))).collect::<Vec<_>>())
    .bind::<Array<Nullable<Jsonb>>, _>(answers().map(|a| a.ok().map(|a| headers(&a.headers))).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(answers().map(|a| a.ok().map(|a| kept(&cut(&a.body), whole))).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(answers().map(|a| a.err().map(ToString::to_string)).collect::<Vec<_>>())
    .bind::<Bool, _>(whole)
    .bind::<Array<Bool>, _>(answers().map(|a| a.is_err_and(CallError::may_have_arrived)).collect::<Vec<_>>())
    .execute(tx.conn())?;
    Ok(())
}

fn kept(body: &str, whole: bool) -> String {
    if whole { body.to_owned() } else { body.chars().take(CUT).collect() }
}
