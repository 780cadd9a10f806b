//! What happens to an order that the ERP was told of: a version for each change, in their order.

use super::{link::*, *};
use crate::jobs::{count, stop, until};
use countinghouse_tests::{Editor, Login, Reply};
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Notify;

fn states(link: &Link) -> Vec<(i64, String, String)> {
    let state = |sync: Value| {
        let text = |name: &str| sync[name].as_str().unwrap().to_owned();
        (sync["order_version"].as_i64().unwrap(), text("cause"), text("status"))
    };
    link.syncs().into_iter().map(state).collect()
}

fn state(version: i64, cause: &str, status: &str) -> (i64, String, String) {
    (version, cause.to_owned(), status.to_owned())
}

#[tokio::test]
async fn edits_returns_and_cancels_of_a_synced_order_are_sent_as_versions() {
    let link = Link::start().await;
    link.replies(accepted("R-1"));
    let editor = Editor::enrol(&link.world, &link.world.north, "owner").await;
    let (edited, cancelled, returned) = (link.order().await, link.order().await, link.order().await);
    link.work().await;
    editor.edit(&edited, &json!({"lines": [{"id": edited["lines"][0]["id"], "quantity": 3}]})).await.expect(200);
    editor.cancel(&cancelled).await.expect(204);
    let back = json!({"order_id": returned["id"], "lines": [
        {"order_line_id": returned["lines"][0]["id"], "quantity": 1, "restock": true}]});
    editor.caller().post("/returns", &back).await.expect(201);
    for order in [&edited, &cancelled, &returned] {
        let shown = editor.look(order).await;
        assert_eq!(shown["erp_synced"], false, "{shown}");
    }
    link.work().await;
    let sent: Vec<Value> = link.sent()[3..].iter().map(|sent| sent.json()).collect();
    assert_eq!(sent.len(), 3);
    let of = |order: &Value| sent.iter().find(|one| one["order_id"] == order["id"]).unwrap();
    for order in [&edited, &cancelled, &returned] {
        assert_eq!((&of(order)["order_version"], &of(order)["erp_reference"]), (&json!(2), &json!("R-1")));
        assert!(editor.look(order).await["erp_synced"].as_bool().unwrap());
    }
    assert_eq!(of(&edited)["items"][0]["qty"], 3);
    assert_eq!(of(&cancelled)["status"], "cancelled");
    assert_eq!(of(&returned)["items"][0]["returned_qty"], 1);
    assert_eq!(of(&returned)["credited"].to_string(), "99.99");
    let keys: std::collections::BTreeSet<_> =
        link.sent().iter().map(|sent| sent.header("x-idempotency-key").to_owned()).collect();
    assert_eq!(keys.len(), 6);
}

/// What was never sent need not be, once there is another version.
#[tokio::test]
async fn a_version_that_was_never_sent_gives_way() {
    let link = Link::start().await;
    let editor = Editor::enrol(&link.world, &link.world.north, "owner").await;
    let order = link.order().await;
    editor.edit(&order, &json!({"note": "one more thing"})).await.expect(200);
    editor.cancel(&order).await.expect(204);
    link.work().await;
    assert_eq!(
        states(&link),
        [state(1, "invoice", "discarded"), state(2, "edit", "discarded"), state(3, "cancel", "success")]
    );
    let sent = link.sent();
    assert_eq!((sent.len(), &sent[0].json()["status"]), (1, &json!("cancelled")));
    assert!(editor.look(&order).await["erp_synced"].as_bool().unwrap());
    assert_eq!(link.syncs()[0]["discard_reason"], "superseded");
}

/// Of one order, no two calls are under way, and the second waits until the first is settled.
#[tokio::test]
async fn a_version_waits_for_the_one_before_it() {
    let link = Link::with(json!({"timeout_seconds": 60})).await;
    let told = Arc::new(Notify::new());
    link.replies(accepted("R-1").when(Arc::clone(&told)));
    let editor = Editor::enrol(&link.world, &link.world.north, "owner").await;
    let order = link.order().await;
    let workers = [link.worker(), link.worker()];
    until(&link.world, "erp_syncs WHERE status = 'in_progress'", 1).await;
    editor.edit(&order, &json!({"note": "one more thing"})).await.expect(200);
    // Another order goes past.
    link.order().await;
    until(&link.world, "erp_syncs WHERE status = 'in_progress'", 2).await;
    link.until_sent(2).await;
    told.notify_one();
    told.notify_one();
    until(&link.world, "erp_syncs WHERE status = 'success'", 2).await;
    told.notify_one();
    until(&link.world, "erp_syncs WHERE status = 'success'", 3).await;
    link.settled().await;
    let versions: Vec<_> = link.sent().iter().map(|sent| sent.json()["order_version"].as_i64().unwrap()).collect();
    assert_eq!((versions.len(), versions[2]), (3, 2));
    for worker in workers {
        stop(worker).await;
    }
}

/// A version of which nobody knows is settled first; one that failed for good is not in the way.
#[tokio::test]
async fn what_is_unknown_is_settled_before_the_next_version() {
    let link = Link::with(json!({"timeout_seconds": 1})).await;
    link.replies(Reply::hang());
    let editor = Editor::enrol(&link.world, &link.world.north, "owner").await;
    let order = link.order().await;
    link.work().await;
    link.set(json!({})).await;
    link.replies(accepted("R-2"));
    editor.edit(&order, &json!({"note": "one more thing"})).await.expect(200);
    link.work().await;
    assert_eq!(states(&link), [state(1, "invoice", "pending"), state(2, "edit", "pending")]);
    assert_eq!(link.sent().len(), 1);
    let first = link.syncs().remove(0);
    link.replies_of(&first, Reply::status(404).body("{}"));
    link.wait(300).await;
    link.work().await;
    assert_eq!(states(&link), [state(1, "invoice", "success"), state(2, "edit", "success")]);
    let versions: Vec<_> = link.sent().iter().map(|sent| sent.json()["order_version"].clone()).collect();
    assert_eq!(versions, [1, 1, 2]);
}

#[tokio::test]
async fn one_that_is_refused_holds_up_neither_its_next_version_nor_others() {
    let link = Link::start().await;
    link.replies(Reply::status(422));
    let editor = Editor::enrol(&link.world, &link.world.north, "owner").await;
    let order = link.order().await;
    link.work().await;
    link.replies(accepted("R-3"));
    editor.edit(&order, &json!({"note": "better"})).await.expect(200);
    link.order().await;
    link.work().await;
    assert_eq!(count(&link.world, "erp_syncs WHERE status = 'success'"), 2);
    assert!(editor.look(&order).await["erp_synced"].as_bool().unwrap());
}

/// What the ERP was never to know, it is not told the changes of.
#[tokio::test]
async fn an_order_from_before_the_link_is_not_sent_by_itself() {
    let link = Link::with(json!({"enabled": false})).await;
    let editor = Editor::enrol(&link.world, &link.world.north, "owner").await;
    let order = link.order().await;
    link.set(json!({})).await;
    editor.edit(&order, &json!({"note": "one more thing"})).await.expect(200);
    editor.cancel(&order).await.expect(204);
    assert_eq!(count(&link.world, "erp_syncs"), 0);
}

/// A thousand of them do not hide the others: a row that waits for another is looked at again when that is settled.
#[tokio::test]
async fn what_waits_for_others_is_in_nobodys_way() {
    let link = Link::start().await;
    let order = link.order().await;
    let (tenant, id) = (link.world.north.id, order["id"].as_str().unwrap());
    let sql = format!(
        "UPDATE erp_syncs SET attempts = 1, next_attempt_at = now() + interval '1 day';
         INSERT INTO erp_syncs (tenant_id, id, order_id, order_number, order_version, cause, status, max_attempts,
             idempotency_key, next_attempt_at, created_at, updated_at)
         SELECT '{tenant}', gen_random_uuid(), '{id}', 'SO-000001', n, 'edit', 'pending', 5, 'k' || n,
             now() - interval '1 hour', now(), now() FROM generate_series(2, 200) n"
    );
    link.world.database(Login::Owner).batch_execute(&sql).unwrap();
    link.order().await;
    link.work().await;
    // All but the last one gave way, and that waits for the first.
    assert_eq!(count(&link.world, "erp_syncs WHERE status = 'success'"), 1);
    assert_eq!(count(&link.world, "erp_syncs WHERE discard_reason = 'superseded'"), 198);
    assert_eq!(count(&link.world, "erp_syncs WHERE status = 'pending'"), 2);
}
