//! Jobs: stored with the work that calls for them, done once in effect, whoever dies on the way.

use actix_web::{HttpResponse, web::Data};
use chrono::Duration;
use countinghouse_api::{
    app::AppState,
    config,
    platform::{
        authn::TenantCtx,
        db::{DbError, TenantTx},
        http::{Access, ApiError, Body, Route, no_content},
        jobs::{Finished, Handlers, Job, JobError, Run, Stop, When, Worker, enqueue_in},
    },
};
use countinghouse_tests::{Caller, Login, World, WorldBuilder};
use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
    time::{Duration as Time, Instant},
};
use tokio::{sync::Notify, task::JoinHandle};

/// A job of these tests: writes its number into the table `effects`, or does what goes wrong.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mark {
    number: i32,
    #[serde(default)]
    way: String,
}

impl Job for Mark {
    const KIND: &'static str = "mark";
    const VERSION: i32 = 2;
    const MAX_ATTEMPTS: i32 = 3;

    async fn run(self, _: AppState, run: Run) -> Result<Finished, JobError> {
        match self.way.split(' ').collect::<Vec<_>>().as_slice() {
            ["fail"] => return Err(anyhow::anyhow!("it does not go").into()),
            ["hopeless"] => return Err(JobError::Hopeless("it never goes".to_owned())),
            ["panic"] => panic!("as it was told"),
            ["gate", name] => {
                begun(name).notify_one();
                gate(name).notified().await;
            }
            // A step on the way, and then it takes its time to say how that went.
            ["step", name] => {
                begun(name).notify_one();
                gate(name).notified().await;
                let stepped = run.transaction(|_| Ok::<_, JobError>(())).await;
                begun(name).notify_one();
                gate(name).notified().await;
                stepped?;
            }
            _ => {}
        }
        run.finish(move |tx| mark_in(tx, self.number)).await
    }
}

fn mark_in(tx: &mut TenantTx<'_>, number: i32) -> Result<(), JobError> {
    let tenant = tx.tenant_id();
    let sql = format!("INSERT INTO effects VALUES ('{tenant}', {number})");
    tx.conn().batch_execute(&sql).map_err(DbError::from)?;
    Ok(())
}

static GATES: LazyLock<Mutex<HashMap<String, Arc<Notify>>>> = LazyLock::new(Mutex::default);

pub fn gate(name: &str) -> Arc<Notify> {
    Arc::clone(GATES.lock().unwrap().entry(name.to_owned()).or_default())
}

fn begun(name: &str) -> Arc<Notify> {
    gate(&format!("{name} begun"))
}

/// Waits until a job stands at its gate.
pub async fn at_gate(name: &str) {
    tokio::time::timeout(Time::from_secs(30), begun(name).notified()).await.expect("a job that begins");
}

/// A test's own route: stores a job, and then does not commit when it is told so.
#[derive(Deserialize, JsonSchema)]
struct Order {
    #[schemars(with = "Value")]
    job: Mark,
    key: Option<String>,
    in_seconds: Option<i64>,
    #[serde(default)]
    refuse: bool,
}

async fn enqueue(state: Data<AppState>, ctx: TenantCtx, body: Body<Order>) -> Result<HttpResponse, ApiError> {
    let Order { job, key, in_seconds, refuse } = body.0;
    let run_at = in_seconds.map(|seconds| state.ids.now() + Duration::seconds(seconds));
    let stored = ctx.transaction(move |tx| {
        enqueue_in(tx, &job, When { run_at, unique_key: key })?;
        if refuse { Err(DbError::JobLost) } else { Ok(()) }
    });
    stored.await?;
    Ok(no_content())
}

pub async fn world() -> World {
    world_with(World::builder(), Vec::new()).await
}

/// The same with more routes than that which stores jobs.
pub async fn world_with(builder: WorldBuilder, mut routes: Vec<Route>) -> World {
    routes.push(Route::post("/marks", Access::LoggedIn, enqueue));
    let world = builder.routes(routes).start().await;
    let table = "CREATE TABLE effects (tenant_id uuid NOT NULL, number integer NOT NULL);
        GRANT SELECT, INSERT ON effects TO countinghouse_worker";
    world.database(Login::Owner).batch_execute(table).unwrap();
    world
}

pub fn settings() -> config::Worker {
    config::Worker {
        slots: 8,
        per_client: 4,
        // Long, so that no heartbeat on the machine's clock comes between what a test does to its own.
        lease: Duration::hours(1),
        poll: Time::from_millis(20),
        grace: Time::from_millis(50),
    }
}

pub fn start(world: &World) -> (JoinHandle<()>, Stop) {
    start_with(world, Handlers::default().with::<Mark>())
}

pub fn start_with(world: &World, handlers: Handlers) -> (JoinHandle<()>, Stop) {
    let (worker, stop) = Worker::new(world.state.clone(), handlers, settings()).unwrap();
    (tokio::spawn(worker.work()), stop)
}

pub async fn stop((working, stop): (JoinHandle<()>, Stop)) {
    stop.stop();
    working.await.unwrap();
}

pub async fn ask(caller: &Caller, body: Value) {
    caller.post("/marks", &body).await.expect(204);
}

pub fn count(world: &World, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = sql_types::BigInt)]
        n: i64,
    }
    let row =
        sql_query(format!("SELECT count(*) AS n FROM {sql}")).get_result::<Count>(&mut world.database(Login::Owner));
    row.unwrap().n
}

/// Looks until it is so, for a while that no healthy machine needs.
pub async fn until(world: &World, sql: &str, wanted: i64) {
    let begun = Instant::now();
    while count(world, sql) != wanted {
        assert!(begun.elapsed() < Time::from_secs(30), "{sql}: {} and not {wanted}", count(world, sql));
        tokio::time::sleep(Time::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_job_is_there_exactly_when_its_transaction_is() {
    let world = world().await;
    let owner = world.owner();
    ask(&owner, json!({"job": {"number": 1}})).await;
    let refused = json!({"job": {"number": 2}, "refuse": true});
    assert!(owner.post("/marks", &refused).await.status >= 500);
    ask(&world.caller(&world.south, "owner"), json!({"job": {"number": 3}})).await;
    let worker = start(&world);
    until(&world, "jobs WHERE state = 'done' AND kind = 'mark'", 2).await;
    assert_eq!(count(&world, "effects"), 2);
    let own = format!("effects WHERE (tenant_id, number) IN (('{}', 1), ('{}', 3))", world.north.id, world.south.id);
    assert_eq!(count(&world, &own), 2);
    stop(worker).await;
}

#[tokio::test]
async fn a_worker_hears_of_a_job_at_once_and_runs_it_not_before_its_time() {
    let world = world().await;
    let mut slow = settings();
    slow.poll = Time::from_secs(20);
    let (worker, stopping) = Worker::new(world.state.clone(), Handlers::default().with::<Mark>(), slow).unwrap();
    let worker = (tokio::spawn(worker.work()), stopping);
    let owner = world.owner();
    ask(&owner, json!({"job": {"number": 1}, "in_seconds": 60})).await;
    let begun = Instant::now();
    ask(&owner, json!({"job": {"number": 2}})).await;
    until(&world, "effects WHERE number = 2", 1).await;
    assert!(begun.elapsed() < Time::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(count(&world, "effects WHERE number = 1"), 0);
    world.clock.advance(Duration::seconds(61));
    ask(&owner, json!({"job": {"number": 3}})).await;
    until(&world, "effects", 3).await;
    stop(worker).await;
}

#[tokio::test]
async fn of_jobs_with_one_key_one_waits() {
    let world = world().await;
    let (owner, south) = (world.owner(), world.caller(&world.south, "owner"));
    for number in 1..=3 {
        ask(&owner, json!({"job": {"number": number}, "key": "k"})).await;
    }
    ask(&south, json!({"job": {"number": 4}, "key": "k"})).await;
    ask(&owner, json!({"job": {"number": 5}})).await;
    ask(&owner, json!({"job": {"number": 6}})).await;
    assert_eq!(count(&world, "jobs WHERE state = 'waiting'"), 4);
    let worker = start(&world);
    until(&world, "jobs WHERE state = 'done'", 4).await;
    // It is done: the next one with its key is stored again.
    ask(&owner, json!({"job": {"number": 7}, "key": "k"})).await;
    until(&world, "effects WHERE number IN (1, 4, 5, 6, 7)", 5).await;
    stop(worker).await;
}

/// While one runs another is stored with its key; what is put back then gives way, and of several
/// that are lost together one waits.
#[tokio::test]
async fn what_is_put_back_gives_way_to_what_waits_with_its_key() {
    let world = world().await;
    let owner = world.owner();
    for gate in ["one", "two"] {
        ask(&owner, json!({"job": {"number": 1, "way": format!("gate {gate}")}, "key": "k"})).await;
        let worker = start(&world);
        at_gate(gate).await;
        // Killed, not stopped: it gives nothing back.
        worker.0.abort();
    }
    assert_eq!(count(&world, "jobs WHERE state = 'running'"), 2);
    world.clock.advance(Duration::minutes(61));
    let worker = start(&world);
    until(&world, "jobs WHERE state = 'cancelled' AND last_error = 'the worker was lost'", 1).await;
    until(&world, "jobs WHERE state = 'running'", 1).await;
    // Back to where the owner's token is good.
    world.clock.advance(Duration::minutes(-61));
    ask(&owner, json!({"job": {"number": 2, "way": "gate three"}, "key": "k"})).await;
    at_gate("three").await;
    ask(&owner, json!({"job": {"number": 3}, "key": "k", "in_seconds": 3600})).await;
    stop(worker).await;
    assert_eq!(count(&world, "jobs WHERE state = 'cancelled'"), 3);
    assert_eq!(count(&world, "jobs WHERE state = 'waiting'"), 1);
}

#[tokio::test]
async fn what_fails_is_tried_again_later_and_in_the_end_given_up_with_its_reason() {
    let world = world().await;
    let owner = world.owner();
    for (number, way) in [(1, "fail"), (2, "hopeless"), (3, "panic")] {
        ask(&owner, json!({"job": {"number": number, "way": way}})).await;
    }
    let unreadable = format!(
        "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, run_at, max_attempts, created_at) VALUES
         ('{}', gen_random_uuid(), 'mark', 2, '{{\"number\": \"four\"}}', now(), 2, now())",
        world.north.id
    );
    world.database(Login::Owner).batch_execute(&unreadable).unwrap();
    let worker = start(&world);
    until(&world, "jobs WHERE state = 'dead'", 1).await;
    until(&world, "jobs WHERE state = 'waiting' AND attempts = 1 AND run_at > now()", 3).await;
    world.clock.advance(Duration::hours(1));
    until(&world, "jobs WHERE state = 'dead'", 2).await;
    world.clock.advance(Duration::hours(1));
    until(&world, "jobs WHERE state = 'dead'", 4).await;
    for reason in ["it does not go", "it never goes", "it panicked%", "the payload is%"] {
        assert_eq!(count(&world, &format!("jobs WHERE last_error LIKE '{reason}'")), 1, "{reason}");
    }
    assert_eq!(count(&world, "effects"), 0);
    stop(worker).await;
}

/// What a newer binary stores is met by workers of the one before while it is brought in, for as long as
/// that takes. It costs no attempt, and is done when somebody knows how.
#[tokio::test]
async fn jobs_of_a_newer_binary_wait_for_one() {
    #[derive(Serialize, Deserialize)]
    struct Later {
        number: i32,
    }

    impl Job for Later {
        const KIND: &'static str = "mark";
        const VERSION: i32 = 3;

        async fn run(self, _: AppState, run: Run) -> Result<Finished, JobError> {
            run.finish(move |tx| mark_in(tx, self.number)).await
        }
    }

    let world = world().await;
    let newer = format!(
        "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, run_at, max_attempts, created_at) VALUES
         ('{0}', gen_random_uuid(), 'mark', 3, '{{\"number\": 1}}', now(), 1, now()),
         ('{0}', gen_random_uuid(), 'unheard_of', 1, '{{}}', now(), 1, now())",
        world.north.id
    );
    world.database(Login::Owner).batch_execute(&newer).unwrap();
    let worker = start(&world);
    for day in 1..=3 {
        until(&world, &format!("jobs WHERE state = 'waiting' AND attempts = 0 AND fence >= {day}"), 2).await;
        assert_eq!(
            count(
                &world,
                "jobs WHERE last_error IN ('version 3 of the payload is not known here',
            'the kind unheard_of is not known here')"
            ),
            2
        );
        world.clock.advance(Duration::days(1));
    }
    stop(worker).await;
    world.clock.advance(Duration::minutes(11));
    let newer = start_with(&world, Handlers::default().with::<Later>());
    until(&world, "effects", 1).await;
    stop(newer).await;
    assert_eq!(count(&world, "jobs WHERE kind = 'mark' AND state = 'done' AND attempts = 1"), 1);
}

/// A worker that is silent for longer than its lease is given up; when it comes back and finishes,
/// it changes nothing.
#[tokio::test]
async fn a_stale_worker_writes_nothing() {
    let world = world().await;
    ask(&world.owner(), json!({"job": {"number": 1, "way": "gate stale"}})).await;
    let stale = start(&world);
    at_gate("stale").await;
    world.clock.advance(Duration::minutes(61));
    // The other gives up what is late when it begins.
    let other = start(&world);
    at_gate("stale").await;
    // One for each: the second may not wait there yet, and is let through when it comes.
    gate("stale").notify_one();
    gate("stale").notify_one();
    until(&world, "jobs WHERE state = 'done' AND attempts = 2 AND fence = 2", 1).await;
    stop(stale).await;
    stop(other).await;
    assert_eq!(count(&world, "effects"), 1);
}

/// Leases and times of the future are left behind, and hold up neither what runs nor what comes.
#[tokio::test]
async fn a_clock_that_is_set_back_holds_no_job_up() {
    let world = world().await;
    ask(&world.owner(), json!({"job": {"number": 1, "way": "gate back"}})).await;
    let worker = start(&world);
    at_gate("back").await;
    world.clock.advance(Duration::minutes(-10));
    ask(&world.owner(), json!({"job": {"number": 2}})).await;
    until(&world, "effects WHERE number = 2", 1).await;
    gate("back").notify_one();
    until(&world, "jobs WHERE state = 'done' AND attempts = 1 AND fence = 1", 2).await;
    stop(worker).await;
    assert_eq!(count(&world, "effects"), 2);
}

#[tokio::test]
async fn a_suspended_clients_jobs_wait_and_cost_no_attempt() {
    let world = world().await;
    let (owner, superadmin) = (world.owner(), world.superadmin());
    ask(&owner, json!({"job": {"number": 1, "way": "gate suspended"}})).await;
    let worker = start(&world);
    at_gate("suspended").await;
    superadmin.post("/admin/tenants/north/suspend", &json!({"reason": "unpaid"})).await.expect(200);
    gate("suspended").notify_one();
    until(&world, "jobs WHERE state = 'waiting' AND attempts = 0", 1).await;
    ask(&world.caller(&world.south, "owner"), json!({"job": {"number": 2}})).await;
    until(&world, "effects WHERE number = 2", 1).await;
    assert_eq!(count(&world, "effects WHERE number = 1"), 0);
    superadmin.post("/admin/tenants/north/resume", &json!({})).await.expect(200);
    gate("suspended").notify_one();
    until(&world, "effects WHERE number = 1", 1).await;
    stop(worker).await;
}

#[tokio::test]
async fn a_worker_that_stops_gives_back_what_it_cannot_finish() {
    let world = world().await;
    let owner = world.owner();
    ask(&owner, json!({"job": {"number": 1, "way": "gate stopping"}})).await;
    let first = start(&world);
    at_gate("stopping").await;
    stop(first).await;
    assert_eq!(count(&world, "jobs WHERE state = 'waiting' AND attempts = 0"), 1);
    let second = start(&world);
    gate("stopping").notify_one();
    until(&world, "effects", 1).await;
    stop(second).await;
}

/// No client gets more hands than its own, and none waits behind another's backlog.
#[tokio::test]
async fn one_clients_backlog_does_not_hold_up_another() {
    let world = world().await;
    let backlog = format!(
        "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, run_at, max_attempts, created_at)
         SELECT '{}', gen_random_uuid(), 'mark', 1, '{{\"number\": 0}}', now(), 3, now() FROM generate_series(1, 10000)",
        world.north.id
    );
    world.database(Login::Owner).batch_execute(&backlog).unwrap();
    let worker = start(&world);
    until(&world, "(SELECT FROM effects LIMIT 20)", 20).await;
    let south = world.caller(&world.south, "owner");
    let mut waits = Vec::new();
    for number in 1..=20 {
        ask(&south, json!({"job": {"number": number}})).await;
        until(&world, &format!("effects WHERE number = {number}"), 1).await;
        let busy = format!("jobs WHERE state = 'running' AND tenant_id = '{}'", world.north.id);
        assert!(count(&world, &busy) <= 4);
        waits.push(format!("jobs WHERE state = 'done' AND payload->>'number' = '{number}' AND finished_at - created_at < interval '1 second'"));
    }
    let quick = waits.iter().filter(|wait| count(&world, wait) == 1).count();
    assert!(quick >= 19, "only {quick} of 20 were picked up at once");
    assert!(count(&world, "jobs WHERE state = 'waiting'") > 1000, "the backlog was gone before the test ended");
    stop(worker).await;
}

/// Clients whose jobs wait and may not run stand first in the row, more of them than one claim has hands.
#[tokio::test]
async fn many_suspended_clients_hold_up_nobody() {
    let world = world().await;
    let suspended = "INSERT INTO tenants (id, slug, name, currency, time_zone, status, created_at, updated_at)
        SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'gone' || n, 'x', 'EUR', 'UTC',
        'suspended', now(), now() FROM generate_series(1, 100) n;
        INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, run_at, max_attempts, created_at)
        SELECT id, gen_random_uuid(), 'mark', 2, '{\"number\": 0}', now(), 3, now() FROM tenants WHERE slug LIKE 'gone%'";
    world.database(Login::Owner).batch_execute(suspended).unwrap();
    ask(&world.owner(), json!({"job": {"number": 1}})).await;
    let worker = start(&world);
    until(&world, "effects WHERE number = 1", 1).await;
    stop(worker).await;
    assert_eq!(count(&world, "jobs WHERE state = 'waiting' AND attempts = 0"), 100);
}

/// A claim costs the same after years of work: it reads what it takes, and nothing that is done.
#[tokio::test]
async fn claiming_reads_no_jobs_that_are_done() {
    let world = world().await;
    let jobs = format!(
        "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, state, run_at, max_attempts, created_at, finished_at)
         SELECT '{0}', gen_random_uuid(), 'mark', 2, '{{}}', 'done', now(), 3, now(), now() FROM generate_series(1, 5000);
         INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, run_at, max_attempts, created_at)
         SELECT '{0}', gen_random_uuid(), 'mark', 2, '{{}}', now(), 3, now() FROM generate_series(1, 8)",
        world.north.id
    );
    world.database(Login::Owner).batch_execute(&jobs).unwrap();
    let mut conn = world.database(Login::Superuser);
    let claim = "BEGIN; SELECT claim_jobs('w', '00000000-0000-0000-0000-000000000000', 8, 8, now(), now());
        SELECT claim_jobs('w', '00000000-0000-0000-0000-000000000000', 8, 8, now(), now())";
    conn.batch_execute(claim).unwrap();
    #[derive(QueryableByName)]
    struct Read {
        #[diesel(sql_type = sql_types::BigInt)]
        rows: i64,
    }
    let read = "SELECT seq_tup_read + idx_tup_fetch AS rows FROM pg_stat_xact_user_tables WHERE relname = 'jobs'";
    let rows = sql_query(read).get_result::<Read>(&mut conn).unwrap().rows;
    assert!((8..100).contains(&rows), "{rows} rows were read to take 8");
}
