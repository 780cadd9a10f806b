//! What clients see of their link as a whole, and what becomes of waiting orders when it is switched off and on, or
//! its cron is; and the stock update of an ERP that is none.

use super::{link::*, *};
use crate::jobs::{count, stop, until};
use chrono::{DateTime, Utc};
use countinghouse_tests::{Reply, World};
use serde_json::json;

async fn status(link: &Link) -> Value {
    link.world.owner().get("/erp/status").await.expect(200)
}

/// Its numbers alone.
fn queue(status: &Value) -> [i64; 4] {
    ["pending", "queued", "in_progress", "failed"].map(|name| status["queue"][name].as_i64().unwrap())
}

fn time(at: &Value) -> DateTime<Utc> {
    at.as_str().expect("a time").parse().unwrap()
}

#[tokio::test]
async fn the_status_says_what_waits_and_since_when() {
    let link = Link::start().await;
    let closed = json!({"state": "closed", "failures": 0, "failing_since": null, "open_until": null});
    let empty = json!({"pending": 0, "queued": 0, "in_progress": 0, "failed": 0, "oldest_due": null});
    assert_eq!(status(&link).await, json!({"enabled": true, "breaker": closed, "queue": empty}));
    let first = time(&link.order().await["created_at"]);
    link.wait(60).await;
    link.order().await;
    let waiting = status(&link).await;
    assert_eq!(queue(&waiting), [2, 0, 0, 0]);
    let since = time(&waiting["queue"]["oldest_due"]);
    assert!((since - first).num_seconds().abs() < 30, "{since}, though the first was made at {first}");
    link.replies(Reply::status(400));
    link.work().await;
    assert_eq!(queue(&status(&link).await), [0, 0, 0, 2]);
    link.set(json!({"immediate_sync": false})).await;
    link.order().await;
    let waiting = status(&link).await;
    assert_eq!((queue(&waiting), &waiting["queue"]["oldest_due"]), ([0, 1, 0, 2], &Value::Null));
}

/// A breaker that opened is seen with its times, and again when it has closed.
#[tokio::test]
async fn the_status_shows_an_erp_that_is_left_alone() {
    let link = Link::start().await;
    link.replies(Reply::status(503));
    for _ in 0..6 {
        link.order().await;
    }
    link.work().await;
    let now = link.world.state.ids.now();
    let open = status(&link).await["breaker"].clone();
    assert_eq!(open["state"], "open");
    assert!(open["failures"].as_i64().unwrap() >= 5, "{open}");
    assert!(time(&open["failing_since"]) <= now, "{open}");
    let until = time(&open["open_until"]);
    assert!(until > now, "{open}");
    link.wait((until - now).num_seconds() + 1).await;
    assert_eq!(status(&link).await["breaker"]["state"], "half_open");
    link.replies(accepted("R"));
    link.wait(600).await;
    link.work().await;
    assert_eq!(status(&link).await["breaker"]["state"], "closed");
}

/// What waits when the link is switched off waits on, is said to, and goes when it is on again.
#[tokio::test]
async fn a_link_that_is_off_keeps_what_waits() {
    let link = Link::start().await;
    link.replies(accepted("R"));
    link.order().await;
    link.set(json!({"enabled": false})).await;
    link.work().await;
    let off = status(&link).await;
    assert_eq!((off["enabled"].as_bool(), queue(&off), link.sent().len()), (Some(false), [1, 0, 0, 0], 0));
    let owner = link.world.owner();
    owner.post("/erp/run", &json!({})).await.problem(409, "erp_not_linked");
    // Ordered meanwhile: nobody is told of it, unless somebody asks for it later.
    let meanwhile = link.order().await;
    assert_eq!(count(&link.world, "erp_syncs"), 1);
    link.set(json!({"enabled": true})).await;
    link.work().await;
    assert_eq!(link.sent().len(), 1);
    let worker = link.worker();
    let asked = owner.post("/erp/sync-order", &json!({"order_number": meanwhile["order_number"]})).await;
    assert_eq!(asked.expect(200)["status"], "success");
    stop(worker).await;
    assert_eq!(link.sent().len(), 2);
}

/// Without its cron, what is queued waits for somebody; switched on, the cron has a time, and off, none.
#[tokio::test]
async fn a_cron_that_is_off_lets_nothing_go() {
    let link = Link::with(json!({"immediate_sync": false, "cron_enabled": true, "cron_schedule": "0 * * * *"})).await;
    link.replies(accepted("R"));
    link.order().await;
    let worker = link.worker();
    let due = "schedules WHERE kind = 'release_erp_syncs' AND next_at IS NOT NULL";
    until(&link.world, due, 1).await;
    link.set(json!({"immediate_sync": false, "cron_enabled": false})).await;
    until(&link.world, due, 0).await;
    link.wait(3 * 3600).await;
    link.settled().await;
    assert_eq!((queue(&status(&link).await), link.sent().len()), ([0, 1, 0, 0], 0));
    assert_eq!(link.world.owner().post("/erp/run", &json!({})).await.expect(200), json!({"released": 1}));
    until(&link.world, "erp_syncs WHERE status = 'success'", 1).await;
    link.set(json!({"immediate_sync": false, "cron_enabled": true})).await;
    until(&link.world, due, 1).await;
    stop(worker).await;
}

fn update() -> Value {
    json!({
        "items": [{"sku": "PROD-001", "qty": 5}, {"sku": "PROD-002", "qty": 1}],
        "orderIncrementId": "SO-000042", "idempotencyKey": "ERP_abc123",
    })
}

#[tokio::test]
async fn the_mock_of_a_stock_update_answers_only_where_it_is_switched_on() {
    let world = World::start().await;
    world.nobody().post("/erp/mock-update-stock", &update()).await.problem(404, "not_found");
    let world = World::builder().config(|config| config.erp_mock = true).start().await;
    let product = world.owner().product("PROD-001", "1.00", 7).await;
    let answer = world.nobody().post("/erp/mock-update-stock", &update()).await.expect(200);
    assert_eq!(answer["success"], true);
    let message = answer["message"].as_str().unwrap();
    assert!(["5 of PROD-001", "1 of PROD-002", "SO-000042"].iter().all(|part| message.contains(part)), "{message}");
    for name in ["items", "orderIncrementId", "idempotencyKey"] {
        assert_eq!(answer[name], update()[name]);
    }
    let shown = world.owner().get(&format!("/products/{product}")).await.expect(200);
    assert_eq!(shown["on_hand"], 7);
}

#[tokio::test]
async fn the_mock_of_a_stock_update_says_what_is_wrong_with_it() {
    let world = World::builder().config(|config| config.erp_mock = true).start().await;
    for (pointer, value) in [
        ("/items", json!([])),
        ("/items/0/qty", json!(0)),
        ("/items/0/sku", json!("")),
        ("/orderIncrementId", json!("")),
        ("/idempotencyKey", json!("x".repeat(101))),
    ] {
        let mut wrong = update();
        *wrong.pointer_mut(pointer).unwrap() = value;
        let problem = world.nobody().post("/erp/mock-update-stock", &wrong).await.problem(422, "invalid_request");
        let errors = problem["errors"].as_array().unwrap();
        assert!(errors.iter().any(|error| error["pointer"] == pointer), "{pointer}: {problem}");
    }
}
