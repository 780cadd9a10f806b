//! Jobs of the simulation: each writes its number down once, whoever dies on the way.

use super::{Simulation, requests::State};
use actix_web::HttpResponse;
use chrono::Duration;
use countinghouse_api::{
    app::AppState,
    config,
    platform::{
        authn::TenantCtx,
        db::DbError,
        http::{Access, ApiError, Body, Route, no_content},
        jobs::{Finished, Handlers, Job, JobError, Run, Stop, When, Worker, enqueue_in},
    },
};
use countinghouse_tests::{Cut, Login, World};
use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::{Duration as Time, Instant};
use tokio::task::JoinHandle;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Errand {
    number: i64,
}

impl Job for Errand {
    const KIND: &'static str = "errand";
    const VERSION: i32 = 1;
    // No simulation is long enough to use them up.
    const MAX_ATTEMPTS: i32 = 100;

    async fn run(self, _: AppState, run: Run) -> Result<Finished, JobError> {
        run.finish(move |tx| {
            let sql = format!("INSERT INTO errands VALUES ('{}', {})", tx.tenant_id(), self.number);
            tx.conn().batch_execute(&sql).map_err(DbError::from)?;
            Ok(())
        })
        .await
    }
}

async fn enqueue(ctx: TenantCtx, body: Body<Errand>) -> Result<HttpResponse, ApiError> {
    let errand = body.0;
    ctx.transaction(move |tx| enqueue_in(tx, &errand, When::default())).await?;
    Ok(no_content())
}

pub fn route() -> Route {
    Route::post("/errands", Access::LoggedIn, enqueue)
}

pub fn make_table(world: &World) {
    let table = "CREATE TABLE errands (tenant_id uuid NOT NULL, number bigint NOT NULL);
        GRANT SELECT, INSERT ON errands TO countinghouse_worker";
    world.database(Login::Owner).batch_execute(table).unwrap();
}

impl Simulation {
    pub fn send_on_an_errand(&mut self) {
        let client = self.dice.roll(self.clients.len() as u64) as usize;
        self.errands += 1;
        self.ask(client, "/errands".to_owned(), json!({"number": self.errands}));
    }

    /// A worker begins, the wire to the database may be cut at one of its commits, and it dies or goes
    /// home.
    pub async fn work_a_shift(&mut self) {
        match self.dice.roll(3) {
            0 => self.wire.cut_at(Cut::BeforeCommit),
            1 => self.wire.cut_at(Cut::AfterCommit),
            _ => {}
        }
        let armed = self.wire.is_armed();
        let (working, stop) = self.start_worker();
        self.until_nothing_is_due("", || armed && !self.wire.is_armed()).await;
        self.cuts += u64::from(armed && !self.wire.is_armed());
        self.wire.disarm();
        if self.dice.roll(2) == 0 {
            working.abort();
            let _dead = working.await;
        } else {
            stop.stop();
            working.await.unwrap();
        }
    }

    fn start_worker(&self) -> (JoinHandle<()>, Stop) {
        let settings = config::Worker {
            slots: 1,
            // More than can be held by the dead, whose jobs count until their leases end.
            per_client: 100,
            lease: Duration::minutes(2),
            poll: Time::from_millis(5),
            grace: Time::from_millis(500),
        };
        let handlers = Handlers::default().with::<Errand>();
        let (worker, stop) = Worker::new(self.world.state.clone(), handlers, settings).unwrap();
        (tokio::spawn(worker.work()), stop)
    }

    /// Workers without trouble do what is left, when leases have ended and waiting is over.
    pub async fn finish_errands(&mut self) {
        for _ in 0..100 {
            if self.count("jobs WHERE state <> 'done'") == 0 {
                return;
            }
            self.world.clock.advance(Duration::minutes(10));
            let (working, stop) = self.start_worker();
            self.until_nothing_is_due(" OR state = 'running'", || false).await;
            stop.stop();
            working.await.unwrap();
        }
        panic!("jobs stay undone: {}", self.count("jobs WHERE state <> 'done'"));
    }

    /// Each errand that was acknowledged was done once, and no other was done.
    pub fn check_errands(&self) {
        let done = self.requests.iter().filter(|request| request.path == "/errands");
        let mut expected: Vec<i64> = done
            .filter(|request| matches!(request.state, State::Done(_)))
            .filter_map(|request| request.body["number"].as_i64())
            .collect();
        expected.sort_unstable();
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = sql_types::BigInt)]
            number: i64,
        }
        let rows = sql_query("SELECT number FROM errands ORDER BY number");
        let rows: Vec<Row> = rows.load(&mut self.world.database(Login::Owner)).unwrap();
        assert_eq!(rows.into_iter().map(|row| row.number).collect::<Vec<_>>(), expected);
    }

    fn count(&self, of: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = sql_types::BigInt)]
            n: i64,
        }
        let row = sql_query(format!("SELECT count(*) AS n FROM {of}"));
        row.get_result::<Row>(&mut self.world.database(Login::Owner)).unwrap().n
    }

    /// Looks until no job is due, nor is what else is named, or until the caller has seen enough. Jobs
    /// that wait out a failure, or that a dead worker holds, are not due.
    async fn until_nothing_is_due(&self, nor: &str, enough: impl Fn() -> bool) {
        let now = self.world.state.ids.now().to_rfc3339();
        let due = format!("jobs WHERE state = 'waiting' AND run_at <= '{now}'{nor}");
        let begun = Instant::now();
        while !enough() && self.count(&due) > 0 {
            // For a while that no healthy machine needs.
            assert!(begun.elapsed() < Time::from_secs(30), "{} jobs stay due", self.count(&due));
            tokio::time::sleep(Time::from_millis(5)).await;
        }
    }
}
