//! Workers that are killed: every order reaches the ERP, and none as two.

use super::link::*;
use crate::jobs::{count, until};
use countinghouse_api::platform::points::Point;
use countinghouse_tests::{Process, Reply};
use serde_json::json;
use std::collections::BTreeMap;

fn environment(link: &Link, stop_at: Option<Point>) -> Vec<(&'static str, String)> {
    let mut environment = link.world.environment();
    environment.push(("WORKER_LEASE_SECONDS", "3".to_owned()));
    environment.extend(stop_at.map(|point| ("STOP_AT", format!("{point:?}"))));
    environment
}

fn kill(mut worker: Process) {
    worker.signal("KILL");
    worker.wait();
}

/// At every point of a turn: before anything is written, after it is written and before it is sent, after it was
/// sent and before that is kept, and after.
#[tokio::test(flavor = "multi_thread")]
async fn every_order_arrives_whoever_is_killed_and_wherever() {
    let link = Link::start().await;
    link.replies(accepted("R"));
    let points =
        [Point::Claimed, Point::StepDone, Point::CallWritten, Point::CallEnded, Point::Finishing, Point::Finished];
    for point in points {
        link.order().await;
        let mut worker = Process::work(&environment(&link, Some(point)));
        worker.wait_for("held at a named point");
        kill(worker);
        // What was under way when it died is asked for.
        for sync in link.syncs().into_iter().filter(|sync| sync["status"] == "in_progress") {
            link.replies_of(&sync, Reply::status(404).body("{}"));
        }
    }
    let last = Process::work(&environment(&link, None));
    until(&link.world, "erp_syncs WHERE status = 'success'", 6).await;
    kill(last);
    let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for sent in link.sent() {
        let order = sent.json()["order_increment_id"].as_str().unwrap().to_owned();
        keys.entry(order).or_default().push(sent.header("x-idempotency-key").to_owned());
    }
    assert_eq!(keys.len(), 6);
    for keys in keys.values() {
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    }
    assert_eq!(count(&link.world, "orders WHERE erp_synced"), 6);
    // One was written and never left, one left and was not kept: both are logged without an end.
    assert!(count(&link.world, "erp_attempts WHERE duration_ms IS NULL") >= 2);
}

/// After the answer came, and before anybody knows of it: the ERP has it, and says so.
#[tokio::test(flavor = "multi_thread")]
async fn what_arrived_and_was_not_kept_is_not_sent_again() {
    let link = Link::start().await;
    link.replies(accepted("R-1"));
    link.order().await;
    let mut worker = Process::work(&environment(&link, Some(Point::CallEnded)));
    worker.wait_for("held at a named point");
    kill(worker);
    let sync = link.sync();
    assert_eq!(
        (&sync["status"], &sync["outcome_unknown"], &sync["attempts"]),
        (&json!("in_progress"), &json!(true), &json!(1))
    );
    link.replies_of(&sync, accepted("R-1"));
    let last = Process::work(&environment(&link, None));
    until(&link.world, "erp_syncs WHERE status = 'success'", 1).await;
    kill(last);
    assert_eq!((link.sent().len(), link.looked_up(&sync).len()), (1, 1));
    assert_eq!(link.sync()["erp_reference"], "R-1");
}

/// Whoever dies of an order each time does not do so for ever.
#[tokio::test(flavor = "multi_thread")]
async fn workers_die_of_one_order_no_more_often_than_it_is_tried() {
    let link = Link::with(json!({"max_attempts": 2})).await;
    link.replies(Reply::status(503));
    link.order().await;
    for _ in 0..2 {
        let mut worker = Process::work(&environment(&link, Some(Point::CallWritten)));
        worker.wait_for("held at a named point");
        kill(worker);
        let sync = link.sync();
        assert_eq!(sync["status"], "in_progress");
        link.replies_of(&sync, Reply::status(500));
    }
    let last = Process::work(&environment(&link, None));
    until(&link.world, "erp_syncs WHERE status = 'failed' AND outcome_unknown", 1).await;
    kill(last);
    assert_eq!(link.events(&link.sync()).last().unwrap().0, "erp_sync.failed");
}
