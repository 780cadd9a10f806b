//! What becomes of each kind of answer, and when it is tried again, by the service's clock.

use super::*;
use chrono::{DateTime, Utc};
use countinghouse_tests::Login;
use diesel::connection::SimpleConnection;
use std::sync::Arc;
use tokio::sync::Notify;

/// The standard's waits in seconds, between the first try and the tenth.
const WAITS: [i64; 9] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().expect("a time").parse().expect("a time")
}

#[tokio::test]
async fn each_kind_of_answer_has_its_end() {
    let world = impatient().await;
    let (owner, receiver) = (world.owner(), Receiver::start());
    let kinds = [
        ("/200", Reply::status(200).body("thanks"), "delivered"),
        ("/204", Reply::status(204), "delivered"),
        ("/301", Reply::status(301).header("location", receiver.url("/elsewhere")), "pending"),
        ("/307", Reply::status(307).header("location", "http://169.254.169.254/"), "pending"),
        ("/400", Reply::status(400), "pending"),
        ("/404", Reply::status(404).body("n\u{1b}[2Jo"), "pending"),
        ("/410", Reply::status(410), "failed"),
        ("/429", Reply::status(429).header("retry-after", "600"), "pending"),
        ("/500", Reply::status(500).header("set-cookie", "session=canary").body("x".repeat(100_000)), "pending"),
        ("/hangs", Reply::hang(), "pending"),
    ];
    let mut endpoints = Vec::new();
    for (path, reply, state) in kinds {
        receiver.reply(path, reply);
        endpoints.push((path, state, Endpoint::at(&owner, &receiver.url(path), &["product.created"]).await));
    }
    // Nobody listens there.
    endpoints.push(("refused", "pending", Endpoint::at(&owner, "http://127.0.0.1:1/", &["product.created"]).await));
    owner.product("A", "1.00", 1).await;
    world.clock.stop();
    let worker = start_with(&world, handlers().unwrap());
    until(&world, "webhook_attempts", 11).await;
    settled(&world).await;
    for (path, state, endpoint) in &endpoints {
        let log = logs(&owner, endpoint).await.remove(0);
        assert_eq!((log["state"].as_str().unwrap(), log["attempts"].as_i64()), (*state, Some(1)), "{path}: {log}");
        assert_eq!(log["payload"]["type"], "product.created");
        let attempt = &log["log"][0];
        let status = path.trim_start_matches('/').parse::<i64>().ok();
        assert_eq!(attempt["status"].as_i64(), status, "{log}");
        assert_eq!(attempt["error"].is_null(), status.is_some(), "{log}");
        let text = log.to_string();
        assert!(text.len() < 7000 && !text.contains("canary") && !text.contains("\\u001b"), "{text}");
    }
    let log_of = async |at: usize| logs(&owner, &endpoints[at].2).await.remove(0);
    assert_eq!(log_of(0).await["log"][0]["body"], "thanks");
    assert_eq!(log_of(9).await["log"][0]["error"], "there was no answer in time");
    assert!(log_of(10).await["log"][0]["error"].as_str().unwrap().contains("refused"));
    assert_eq!(receiver.received("/elsewhere").len(), 0);
    // It asked for ten minutes, and nothing else is sent to it before either.
    let asked = log_of(7).await;
    assert_eq!((time(&asked["next_attempt_at"]) - time(&asked["log"][0]["attempted_at"])).num_seconds(), 600);
    owner.product("B", "1.00", 1).await;
    until(&world, "webhook_attempts", 11 + 9).await;
    settled(&world).await;
    assert_eq!(receiver.received("/429").len(), 1);
    world.clock.advance(chrono::Duration::seconds(601));
    receiver.reply("/429", Reply::status(200));
    until(&world, "webhook_deliveries WHERE state = 'delivered'", 2 + 2 + 2).await;
    assert_eq!(receiver.received("/429").len(), 3);
    // 410 disables.
    let gone = endpoints[6].2.show(&owner).await;
    assert_eq!((&gone["disabled_by"], gone["disabled_at"].is_string()), (&json!("gone"), true));
    assert_eq!(receiver.received("/410").len(), 1);
    stop(worker).await;
}

/// The URL was changed while it was called: that it is gone says nothing of the new one.
#[tokio::test]
async fn what_a_url_answers_says_nothing_of_the_one_that_was_set_since() {
    let world = World::start().await;
    let (owner, receiver, told) = (world.owner(), Receiver::start(), Arc::new(Notify::new()));
    receiver.reply("/old", Reply::status(410).when(Arc::clone(&told)));
    let endpoint = Endpoint::at(&owner, &receiver.url("/old"), &[]).await;
    let worker = start_with(&world, handlers().unwrap());
    owner.product("A", "1.00", 1).await;
    until(&world, "webhook_endpoints WHERE sender IS NOT NULL", 1).await;
    owner.patch(&endpoint.path(), &json!({"url": receiver.url("/new")})).await.expect(200);
    told.notify_one();
    in_state(&world, "failed", 1).await;
    let shown = endpoint.show(&owner).await;
    assert_eq!([&shown["disabled_by"], &shown["failing_since"]], [&Value::Null; 2]);
    owner.product("B", "1.00", 1).await;
    in_state(&world, "delivered", 1).await;
    assert_eq!((receiver.received("/old").len(), receiver.received("/new").len()), (1, 1));
    stop(worker).await;
}

/// Ten tries at the standard's times, a little later at random, and then no more.
#[tokio::test]
async fn it_is_tried_again_by_the_standards_schedule() {
    let world = patient().await;
    let (owner, receiver) = (world.owner(), Receiver::start());
    receiver.reply("/in", Reply::status(500));
    let endpoint = Endpoint::at(&owner, &receiver.url("/in"), &[]).await;
    world.clock.stop();
    let worker = start_with(&world, handlers().unwrap());
    owner.product("A", "1.00", 1).await;
    let owner = || world.caller(&world.north, "owner");
    for (tries, wait) in (1..).zip(WAITS) {
        until(&world, "webhook_attempts", tries).await;
        settled(&world).await;
        let log = logs(&owner(), &endpoint).await.remove(0);
        let last = time(&log["log"][usize::try_from(tries).unwrap() - 1]["attempted_at"]);
        let next = time(&log["next_attempt_at"]);
        let milliseconds = (next - last).num_milliseconds();
        assert!((wait * 1000..=wait * 1100).contains(&milliseconds), "{tries}: {milliseconds}");
        // Not before its time.
        world.clock.advance(next - last - chrono::Duration::milliseconds(1));
        until(&world, "jobs WHERE kind = 'send_webhooks' AND state = 'waiting'", 1).await;
        assert_eq!(count(&world, "webhook_attempts"), tries);
        world.clock.advance(chrono::Duration::milliseconds(1));
    }
    in_state(&world, "failed", 1).await;
    let received = receiver.received("/in");
    assert_eq!(received.len(), 10);
    // The same message each time, signed anew.
    for message in &received {
        assert!(message.is_signed_with(&endpoint.secret));
        assert_eq!((message.id(), &message.body), (received[0].id(), &received[0].body));
    }
    assert_ne!(received[0].header("webhook-timestamp"), received[9].header("webhook-timestamp"));
    stop(worker).await;
}

/// Nothing has reached it for five days: its owner finds that in the log, at the endpoint, and elsewhere.
#[tokio::test]
async fn an_endpoint_that_fails_for_long_is_disabled_with_notice() {
    let world = patient().await;
    let (owner, receiver) = (world.owner(), Receiver::start());
    receiver.reply("/dead", Reply::status(503));
    let dead = Endpoint::at(&owner, &receiver.url("/dead"), &["product.created"]).await;
    let alive = Endpoint::at(&owner, &receiver.url("/alive"), &["webhook_endpoint.disabled"]).await;
    let worker = start_with(&world, handlers().unwrap());
    owner.product("A", "1.00", 1).await;
    until(&world, "webhook_attempts", 1).await;
    settled(&world).await;
    assert!(dead.show(&owner).await["failing_since"].is_string());
    world.clock.advance(chrono::Duration::days(5));
    let owner = world.caller(&world.north, "owner");
    for sku in ["B", "C"] {
        owner.product(sku, "1.00", 1).await;
    }
    until(&world, "webhook_endpoints WHERE disabled_by = 'failing'", 1).await;
    in_state(&world, "delivered", 1).await;
    settled(&world).await;
    assert_eq!(count(&world, "webhook_deliveries WHERE state = 'pending'"), 0);
    let told = receiver.received("/alive").remove(0);
    assert!(told.is_signed_with(&alive.secret));
    assert_eq!(
        (told.kind().as_str(), &told.json()["data"]["endpoint_id"]),
        ("webhook_endpoint.disabled", &json!(dead.id))
    );
    let log = owner.get("/audit?action=webhook_endpoint.disabled").await.expect(200);
    assert_eq!(log["data"][0]["resource"]["id"], dead.id);
    assert_eq!(log["data"][0]["after"]["reason"], "failing");
    // Enabled again, it begins anew, and is sent what it missed.
    receiver.reply("/dead", Reply::status(200));
    let enabled = owner.patch(&dead.path(), &json!({"disabled": false})).await.expect(200);
    assert_eq!(enabled["failing_since"], Value::Null);
    let replay = json!({"since": "2026-01-01T00:00:00Z", "only_undelivered": true});
    owner.post(&format!("{}/replay", dead.path()), &replay).await.expect(200);
    in_state(&world, "delivered", 4).await;
    stop(worker).await;
}

/// A success in between ends the count.
#[tokio::test]
async fn an_endpoint_that_works_now_and_then_stays() {
    let world = World::start().await;
    let (owner, receiver) = (world.owner(), Receiver::start());
    let endpoint = Endpoint::at(&owner, &receiver.url("/in"), &["product.created"]).await;
    world
        .database(Login::Owner)
        .batch_execute("UPDATE webhook_endpoints SET failing_since = now() - interval '9 days'")
        .unwrap();
    let worker = start_with(&world, handlers().unwrap());
    owner.product("A", "1.00", 1).await;
    in_state(&world, "delivered", 1).await;
    settled(&world).await;
    let shown = endpoint.show(&owner).await;
    assert_eq!(
        (&shown["failing_since"], &shown["disabled_at"], &shown["version"]),
        (&Value::Null, &Value::Null, &json!(1))
    );
    stop(worker).await;
}
