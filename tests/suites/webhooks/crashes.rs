//! Workers that are killed: what happened is told at least once, and what did not is not.

use super::*;
use countinghouse_api::platform::points::Point;
use countinghouse_tests::{Login, Process};
use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use std::collections::BTreeSet;

/// The ids of all of north's events.
fn happened(world: &World) -> BTreeSet<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Text)]
        id: String,
    }
    let query = format!("SELECT id::text AS id FROM events WHERE tenant_id = '{}'", world.north.id);
    let rows: Vec<Row> = sql_query(query).load(&mut world.database(Login::Owner)).unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

fn told(receiver: &Receiver, endpoint: &Endpoint) -> BTreeSet<String> {
    let received = receiver.received("/in");
    received.iter().for_each(|message| message.verify(&endpoint.secret));
    received.iter().map(|message| message.id().to_owned()).collect()
}

fn kill(mut worker: Process) {
    worker.signal("KILL");
    worker.wait();
}

/// With a proxy in the environment that leads nowhere, which must not be used.
fn environment(world: &World) -> Vec<(&'static str, String)> {
    let mut environment = world.environment();
    environment.push(("WORKER_LEASE_SECONDS", "3".to_owned()));
    for proxy in ["http_proxy", "https_proxy", "all_proxy"] {
        environment.push((proxy, "http://127.0.0.1:1".to_owned()));
    }
    environment
}

/// At every point of a job's life: before it is sent, after it is sent and before that is kept, and after.
#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_told_whoever_is_killed_and_wherever() {
    let world = World::start().await;
    let (owner, receiver) = (world.owner(), Receiver::start());
    let endpoint = Endpoint::at(&owner, &receiver.url("/in"), &[]).await;
    for point in [Point::Claimed, Point::StepDone, Point::Finishing, Point::Finished] {
        owner.product(&format!("{point:?}"), "1.00", 1).await;
        let mut environment = environment(&world);
        environment.push(("STOP_AT", format!("{point:?}")));
        let mut worker = Process::work(&environment);
        worker.wait_for("held at a named point");
        kill(worker);
    }
    let last = Process::work(&environment(&world));
    until(&world, "webhook_deliveries WHERE state = 'delivered'", 4).await;
    kill(last);
    assert_eq!(told(&receiver, &endpoint), happened(&world));
}

/// After the answer came, and before anybody knows of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_and_not_kept_is_sent_again() {
    let world = World::start().await;
    let (owner, receiver) = (world.owner(), Receiver::start());
    let endpoint = Endpoint::at(&owner, &receiver.url("/in"), &[]).await;
    owner.product("A", "1.00", 1).await;
    // No other job is to end while this one is waited for.
    world.database(Login::Owner).batch_execute("DELETE FROM audit_unsealed").unwrap();
    let first = Process::work(&{
        let mut environment = environment(&world);
        environment.push(("STOP_AT", "StepDone".to_owned()));
        environment
    });
    until(&world, "webhook_deliveries", 1).await;
    until(&world, "webhook_endpoints WHERE sender IS NOT NULL", 1).await;
    kill(first);
    let mut environment_until = environment(&world);
    environment_until.push(("STOP_AT", "Finishing".to_owned()));
    let mut second = Process::work(&environment_until);
    second.wait_for("held at a named point");
    kill(second);
    assert_eq!((receiver.received("/in").len(), count(&world, "webhook_attempts")), (1, 0));
    let third = Process::work(&environment(&world));
    in_state(&world, "delivered", 1).await;
    kill(third);
    let received = receiver.received("/in");
    assert_eq!((received.len(), received[0].id()), (2, received[1].id()));
    assert_eq!(told(&receiver, &endpoint), happened(&world));
}

/// Killed wherever it happens to be, again and again, while things go on happening.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_made_up_while_workers_are_killed() {
    let world = World::start().await;
    let (owner, receiver) = (world.owner(), Receiver::start());
    let endpoint = Endpoint::at(&owner, &receiver.url("/in"), &[]).await;
    let product = owner.product("A", "1.00", 1000).await;
    for round in 1..=4 {
        let worker = Process::work(&environment(&world));
        for _ in 0..8 {
            owner.order(&product, 1).await.expect(201);
        }
        owner.order(&product, 5000).await.problem(409, "insufficient_stock");
        let some = usize::try_from(round * 12).unwrap();
        let begun = std::time::Instant::now();
        while told(&receiver, &endpoint).len() < some {
            assert!(begun.elapsed() < Duration::from_secs(30), "{some} are not told");
            tokio::task::yield_now().await;
        }
        kill(worker);
    }
    let last = Process::work(&environment(&world));
    in_state(&world, "delivered", 1 + 4 * 8 * 2).await;
    kill(last);
    assert_eq!(told(&receiver, &endpoint), happened(&world));
}
