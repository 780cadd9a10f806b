//! What is done for the operator, of no client, at set times in UTC.
//!
//! A chore is one short transaction, and so is its mark: it happens whole or not at all, and of two
//! workers the later finds it done. It needs no lease, and nothing to take up again after a crash.

use super::{Cron, CronError};
use crate::{
    app::AppState,
    platform::db::{DbError, WorkerLane},
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::{OptionalExtension, PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types};

/// Its work, with the functions of the database that the workers' login is given.
pub type ChoreWork = fn(&mut PgConnection, &AppState, DateTime<Utc>) -> Result<(), DbError>;

#[derive(Clone)]
pub(super) struct Chore {
    name: &'static str,
    cron: Cron,
    work: ChoreWork,
}

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = sql_types::Bool)]
    taken: bool,
}

impl Chore {
    pub(super) fn new(name: &'static str, cron: &str, work: ChoreWork) -> Result<Self, CronError> {
        Ok(Self { name, cron: cron.parse()?, work })
    }

    /// Does it if its time has come.
    pub(super) async fn look_after(&self, lane: &WorkerLane, state: &AppState) -> Result<(), DbError> {
        let (chore, state) = (self.clone(), state.clone());
        lane.transaction(move |conn, now| {
            let next = chore.cron.next_after(now, Tz::UTC);
            let taken = sql_query("SELECT take_chore($1, $2, $3) AS taken")
                .bind::<sql_types::Text, _>(chore.name)
                .bind::<sql_types::Nullable<sql_types::Timestamptz>, _>(next)
                .bind::<sql_types::Timestamptz, _>(now);
            if taken.get_result::<Taken>(conn).optional()?.is_some_and(|row| row.taken) {
                tracing::info!(chore = chore.name, "doing a chore");
                (chore.work)(conn, &state, now)?;
            }
            Ok(())
        })
        .await
    }
}
