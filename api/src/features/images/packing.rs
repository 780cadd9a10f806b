//! Packing the index of vectors, which is twice as fast to search where its pages are full.
//!
//! PostgreSQL builds another one beside it, and swaps them: nobody waits for that. It is done when a quarter is empty,
//! which takes about half as many new vectors as there were, so that each is written a few times in all.

use crate::platform::db::{DbError, WorkerLane};
use diesel::{
    PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection, result::QueryResult, sql_query, sql_types,
};
use std::time::Duration;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(3600);
/// Held by the worker that packs, for its session.
const LOCK: i64 = 0x7665_6374_6f72;

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = sql_types::Bool)]
    yes: bool,
}

/// Packs the index where it has to be, for as long as the worker works.
pub async fn keep_packing(lane: WorkerLane) {
    let mut moments = tokio::time::interval(EVERY);
    loop {
        moments.tick().await;
        match lane.statement_once(|conn, _| pack(conn)).await {
            Ok(true) => tracing::info!("the index of vectors is packed"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the index of vectors can not be packed"),
        }
    }
}

/// Packs it unless somebody does; whether it had to be.
fn pack(conn: &mut PgConnection) -> Result<bool, DbError> {
    if !ask(conn, &format!("SELECT pg_try_advisory_lock({LOCK}) AS yes"))? {
        return Ok(false);
    }
    let packed = pack_alone(conn);
    conn.batch_execute(&format!("RESET statement_timeout; RESET lock_timeout; SELECT pg_advisory_unlock({LOCK})"))?;
    Ok(packed?)
}

fn pack_alone(conn: &mut PgConnection) -> QueryResult<bool> {
    conn.batch_execute("SELECT drop_half_packed_vectors()")?;
    if !ask(conn, "SELECT vectors_need_packing() AS yes")? {
        return Ok(false);
    }
    // It waits for whoever may still read the index as it was.
    conn.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0")?;
    conn.batch_execute("REINDEX INDEX CONCURRENTLY image_vectors_pkey")?;
    Ok(true)
}

fn ask(conn: &mut PgConnection, question: &str) -> QueryResult<bool> {
    Ok(sql_query(question).get_result::<Answer>(conn)?.yes)
}
