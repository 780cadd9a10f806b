//! Claims whose answer was lost, jobs that are put back while somebody looks at them, and whom is told of
//! new ones.

use crate::jobs::{ask, at_gate, count, gate, start, stop, until, world, world_with};
use countinghouse_tests::{Cluster, Login, World};
use diesel::connection::SimpleConnection;
use futures_util::StreamExt;
use serde_json::json;

/// The worker's lease is an hour: without its putting them back, jobs of such a claim would wait for that.
#[tokio::test]
async fn what_a_claim_took_whose_answer_was_lost_is_put_back() {
    let wire = Cluster::get().wire();
    let world = world_with(World::builder().wire(&wire), Vec::new()).await;
    ask(&world.owner(), json!({"job": {"number": 1}})).await;
    let mut holder = world.database(Login::Superuser);
    holder.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(hashtext('countinghouse.claim_jobs'))").unwrap();
    let worker = start(&world);
    world.until_one_waits().await;
    // The claim goes on in the database, and nobody hears its answer.
    wire.sever();
    world.until_waiting(2).await;
    holder.batch_execute("COMMIT").unwrap();
    until(&world, "jobs WHERE state = 'done' AND attempts = 1 AND fence = 2", 1).await;
    stop(worker).await;
    assert_eq!(count(&world, "effects"), 1);
}

/// Somebody holds its row when its client turns out to be suspended, as a heartbeat does.
#[tokio::test]
async fn a_suspended_clients_job_is_put_back_whoever_holds_it() {
    let world = world().await;
    ask(&world.owner(), json!({"job": {"number": 1, "way": "step off"}})).await;
    let worker = start(&world);
    at_gate("off").await;
    let reason = json!({"reason": "unpaid"});
    world.superadmin().post("/admin/tenants/north/suspend", &reason).await.expect(200);
    gate("off").notify_one();
    at_gate("off").await;
    let mut holder = world.database(Login::Owner);
    holder.batch_execute("BEGIN; SELECT FROM jobs WHERE kind = 'mark' FOR NO KEY UPDATE").unwrap();
    gate("off").notify_one();
    world.until_one_waits().await;
    holder.batch_execute("COMMIT").unwrap();
    until(&world, "jobs WHERE kind = 'mark' AND state = 'waiting' AND attempts = 0", 1).await;
    stop(worker).await;
}

/// Workers are told once of each job that can be done now, and of nothing else.
#[tokio::test]
async fn workers_are_woken_for_what_they_can_do() {
    let world = world().await;
    let owner = world.owner();
    let client = redis::Client::open(world.config.redis.url.expose().as_str()).unwrap();
    let channel = format!("{}platform:jobs", world.config.redis.prefix);
    let mut ear = client.get_async_pubsub().await.unwrap();
    ear.subscribe(&channel).await.unwrap();
    let mut said = ear.into_on_message();
    ask(&owner, json!({"job": {"number": 1}, "key": "k"})).await;
    ask(&owner, json!({"job": {"number": 2}, "in_seconds": 60})).await;
    ask(&owner, json!({"job": {"number": 3}, "key": "k"})).await;
    ask(&owner, json!({"job": {"number": 4}})).await;
    let process = said.next().await.unwrap().get_payload_bytes().to_vec();
    assert_eq!(said.next().await.unwrap().get_payload_bytes(), process);
    let mut connection = world.state.cache.connection();
    redis::cmd("PUBLISH").arg(&channel).arg("the end").query_async::<()>(&mut connection).await.unwrap();
    assert_eq!(said.next().await.unwrap().get_payload_bytes(), b"the end");
}
