//! Cancelling jobs: what waits is never done, what runs goes on, and nobody reaches another client's.

use crate::jobs::{ask, at_gate, count, gate, start, stop, until, world_with};
use actix_web::HttpResponse;
use chrono::Duration;
use countinghouse_api::platform::{
    authn::TenantCtx,
    db::DbError,
    http::{Access, ApiError, Body, Route},
    jobs::cancel_in,
};
use countinghouse_contract::JobId;
use countinghouse_tests::{Caller, Login, World};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

/// A test's own route: whether it was cancelled.
#[derive(Deserialize, JsonSchema)]
struct Which {
    id: Uuid,
}

async fn cancel(ctx: TenantCtx, body: Body<Which>) -> Result<HttpResponse, ApiError> {
    let id = JobId(body.0.id);
    let cancelled = ctx.transaction(move |tx| cancel_in(tx, id)).await;
    Ok(HttpResponse::Ok().json(cancelled.map_err(|error: DbError| ApiError::from(error))?))
}

async fn world() -> World {
    world_with(World::builder(), vec![Route::post("/marks/cancel", Access::LoggedIn, cancel)]).await
}

async fn cancelled(caller: &Caller, id: Uuid) -> bool {
    caller.post("/marks/cancel", &json!({"id": id})).await.expect(200).as_bool().unwrap()
}

fn id_of(world: &World, number: i32) -> Uuid {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Uuid)]
        id: Uuid,
    }
    let row = sql_query(format!("SELECT id FROM jobs WHERE payload->>'number' = '{number}'"));
    row.get_result::<Row>(&mut world.database(Login::Owner)).unwrap().id
}

#[tokio::test]
async fn a_job_that_was_cancelled_is_never_done() {
    let world = world().await;
    let owner = world.owner();
    ask(&owner, json!({"job": {"number": 1}, "key": "k", "in_seconds": 30})).await;
    let id = id_of(&world, 1);
    assert!(cancelled(&owner, id).await);
    assert!(!cancelled(&owner, id).await, "it is not cancelled twice");
    assert!(!cancelled(&owner, Uuid::new_v4()).await);
    // Its key is free.
    ask(&owner, json!({"job": {"number": 2}, "key": "k"})).await;
    world.clock.advance(Duration::minutes(1));
    let worker = start(&world);
    until(&world, "effects WHERE number = 2", 1).await;
    stop(worker).await;
    assert_eq!(count(&world, "effects"), 1);
    assert_eq!(count(&world, "jobs WHERE state = 'cancelled' AND attempts = 0 AND finished_at IS NOT NULL"), 1);
    assert!(!cancelled(&owner, id_of(&world, 2)).await, "it was done");
}

#[tokio::test]
async fn what_runs_goes_on_and_what_failed_can_be_cancelled() {
    let world = world().await;
    let owner = world.owner();
    ask(&owner, json!({"job": {"number": 1, "way": "gate cancelled"}})).await;
    ask(&owner, json!({"job": {"number": 2, "way": "fail"}})).await;
    let worker = start(&world);
    at_gate("cancelled").await;
    assert!(!cancelled(&owner, id_of(&world, 1)).await);
    gate("cancelled").notify_one();
    until(&world, "effects WHERE number = 1", 1).await;
    until(&world, "jobs WHERE state = 'waiting' AND attempts = 1", 1).await;
    assert!(cancelled(&owner, id_of(&world, 2)).await);
    stop(worker).await;
    assert_eq!(count(&world, "jobs WHERE state = 'cancelled' AND last_error = 'it does not go'"), 1);
}

#[tokio::test]
async fn another_clients_job_is_out_of_reach() {
    let world = world().await;
    ask(&world.owner(), json!({"job": {"number": 1}})).await;
    assert!(!cancelled(&world.caller(&world.south, "owner"), id_of(&world, 1)).await);
    assert_eq!(count(&world, "jobs WHERE state = 'waiting'"), 1);
}

#[tokio::test]
async fn of_two_at_once_one_cancels() {
    let world = world().await;
    let owner = world.owner();
    for number in 1..=10 {
        ask(&owner, json!({"job": {"number": number}})).await;
        let id = id_of(&world, number);
        let (one, other) = tokio::join!(cancelled(&owner, id), cancelled(&owner, id));
        assert!(one != other, "{one}, {other}");
    }
}

/// A worker takes them while they are cancelled: each is done or cancelled, as was answered.
#[tokio::test]
async fn a_job_is_either_cancelled_or_done() {
    let world = world().await;
    let owner = world.owner();
    for number in 1..=20 {
        ask(&owner, json!({"job": {"number": number}})).await;
    }
    let ids: Vec<Uuid> = (1..=20).map(|number| id_of(&world, number)).collect();
    let worker = start(&world);
    let answers = join_all(ids.iter().map(|id| cancelled(&owner, *id))).await;
    until(&world, "jobs WHERE finished_at IS NULL", 0).await;
    stop(worker).await;
    for (number, cancelled) in (1..).zip(answers) {
        assert_eq!(count(&world, &format!("effects WHERE number = {number}")), i64::from(!cancelled), "{number}");
    }
    assert_eq!(count(&world, "effects") + count(&world, "jobs WHERE state = 'cancelled'"), 20);
}
