//! What 500 log-ins at once do to everybody else: `cargo run -p countinghouse-tests --bin bench_log_ins`,
//! on a machine that does nothing else; a debug build of both sides makes any crowd look worse.
//!
//! Readers ask for a page of products, each some hundred times a second, first alone and then
//! while 500 log-ins come at the same moment and for as long as the last of them takes. Printed are
//! the readers' times, what became of the log-ins, and the service's memory; and beside that the
//! readers' times while 500 requests come that are refused for want of a token, which is what any
//! crowd costs that opens 500 connections. The log-ins come over the same connections, as they do
//! from a proxy, so that hashing is what is measured. It fails when a log-in is answered otherwise
//! than 200, 401 or 429, or the readers' p99 grows fivefold. `PASSWORD_THREADS` and `PASSWORD_QUEUE` go on to the service.

use countinghouse_tests::{Caller, PASSWORD, Process, World};
use serde_json::json;
use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

const LOG_INS: usize = 500;
const READERS: usize = 4;
const PAUSE: Duration = Duration::from_millis(4);

#[tokio::main]
async fn main() -> ExitCode {
    let world = World::start().await;
    world.owner().product("A", "1.00", 5).await;
    let mut environment = world.environment();
    // It says where it listens, and nothing of each request: nobody reads its log.
    environment.push(("LOG", "warn,countinghouse=info,countinghouse_api=warn".to_owned()));
    for name in ["PASSWORD_THREADS", "PASSWORD_QUEUE"] {
        environment.extend(std::env::var(name).ok().map(|value| (name, value)));
    }
    let process = Process::serve(&environment);
    let reader = process.caller(world.owner().token());
    let nobody = process.caller("");
    read_for(&reader, Duration::from_secs(2)).await;
    let before = process.peak_memory();

    let alone = read_for(&reader, Duration::from_secs(5)).await;
    let crowd = async {
        futures_util::future::join_all((0..LOG_INS).map(|_| nobody.get("/auth/me"))).await;
        // About as long as log-ins take, so that a percent is as many requests.
        tokio::time::sleep(Duration::from_secs(2)).await;
    };
    let ((), crowded) = read_during(&reader, crowd).await;
    let started = Instant::now();
    let (statuses, meanwhile) = read_during(&reader, log_ins(&nobody)).await;
    let took = started.elapsed();

    for (what, times) in [("alone", &alone), ("during the log-ins", &meanwhile), ("during any crowd", &crowded)] {
        let (p50, p99) = (part(times, 50), part(times, 99));
        println!("readers {what:<20} p50 {p50:>9.2?}  p99 {p99:>9.2?}  ({} requests)", times.len());
    }
    let growth = part(&meanwhile, 99).as_secs_f64() / part(&alone, 99).as_secs_f64();
    println!("p99 during the log-ins / alone  {growth:.2}  (goal: under 5)");
    println!("{LOG_INS} log-ins at once    {statuses:?} within {took:.2?}");
    println!("peak memory            {before} MiB before, {} MiB after", process.peak_memory());
    let answered = statuses.keys().all(|status| [200, 401, 429].contains(status));
    if answered && growth < 5.0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// All log-ins at the same moment: how many got which status.
async fn log_ins(nobody: &Caller) -> BTreeMap<u16, usize> {
    let attempts = (0..LOG_INS).map(|n| {
        let password = if n % 2 == 0 { PASSWORD } else { "not this one, no" };
        let body = json!({"client_id": "north", "username": "owner", "password": password});
        async move { nobody.post("/auth/login", &body).await.status }
    });
    let mut statuses = BTreeMap::new();
    for status in futures_util::future::join_all(attempts).await {
        *statuses.entry(status).or_default() += 1;
    }
    statuses
}

async fn read_for(reader: &Caller, time: Duration) -> Vec<Duration> {
    read_during(reader, tokio::time::sleep(time)).await.1
}

/// How long reads take while something else happens, sorted.
async fn read_during<T>(reader: &Caller, happens: impl Future<Output = T>) -> (T, Vec<Duration>) {
    let stop = Arc::new(AtomicBool::new(false));
    let readers = tokio::spawn(read_until(reader.clone(), Arc::clone(&stop)));
    let result = happens.await;
    stop.store(true, Ordering::Relaxed);
    (result, readers.await.expect("readers end"))
}

async fn read_until(reader: Caller, stop: Arc<AtomicBool>) -> Vec<Duration> {
    let readers = (0..READERS).map(|_| {
        let (reader, stop) = (reader.clone(), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut times = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let started = Instant::now();
                reader.get("/products").await.expect(200);
                times.push(started.elapsed());
                tokio::time::sleep(PAUSE).await;
            }
            times
        })
    });
    let mut times = Vec::new();
    for reader in futures_util::future::join_all(readers).await {
        times.extend(reader.expect("a reader ends"));
    }
    times.sort();
    times
}

fn part(sorted: &[Duration], percent: usize) -> Duration {
    sorted.get(sorted.len() * percent / 100).copied().unwrap_or_default()
}
