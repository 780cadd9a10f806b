//! Orders that somebody wants the ERP to have now, and what waits for the cron.

use super::{link::*, *};
use crate::jobs::{count, stop, until};
use chrono::{DateTime, Utc};
use countinghouse_tests::{Caller, Login, Reply};
use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Notify;

async fn ask(caller: &Caller, what: &str, order: &Value) -> Answer {
    caller.post(&format!("/erp/{what}-order"), &json!({"order_number": order["order_number"]})).await
}

#[tokio::test]
async fn an_order_of_before_is_sent_when_somebody_asks_and_waits() {
    let link = Link::with(json!({"enabled": false})).await;
    let (owner, order) = (link.world.owner(), link.order().await);
    ask(&owner, "sync", &order).await.problem(409, "erp_not_linked");
    owner.post("/erp/run", &json!({})).await.problem(409, "erp_not_linked");
    link.set(json!({"immediate_sync": false})).await;
    link.replies(accepted("ERP-9"));
    let worker = link.worker();
    let answer = ask(&owner, "sync", &order).await.expect(200);
    let expected = json!({
        "success": true, "sync_id": link.sync()["id"], "order_number": order["order_number"], "status": "success",
        "message": "The ERP has the order.", "erp_reference": "ERP-9", "attempts": 1, "last_error": null,
    });
    assert_eq!(answer, expected);
    // Once more: it has it.
    assert_eq!(ask(&owner, "sync", &order).await.expect(200), expected);
    assert_eq!(link.sent().len(), 1);
    let again = ask(&owner, "resync", &order).await.expect(200);
    assert_eq!((&again["success"], link.sent().len()), (&json!(true), 2));
    assert_eq!(link.sent()[1].json()["order_version"], 2);
    assert_eq!(link.syncs()[1]["cause"], "resync");
    stop(worker).await;
}

#[tokio::test]
async fn what_is_no_order_or_has_no_invoice_is_refused() {
    let link = Link::start().await;
    let owner = link.world.owner();
    for number in ["SO-999999", "SO-1", "1", "SO-00000001", "SO-99999999999999999999", "so-000001", "SO--00001"] {
        for what in ["sync", "resync"] {
            ask(&owner, what, &json!({"order_number": number})).await.problem(404, "not_found");
        }
    }
    owner.patch("/client", &json!({"auto_invoice": false})).await.expect(200);
    let order = link.order().await;
    ask(&owner, "sync", &order).await.problem(409, "not_invoiced");
    let south = link.world.caller(&link.world.south, "owner");
    ask(&south, "sync", &order).await.problem(409, "erp_not_linked");
    assert_eq!(count(&link.world, "erp_syncs"), 0);
}

/// It did not go, and the answer says when nobody has to wait for more.
#[tokio::test]
async fn the_answer_says_how_it_went() {
    let link = Link::with(json!({"immediate_sync": false})).await;
    let (owner, worker) = (link.world.owner(), link.worker());
    let (first, second, third) = (link.order().await, link.order().await, link.order().await);
    link.replies(Reply::status(503));
    let waits = ask(&owner, "sync", &first).await.expect(200);
    assert_eq!(
        (&waits["success"], &waits["status"], &waits["attempts"]),
        (&json!(false), &json!("pending"), &json!(1))
    );
    assert_eq!(waits["last_error"], "Answered 503.");
    link.replies(Reply::status(400).body("{\"error\": \"No such SKU\"}"));
    let failed = ask(&owner, "sync", &second).await.expect(200);
    assert_eq!((&failed["status"], &failed["last_error"]), (&json!("failed"), &json!("Answered 400: No such SKU")));
    // Asking again does not retry what somebody has to look at.
    assert_eq!(ask(&owner, "sync", &second).await.expect(200)["attempts"], 1);
    let told = Arc::new(Notify::new());
    link.set(json!({"immediate_sync": false, "timeout_seconds": 3})).await;
    link.replies(accepted("R").when(Arc::clone(&told)));
    let goes_on = ask(&owner, "sync", &third).await.expect(202);
    assert_eq!((&goes_on["success"], &goes_on["status"]), (&json!(false), &json!("in_progress")));
    told.notify_one();
    stop(worker).await;
}

async fn ask_once(link: &Link, order: &Value) -> Answer {
    let owner = link.world.owner();
    let request = owner.request(Method::POST, "/erp/resync-order").header("idempotency-key", "once");
    Answer::of(request.json(&json!({"order_number": order["order_number"]}))).await
}

/// With a key nobody waits, and it is asked for once, however often the request comes.
#[tokio::test]
async fn a_request_with_a_key_asks_once_and_waits_for_nothing() {
    let link = Link::start().await;
    let order = link.order().await;
    let first = ask_once(&link, &order).await.expect(202);
    assert_eq!(first["status"], "pending");
    let again = ask_once(&link, &order).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(202), first);
    assert_eq!(count(&link.world, "erp_syncs"), 2);
}

/// Whoever waits holds no connection: ten wait beside a service that has five.
#[tokio::test]
async fn those_who_wait_hold_up_nobody() {
    let link = Link::with(json!({"immediate_sync": false, "timeout_seconds": 2})).await;
    let orders = join_all((0..10).map(|_| link.order())).await;
    let owner = link.world.owner();
    let asked = orders.iter().map(|order| ask(&owner, "sync", order));
    // No worker runs: all of them wait to the end.
    let (answers, ()) = tokio::join!(join_all(asked), async {
        until(&link.world, "erp_syncs WHERE status = 'pending'", 10).await;
        for _ in 0..20 {
            owner.get("/erp/config").await.expect(200);
        }
    });
    for answer in answers {
        answer.expect(202);
    }
}

#[tokio::test]
async fn what_is_queued_goes_a_hundred_at_a_time_the_oldest_first() {
    let link = Link::with(json!({"immediate_sync": false})).await;
    let jobs = count(&link.world, "jobs");
    link.order().await;
    assert_eq!(link.sync()["status"], "queued");
    assert_eq!(count(&link.world, "jobs WHERE kind <> 'seal_audit'"), jobs);
    let more =
        "INSERT INTO erp_syncs (tenant_id, id, order_id, order_number, order_version, cause, status, max_attempts,
            idempotency_key, created_at, updated_at)
        SELECT tenant_id, gen_random_uuid(), order_id, order_number, n, 'edit', 'queued', 5, 'k' || n,
            created_at + n * interval '1 second', now() FROM erp_syncs, generate_series(2, 150) n";
    link.world.database(Login::Owner).batch_execute(more).unwrap();
    let owner = link.world.owner();
    assert_eq!(owner.post("/erp/run", &json!({})).await.expect(200), json!({"released": 100}));
    assert_eq!(count(&link.world, "erp_syncs WHERE status = 'pending' AND order_version <= 100"), 100);
    assert_eq!(owner.post("/erp/run", &json!({})).await.expect(200), json!({"released": 50}));
    assert_eq!(owner.post("/erp/run", &json!({})).await.expect(200), json!({"released": 0}));
    link.work().await;
    // One order, so its last version says all.
    assert_eq!(link.sent().len(), 1);
    assert_eq!(link.sent()[0].json()["order_version"], 150);
}

/// The cron goes by the client's own clock, and lets go what waits.
#[tokio::test]
async fn the_cron_sends_what_is_queued_at_its_time() {
    let link = Link::with(json!({"immediate_sync": false})).await;
    let owner = link.world.owner();
    owner.patch("/client", &json!({"time_zone": "Asia/Kolkata"})).await.expect(200);
    link.set(json!({"immediate_sync": false, "cron_enabled": true, "cron_schedule": "0 * * * *"})).await;
    link.order().await;
    let worker = link.worker();
    let schedule = "schedules WHERE kind = 'release_erp_syncs' AND next_at IS NOT NULL";
    until(&link.world, schedule, 1).await;
    // Half past, by UTC: India is five hours and a half ahead.
    let at = link.rows(&format!("SELECT next_at FROM {schedule}"))[0]["next_at"].as_str().unwrap().to_owned();
    let at: DateTime<Utc> = at.parse().unwrap();
    assert_eq!(at.format("%M").to_string(), "30");
    assert_eq!(link.sent().len(), 0);
    link.wait((at - link.world.state.ids.now()).num_seconds() + 1).await;
    until(&link.world, "erp_syncs WHERE status = 'success'", 1).await;
    stop(worker).await;
}
