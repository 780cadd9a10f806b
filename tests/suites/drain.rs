//! SIGTERM: what was begun is finished, or given back, and the process ends in its grace time.

use crate::jobs::{count, until};
use countinghouse_tests::{Login, Process, World};
use diesel::{PgConnection, connection::SimpleConnection};
use std::time::{Duration, Instant};

/// A purge that has something to delete.
pub const PURGE: &str = "INSERT INTO session_events (tenant_id, id, kind, created_at)
    SELECT id, gen_random_uuid(), 'login', now() - interval '500 days' FROM tenants WHERE slug = 'north';
    INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, run_at, max_attempts, created_at)
    SELECT id, gen_random_uuid(), 'purge', 1, '{}', now(), 12, now() FROM tenants WHERE slug = 'north'";

/// Lets the purge wait until the lock is let go.
fn hold(world: &World) -> PgConnection {
    let mut holder = world.database(Login::Owner);
    holder.batch_execute(PURGE).unwrap();
    holder.batch_execute("BEGIN; SELECT FROM session_events FOR UPDATE").unwrap();
    holder
}

#[tokio::test]
async fn a_worker_finishes_what_it_began() {
    let world = World::start().await;
    let mut holder = hold(&world);
    let mut process = Process::work(&world.environment());
    world.until_one_waits().await;
    process.signal("TERM");
    process.wait_for("stopping");
    // No longer its own: others do it.
    world.database(Login::Owner).batch_execute(PURGE).unwrap();
    holder.batch_execute("COMMIT").unwrap();
    assert!(process.wait().success());
    assert_eq!(count(&world, "jobs WHERE kind = 'purge' AND state = 'done' AND attempts = 1"), 1);
    assert_eq!(count(&world, "jobs WHERE kind = 'purge' AND state = 'waiting' AND attempts = 0"), 1);
}

/// A transaction that hangs does not hold up the end of the process, and nothing of it stays.
#[tokio::test]
async fn a_worker_ends_within_its_grace_time() {
    let world = World::start().await;
    let mut holder = hold(&world);
    let mut environment = world.environment();
    environment.push(("SHUTDOWN_SECONDS", "1".to_owned()));
    environment.push(("WORKER_LEASE_SECONDS", "3".to_owned()));
    let mut process = Process::work(&environment);
    world.until_one_waits().await;
    let told = Instant::now();
    process.signal("TERM");
    process.wait_for("giving jobs back");
    assert!(process.wait().success());
    assert!(told.elapsed() < Duration::from_secs(3), "{:?}", told.elapsed());
    assert_eq!(count(&world, "jobs WHERE kind = 'purge' AND state = 'done'"), 0);
    holder.batch_execute("COMMIT").unwrap();
    let _next = Process::work(&environment);
    until(&world, "jobs WHERE kind = 'purge' AND state = 'done' AND attempts = 2", 1).await;
}

/// Both halves of one process: a request and a job that were under way are finished.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_with_a_worker_finishes_requests_and_jobs() {
    let world = World::start().await;
    let product = world.owner().product("A", "1.00", 5).await;
    let mut jobs = hold(&world);
    let mut process = Process::serve_with(&world.environment(), &["--with-worker"]);
    world.until_one_waits().await;
    let mut orders = world.database(Login::Owner);
    orders.batch_execute("BEGIN; SELECT FROM stock FOR UPDATE").unwrap();
    let caller = process.caller(world.owner().token());
    let order = tokio::spawn(async move { caller.order(&product, 1).await });
    world.until_waiting(2).await;
    process.signal("TERM");
    process.wait_for("stopping");
    orders.batch_execute("COMMIT").unwrap();
    order.await.unwrap().expect(201);
    jobs.batch_execute("COMMIT").unwrap();
    process.wait_for("stopped");
    assert!(process.wait().success());
    assert_eq!(count(&world, "jobs WHERE kind = 'purge' AND state = 'done' AND attempts = 1"), 1);
}

/// A process whose worker failed does no jobs any more, and must not look as if it did.
#[tokio::test]
async fn a_service_whose_worker_fails_ends() {
    let world = World::start().await;
    let mut environment = world.environment();
    environment.push(("PANIC_AT", "Claimed".to_owned()));
    let mut process = Process::serve_with(&environment, &["--with-worker"]);
    world.database(Login::Owner).batch_execute(PURGE).unwrap();
    process.wait_for("the worker failed");
    assert!(!process.wait().success());
}
