//! A dead or slow ERP holds up nobody else, and is left alone.

use super::{link::*, *};
use crate::jobs::{count, settings, stop, until};
use countinghouse_api::{jobs::handlers, platform::jobs::Worker};
use countinghouse_tests::{Receiver, Reply};
use serde_json::json;

fn breaker(link: &Link) -> Value {
    let rows = "SELECT failures, failing_since IS NOT NULL AS failing, open_until IS NOT NULL AS open FROM erp_configs";
    link.rows(rows).remove(0)
}

#[tokio::test]
async fn what_does_not_answer_is_left_alone_and_then_tried_with_one_call() {
    let link = Link::start().await;
    link.replies(Reply::status(500));
    for _ in 0..12 {
        link.order().await;
    }
    link.work().await;
    // It opened with the fifth, and those that were under way beside it ended.
    let made = link.sent().len();
    assert!((5..=8).contains(&made), "{made}");
    assert_eq!(breaker(&link)["open"], true);
    assert_eq!(count(&link.world, "erp_syncs WHERE attempts = 0"), 12 - i64::try_from(made).unwrap());
    link.work().await;
    assert_eq!(link.sent().len(), made);
    link.wait(31).await;
    link.work().await;
    assert_eq!(link.sent().len(), made + 1);
    // It answers again: the rest goes.
    link.replies(accepted("R"));
    link.wait(61).await;
    link.work().await;
    assert_eq!(breaker(&link), json!({"failures": 0, "failing": false, "open": false}));
    link.wait(1000).await;
    link.work().await;
    assert_eq!(count(&link.world, "erp_syncs WHERE status = 'success'"), 12);
}

/// One that has too much to do is not asked by every order for itself.
#[tokio::test]
async fn what_asks_for_a_pause_gets_it() {
    let link = Link::start().await;
    link.replies(Reply::status(429).header("retry-after", "40"));
    for _ in 0..12 {
        link.order().await;
    }
    link.work().await;
    assert!(link.sent().len() <= 4, "{}", link.sent().len());
    link.replies(accepted("R"));
    link.wait(41).await;
    link.work().await;
    link.wait(200).await;
    link.work().await;
    assert_eq!(count(&link.world, "erp_syncs WHERE status = 'success'"), 12);
}

/// North's ERP never answers and much waits for it; a worker has two hands.
#[tokio::test]
async fn others_do_not_wait_for_an_erp_that_hangs() {
    let link = Link::with(json!({"timeout_seconds": 60})).await;
    link.replies(Reply::hang());
    link.order().await;
    let world = &link.world;
    for _ in 0..20 {
        link.order().await;
    }
    let (south, theirs) = (world.caller(&world.south, "owner"), Receiver::start());
    theirs.reply("/orders/sync", accepted("S"));
    let config = json!({"enabled": true, "base_url": theirs.url(""), "api_key": "k", "hmac_secret": SECRET});
    set(&south, &config).await.expect(200);
    let product = south.product("A", "1.00", 100).await;
    let mut two_hands = settings();
    two_hands.slots = 2;
    let (worker, stopping) = Worker::new(world.state.clone(), handlers().unwrap(), two_hands).unwrap();
    let worker = (tokio::spawn(worker.work()), stopping);
    until(world, "erp_syncs WHERE status = 'in_progress'", 4).await;
    for sent in 1..=5 {
        let begun = std::time::Instant::now();
        south.order(&product, 1).await.expect(201);
        until(world, "erp_syncs WHERE status = 'success'", sent).await;
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    }
    assert_eq!(theirs.received("/orders/sync").len(), 5);
    let ours = format!("jobs WHERE kind = 'sync_with_erp' AND state = 'running' AND tenant_id = '{}'", world.north.id);
    until(world, &ours, 1).await;
    assert_eq!(count(world, "erp_syncs WHERE status = 'in_progress'"), 4);
    stop(worker).await;
}

/// New settings hold for what is sent from then on, and what was under way is concluded.
#[tokio::test]
async fn what_is_under_way_ends_when_the_link_is_changed_or_switched_off() {
    let link = Link::with(json!({"timeout_seconds": 60})).await;
    let told = std::sync::Arc::new(tokio::sync::Notify::new());
    link.replies(accepted("R").when(std::sync::Arc::clone(&told)));
    for _ in 0..6 {
        link.order().await;
    }
    let worker = link.worker();
    until(&link.world, "erp_syncs WHERE status = 'in_progress'", 4).await;
    link.set(json!({"enabled": false})).await;
    for _ in 0..4 {
        told.notify_one();
        let done = count(&link.world, "erp_syncs WHERE status = 'success'");
        until(&link.world, "erp_syncs WHERE status = 'success'", done + 1).await;
    }
    link.settled().await;
    assert_eq!(count(&link.world, "erp_syncs WHERE status = 'pending'"), 2);
    assert_eq!(link.sent().len(), 4);
    let elsewhere = Receiver::start();
    link.set(json!({"base_url": elsewhere.url("")})).await;
    until(&link.world, "erp_syncs WHERE status = 'success'", 6).await;
    assert_eq!((link.sent().len(), elsewhere.received("/orders/sync").len()), (4, 2));
    stop(worker).await;
}
