//! How many jobs a worker does, and how soon it takes one: `./dev bench jobs`.
//!
//! The worker is set up as `countinghouse work` is by default, in a thread of its own, beside the service;
//! its jobs do nothing. What the database alone could do is what pgbench does in the same minute, which sends
//! both statements of a job that does nothing, for jobs that it need not claim. Pick-up is the time from the commit that stored a job to the start of its work:
//! first while nothing else waits, then while another client has 10,000 jobs waiting that take 5 ms each. It
//! fails when the second passes 100 ms; the others are absolute times, which no shared machine can be held to.

use actix_web::{HttpResponse, web::Data};
use countinghouse_api::{
    app::AppState,
    platform::{
        authn::TenantCtx,
        db::DbError,
        http::{Access, ApiError, Body, Route, no_content},
        jobs::{Finished, Handlers, Job, JobError, Run, Stop, When, Worker, enqueue_in},
    },
};
use countinghouse_tests::{Caller, Cluster, Figures, Login, Verdict, World};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::HashMap,
    process::{Command, ExitCode},
    sync::{LazyLock, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

const JOBS: u32 = 20_000;
const PICK_UPS: u32 = 300;
const BACKLOG: u32 = 10_000;

/// Does nothing, for so many milliseconds.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Nothing {
    number: u32,
    #[serde(default)]
    milliseconds: u64,
}

/// When each was stored, and when its work began.
static TIMES: LazyLock<Mutex<HashMap<u32, [Option<Instant>; 2]>>> = LazyLock::new(Mutex::default);

fn note(number: u32, what: usize) {
    TIMES.lock().expect("no panic").entry(number).or_default()[what] = Some(Instant::now());
}

impl Job for Nothing {
    const KIND: &'static str = "nothing";

    async fn run(self, _: AppState, run: Run) -> Result<Finished, JobError> {
        if self.milliseconds > 0 {
            tokio::time::sleep(Duration::from_millis(self.milliseconds)).await;
        } else if self.number > 0 {
            note(self.number, 1);
        }
        run.finish(|_| Ok(())).await
    }
}

async fn store(_: Data<AppState>, ctx: TenantCtx, body: Body<Nothing>) -> Result<HttpResponse, ApiError> {
    let job = body.0;
    let number = job.number;
    let stored = ctx.transaction(move |tx| enqueue_in(tx, &job, When::default()).map(drop));
    stored.await.map_err(|error: DbError| ApiError::from(error))?;
    note(number, 0);
    Ok(no_content())
}

#[tokio::main]
async fn main() -> ExitCode {
    let world = World::builder().routes(vec![Route::post("/nothing", Access::LoggedIn, store)]).start().await;
    let south = world.caller(&world.south, "owner");

    wait(&world, JOBS, 0);
    let began = Instant::now();
    let worker = start(&world);
    until_done(&world, i64::from(JOBS)).await;
    let rate = f64::from(JOBS) / began.elapsed().as_secs_f64();
    let floor = floor(&world);
    let alone = pick_ups(&south, 1).await;
    wait(&world, BACKLOG, 5);
    let behind = pick_ups(&south, PICK_UPS + 1).await;
    let left = count(&mut world.database(Login::Owner), "waiting");
    stop(worker);

    let mut figures = Figures::default();
    let verdict = if rate >= 3_500.0 { Verdict::Met } else { Verdict::Short };
    figures.row("jobs a second that do nothing, of two clients", format!("{rate:.0}"), "3,500 or more", verdict);
    let ratio = format!("{:.2}", rate / floor);
    figures.row("the same ÷ pgbench that finishes claimed jobs", ratio, "", Verdict::Told);
    let p50 = part(&alone, 50);
    let verdict = if p50 <= Duration::from_millis(5) { Verdict::Met } else { Verdict::Short };
    figures.row("pick-up while nothing else waits, p50", format!("{p50:.1?}"), "5 ms or less", verdict);
    figures.row("pick-up while nothing else waits, p99", format!("{:.1?}", part(&alone, 99)), "", Verdict::Told);
    let worst = part(&behind, 100);
    let fair = left > 0 && worst <= Duration::from_millis(100);
    let figure = "pick-up behind another client's 10,000 jobs, worst";
    figures.row(figure, format!("{worst:.1?}"), "100 ms or less", Verdict::of(fair));
    println!("{left} of the {BACKLOG} waited to the end");
    figures.ended()
}

/// Stores so many jobs; those that do nothing at all are of both clients by turns.
fn wait(world: &World, jobs: u32, milliseconds: u32) {
    let (north, south) = (world.north.id, if milliseconds > 0 { world.north.id } else { world.south.id });
    let sql = format!(
        "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, run_at, max_attempts, created_at) \
         SELECT CASE n % 2 WHEN 0 THEN '{north}'::uuid ELSE '{south}' END, gen_random_uuid(), 'nothing', 1, \
         '{{\"number\": 0, \"milliseconds\": {milliseconds}}}', now(), 3, now() FROM generate_series(1, {jobs}) n; \
         ANALYZE jobs"
    );
    world.database(Login::Owner).batch_execute(&sql).expect("jobs are stored");
}

/// How many jobs a second pgbench finishes, on as many connections as the worker has for them.
fn floor(world: &World) -> f64 {
    let (north, connections) = (world.north.id, world.config.database.worker_pool);
    let sql = format!(
        "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, run_at, max_attempts, created_at, state, \
         fence, lease_until) SELECT '{north}', ('00000000-0000-4000-8000-' || (100000000000 + n))::uuid, 'finished', 1, \
         '{{}}', now(), 3, now(), 'running', 1, now() + interval '1 hour' FROM generate_series(1, {JOBS} + 10) n; \
         ANALYZE jobs"
    );
    world.database(Login::Owner).batch_execute(&sql).expect("jobs are stored");
    let script = std::env::temp_dir().join(format!("{}.sql", world.database));
    let lines = format!(
        "\\set i :i + 1\n\\set n 100000000000 + :i * {connections} + :client_id\n\
         BEGIN\\; SELECT finish_job('{north}', '00000000-0000-4000-8000-:n', 1, {rights}, now());\nCOMMIT;\n",
        rights = number(
            &mut world.database(Login::Owner),
            &format!("SELECT rights_version AS n FROM tenants WHERE id = '{north}'")
        )
    );
    std::fs::write(&script, lines).expect("a script");
    let each = (JOBS / connections).to_string();
    let run = Command::new(Cluster::get().bin_dir.join("pgbench"))
        .args(["-n", "-D", "i=0", "-c", &connections.to_string(), "-t", &each, "-f"])
        .arg(&script)
        .arg(Cluster::get().url(Login::Worker, &world.database))
        .output()
        .expect("pgbench runs");
    std::fs::remove_file(&script).expect("the script is removed");
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.expect("pgbench says how fast it was")
}

fn start(world: &World) -> (JoinHandle<()>, Stop) {
    let handlers = Handlers::default().with::<Nothing>();
    let (worker, stop) = Worker::new(world.state.clone(), handlers, world.config.worker).expect("a worker");
    let work = move || actix_web::rt::System::new().block_on(worker.work());
    (std::thread::spawn(work), stop)
}

fn stop((worker, stop): (JoinHandle<()>, Stop)) {
    stop.stop();
    worker.join().expect("the worker ends well");
}

/// Stores jobs one after the other, and answers how long each waited, sorted.
async fn pick_ups(caller: &Caller, first: u32) -> Vec<Duration> {
    let mut waits = Vec::new();
    for number in first..first + PICK_UPS {
        caller.post("/nothing", &json!({"number": number})).await.expect(204);
        waits.push(waited(number).await);
    }
    waits.sort();
    waits
}

/// Nothing for a job that began before the commit's answer was read.
async fn waited(number: u32) -> Duration {
    loop {
        if let Some([Some(stored), Some(begun)]) = TIMES.lock().expect("no panic").get(&number) {
            return begun.saturating_duration_since(*stored);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn until_done(world: &World, jobs: i64) {
    let mut database = world.database(Login::Owner);
    while count(&mut database, "done") < jobs {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn count(database: &mut PgConnection, state: &str) -> i64 {
    number(database, &format!("SELECT count(*) AS n FROM jobs WHERE kind = 'nothing' AND state = '{state}'"))
}

fn number(database: &mut PgConnection, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = sql_types::BigInt)]
        n: i64,
    }
    sql_query(sql).get_result::<Number>(database).expect("a number").n
}

fn part(sorted: &[Duration], percent: usize) -> Duration {
    let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or_default()
}
