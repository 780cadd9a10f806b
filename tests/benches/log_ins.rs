//! What 500 log-ins at once do to everybody else: `./dev bench log_ins`.
//!
//! Readers ask for a page of products, each some hundred times a second, first alone and then while
//! 500 log-ins come at the same moment, five times over, each time as soon as the last of them is
//! answered. Printed are the readers' times, what became of the log-ins, and the service's memory;
//! and beside that the readers' times while as many requests come that are refused for want of a
//! token, which is what any crowd costs. It fails when a log-in is answered otherwise than 200, 401
//! or 429, or the readers' p99 grows fivefold. `PASSWORD_THREADS` and `PASSWORD_QUEUE` go on to the
//! service.

use countinghouse_tests::{Caller, Crowd, Figures, PASSWORD, Process, Verdict, World};
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
const WAVES: usize = 5;
const READERS: usize = 4;
const PAUSE: Duration = Duration::from_millis(4);

#[tokio::main]
async fn main() -> ExitCode {
    let world = World::start().await;
    world.owner().product("A", "1.00", 5).await;
    let mut environment = world.environment();
    // As it runs by default; suites give it one thread.
    let cores = std::thread::available_parallelism().expect("cores").to_string();
    environment.push(("HTTP_WORKERS", cores));
    // It says where it listens, and nothing of each request: nobody reads its log.
    environment.push(("LOG", "warn,countinghouse=info,countinghouse_api=warn".to_owned()));
    for name in ["PASSWORD_THREADS", "PASSWORD_QUEUE"] {
        environment.extend(std::env::var(name).ok().map(|value| (name, value)));
    }
    let process = Process::serve(&environment);
    let reader = process.caller(world.owner().token());
    read_for(&reader, Duration::from_secs(2)).await;
    let before = process.peak_memory();

    let alone = read_for(&reader, Duration::from_secs(5)).await;
    let nobody = |_| "GET /api/v1/auth/me HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned();
    // Not before: the service closes what is idle.
    let mut crowd = Crowd::of(LOG_INS, process.base_url.trim_start_matches("http://")).await;
    let refused = async {
        for _ in 0..WAVES {
            crowd.ask(nobody).await;
            // As log-ins take, so that a percent is as many requests.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let ((), crowded) = read_during(&reader, refused).await;
    let started = Instant::now();
    let log_ins = async {
        let mut statuses = BTreeMap::new();
        for _ in 0..WAVES {
            for (status, times) in crowd.ask(log_in).await {
                *statuses.entry(status).or_insert(0) += times;
            }
        }
        statuses
    };
    let (statuses, meanwhile) = read_during(&reader, log_ins).await;
    let took = started.elapsed();

    for (what, times) in [("alone", &alone), ("during the log-ins", &meanwhile), ("during any crowd", &crowded)] {
        let (p50, p99) = (part(times, 50), part(times, 99));
        println!("readers {what:<20} p50 {p50:>9.2?}  p99 {p99:>9.2?}  ({} requests)", times.len());
    }
    let growth = part(&meanwhile, 99).as_secs_f64() / part(&alone, 99).as_secs_f64();
    println!("{LOG_INS} log-ins at once, {WAVES} times    {statuses:?} within {took:.2?}");
    let mut figures = Figures::default();
    let answered = statuses.keys().all(|status| [200, 401, 429].contains(status));
    let verdict = Verdict::of(answered && growth < 5.0);
    figures.row("readers' p99 during 500 log-ins ÷ alone", format!("{growth:.2}"), "under 5", verdict);
    let memory = format!("{} MiB (before: {before} MiB)", process.peak_memory());
    figures.row("memory after 2,500 log-ins, peak", memory, "", Verdict::Told);
    figures.ended()
}

/// Right and wrong passwords by turns.
fn log_in(n: usize) -> String {
    let password = if n.is_multiple_of(2) { PASSWORD } else { "not this one, no" };
    let body = json!({"client_id": "north", "username": "owner", "password": password}).to_string();
    let length = body.len();
    format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
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
