//! How fast orders are told to an ERP that answers at once, and how soon while another client's ERP is slow:
//! `./dev bench erp`.
//!
//! The mock ERP is on loopback and in this process, as is the worker, in threads of their own; the worker is set up as
//! `countinghouse work` is by default. Orders lie there before, made by SQL, and what is measured is all of the rest:
//! the claim, the body, both transactions of an attempt, the call, the events. It is compared with jobs that do
//! nothing, of the same two clients, in the same minute; it fails below a fifth of their rate. Then one client has
//! 10,000 orders for an ERP that takes two seconds for each, and another makes orders: none may take longer than a
//! second from its invoice to its ERP.

use countinghouse_api::{
    app::AppState,
    jobs::handlers,
    platform::{
        clock::SystemClock,
        jobs::{Finished, Handlers, Job, JobError, Run, Stop, Worker},
    },
};
use countinghouse_tests::{
    Caller, Figures, Login, MockErp, Verdict, World, past,
    patience::{LONG_ENOUGH, Patience},
    shops::{self, Shop},
};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    process::ExitCode,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

const JOBS: u32 = 10_000;
const ORDERS: usize = 4_000;
const BACKLOG: usize = 10_000;
const MEANWHILE: usize = 40;
/// Whoever looks how far it is takes time from those who are watched.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

#[derive(Debug, Serialize, Deserialize)]
struct Nothing {}

impl Job for Nothing {
    const KIND: &'static str = "nothing";

    async fn run(self, _: AppState, run: Run) -> Result<Finished, JobError> {
        run.finish(|_| Ok(())).await
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut figures = Figures::default();
    let (nothing, told) = rates().await;
    figures.row("jobs a second that do nothing, of two clients", format!("{nothing:.0}"), "", Verdict::Told);
    figures.row("orders told to an ERP on loopback, a second, of two clients", format!("{told:.0}"), "", Verdict::Told);
    let ratio = told / nothing;
    let verdict = Verdict::at_least(ratio, 0.25, 0.2);
    figures.row("the same ÷ jobs that do nothing", format!("{ratio:.2}"), "0.25 or more", verdict);
    let waits = beside_a_slow_one().await;
    let [median, worst] = [waits[waits.len() / 2], waits[waits.len() - 1]];
    let figure = "from invoice to ERP beside 10,000 orders for one that takes 2 s, p50";
    figures.row(figure, format!("{median:.1?}"), "", Verdict::Told);
    let fair = Verdict::of(worst <= Duration::from_secs(1));
    figures.row("the same, worst", format!("{worst:.1?}"), "1 s or less", fair);
    figures.ended()
}

/// Jobs that do nothing, and orders told, a second.
async fn rates() -> (f64, f64) {
    let world = World::start().await;
    let shops = shops::shops(&world, 2, 10);
    past::fill(&world, &shops, ORDERS / 2);
    let erps = [(); 2].map(|()| mock());
    for (shop, erp) in shops.iter().zip(&erps) {
        erp.link(&world.with_token(&shop.token), &json!({})).await;
    }
    store_nothing(&world, &shops);
    let nothing = rate(&world, Handlers::default().with::<Nothing>(), "jobs WHERE state = 'done'", JOBS.into()).await;
    for shop in shops.iter() {
        past::tell_erp(&world, shop.tenant.id);
    }
    let orders = i64::try_from(ORDERS).expect("a small number");
    let handlers = handlers().expect("all kinds");
    let told = rate(&world, handlers, "erp_syncs WHERE status = 'success'", orders).await;
    for erp in &erps {
        let orders = erp.orders().await;
        assert_eq!(orders.len(), ORDERS / 2);
        assert!(orders.iter().all(|order| order["received"] == 1), "one was sent twice");
    }
    (nothing, told)
}

fn mock() -> MockErp {
    MockErp::start(MockErp::options(), Arc::new(SystemClock))
}

fn store_nothing(world: &World, shops: &[Shop]) {
    let (one, other) = (shops[0].tenant.id, shops[1].tenant.id);
    let sql = format!(
        "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, run_at, max_attempts, created_at) \
         SELECT CASE n % 2 WHEN 0 THEN '{one}'::uuid ELSE '{other}' END, gen_random_uuid(), 'nothing', 1, '{{}}', \
         now(), 3, now() FROM generate_series(1, {JOBS}) n; ANALYZE jobs"
    );
    world.database(Login::Owner).batch_execute(&sql).expect("jobs are stored");
}

/// How many a second, until so many are there.
async fn rate(world: &World, handlers: Handlers, done: &str, wanted: i64) -> f64 {
    let mut database = world.database(Login::Owner);
    let began = Instant::now();
    let worker = start(world, handlers);
    while count(&mut database, done) < wanted {
        assert!(began.elapsed() < LONG_ENOUGH, "never {wanted} {done}");
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    let took = began.elapsed();
    stop(worker);
    wanted as f64 / took.as_secs_f64()
}

/// How long orders of one client take to its ERP while another's is slow, sorted.
async fn beside_a_slow_one() -> Vec<Duration> {
    let world = World::start().await;
    let shops = shops::shops(&world, 2, 10);
    past::fill(&world, &shops, BACKLOG);
    let [slow, quick] = [(); 2].map(|()| mock());
    slow.faults(&json!({"rules": [{"latency_ms": 2000}]})).await;
    let [north, south] = [&shops[0], &shops[1]].map(|shop| world.with_token(&shop.token));
    slow.link(&north, &json!({})).await;
    quick.link(&south, &json!({})).await;
    past::tell_erp(&world, shops[0].tenant.id);
    let worker = start(&world, handlers().expect("all kinds"));
    let patience = Patience::until("sending to the slow one");
    while slow.orders().await.is_empty() {
        patience.wait().await;
    }
    let mut waits = Vec::new();
    for _ in 0..MEANWHILE {
        waits.push(told_after(&south, &quick).await);
    }
    let left = format!("erp_syncs WHERE tenant_id = '{}' AND finished_at IS NULL", shops[0].tenant.id);
    assert!(count(&mut world.database(Login::Owner), &left) > 9_000, "the backlog is gone");
    stop(worker);
    waits.sort();
    waits
}

/// From the answer to the request, when it is invoiced, until the ERP has it.
async fn told_after(caller: &Caller, erp: &MockErp) -> Duration {
    let order = caller.post("/orders", &json!({"lines": [{"sku": "SKU-1", "quantity": 1}]})).await.expect(201);
    let (began, number) = (Instant::now(), order["order_number"].as_str().expect("a number"));
    let patience = Patience::until("told of the order");
    while erp.order_of(number).await.is_none() {
        patience.wait().await;
    }
    began.elapsed()
}

fn start(world: &World, handlers: Handlers) -> (JoinHandle<()>, Stop) {
    let (worker, stop) = Worker::new(world.state.clone(), handlers, world.config.worker).expect("a worker");
    let work = move || actix_web::rt::System::new().block_on(worker.work());
    (std::thread::spawn(work), stop)
}

fn stop((worker, stop): (JoinHandle<()>, Stop)) {
    stop.stop();
    worker.join().expect("the worker ends well");
}

fn count(database: &mut PgConnection, of: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = sql_types::BigInt)]
        n: i64,
    }
    let sql = format!("SELECT count(*) AS n FROM {of}");
    sql_query(sql).get_result::<Number>(database).expect("a number").n
}
