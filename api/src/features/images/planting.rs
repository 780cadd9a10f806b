//! Finding the clients whose pictures another model has to look at: by a worker, as soon as it has its own.

use crate::{
    app::AppState,
    platform::db::{DbError, WorkerLane},
};
use chrono::Duration as Span;
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use std::time::Duration;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60);
/// A client that was moved to a model stays there for so long: while one binary replaces another, both are right.
const SETTLED: Span = Span::hours(1);

#[derive(QueryableByName)]
struct Planted {
    #[diesel(sql_type = sql_types::BigInt)]
    planted: i64,
}

/// Stores a job for each client that is searched by another model, for as long as the worker works.
pub async fn keep_planting(lane: WorkerLane, state: AppState) {
    let Some(model) = state.pictures.model().await else {
        return std::future::pending::<()>().await;
    };
    let mut moments = tokio::time::interval(EVERY);
    loop {
        moments.tick().await;
        match plant(&lane, model.id().to_owned()).await {
            Ok(0) => {}
            Ok(planted) => {
                tracing::info!(planted, "clients get another image model");
                state.db.waker().wake();
            }
            Err(error) => tracing::warn!(%error, "nobody looks which clients need another image model"),
        }
    }
}

async fn plant(lane: &WorkerLane, model: String) -> Result<i64, DbError> {
    lane.statement(move |conn, now| {
        let planted = sql_query("SELECT plant_image_jobs($1, $2, $3) AS planted")
            .bind::<sql_types::Text, _>(&model)
            .bind::<sql_types::Timestamptz, _>(now - SETTLED)
            .bind::<sql_types::Timestamptz, _>(now);
        Ok(planted.get_result::<Planted>(conn)?.planted)
    })
    .await
}
