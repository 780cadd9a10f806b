//! How long what is told of people stays: no longer than the sending needs it, and not beyond their erasing.

use super::{link::*, *};
use crate::jobs::{count, stop, until};
use countinghouse_tests::{Login, Reply};
use diesel::connection::SimpleConnection;
use serde_json::json;

async fn order_of_ada(link: &Link) -> (Value, String) {
    let owner = link.world.owner();
    let ada = json!({"email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace"});
    let customer = owner.post("/customers", &ada).await.expect(201)["id"].as_str().unwrap().to_owned();
    let body = json!({"customer_id": customer, "lines": [{"product_id": link.product, "quantity": 1}]});
    (owner.post("/orders", &body).await.expect(201), customer)
}

/// All that is kept of any ERP, as one text.
fn everything(link: &Link) -> String {
    let rows = [link.rows("SELECT * FROM erp_syncs"), link.rows("SELECT * FROM erp_attempts")].concat();
    let events = link.rows("SELECT * FROM events WHERE kind LIKE 'erp%'");
    format!("{rows:?} {events:?}")
}

#[tokio::test]
async fn whoever_is_erased_is_erased_from_what_is_sent_and_was() {
    let link = Link::start().await;
    link.replies(Reply::status(503).body("{\"error\": \"busy with Ada\"}"));
    let (_, customer) = order_of_ada(&link).await;
    link.work().await;
    link.replies(Reply::status(503));
    let grace = json!({
        "lines": [{"product_id": link.product, "quantity": 1}], "customer": {"first_name": "Grace"},
    });
    link.world.owner().post("/orders", &grace).await.expect(201);
    link.work().await;
    let before = everything(&link);
    assert!(before.contains("Ada") && before.contains("Lovelace") && before.contains("ada@example.com"), "{before}");
    link.world.owner().delete(&format!("/customers/{customer}")).await.expect(204);
    let after = everything(&link);
    assert!(!["Ada", "Lovelace", "ada@"].iter().any(|part| after.contains(part)), "{after}");
    assert!(after.contains("Grace"));
    // It is sent all the same, of nobody.
    link.replies(accepted("R"));
    link.wait(400).await;
    link.work().await;
    assert_eq!(count(&link.world, "erp_syncs WHERE status = 'success'"), 2);
    let sent = link.sent();
    let nameless = sent.iter().rev().find(|sent| sent.json()["customer_firstname"].is_null()).unwrap();
    assert!(nameless.json()["customer_email"].is_null());
}

/// While it is under way: what the ERP answers then is not kept either.
#[tokio::test]
async fn who_is_erased_while_they_are_sent_is_not_kept_by_the_answer() {
    let link = Link::with(json!({"timeout_seconds": 60})).await;
    let told = std::sync::Arc::new(tokio::sync::Notify::new());
    let echo = json!({"erp_reference": "R", "for": "Ada"}).to_string();
    link.replies(Reply::status(200).body(echo).when(std::sync::Arc::clone(&told)));
    let (_, customer) = order_of_ada(&link).await;
    let worker = link.worker();
    until(&link.world, "erp_syncs WHERE status = 'in_progress'", 1).await;
    link.world.owner().delete(&format!("/customers/{customer}")).await.expect(204);
    told.notify_one();
    until(&link.world, "erp_syncs WHERE status = 'success'", 1).await;
    stop(worker).await;
    let kept = everything(&link);
    assert!(!kept.contains("Ada"), "{kept}");
}

#[tokio::test]
async fn the_purge_keeps_how_orders_stand_and_no_more() {
    let link = Link::with(json!({"debug": true})).await;
    link.replies(Reply::status(200).body(format!("{{\"erp_reference\": \"R\", \"x\": \"{}\"}}", "y".repeat(9000))));
    link.order().await;
    link.work().await;
    let owner = link.world.owner();
    let order = json!({"order_number": link.sync()["order_number"]});
    let worker = link.worker();
    owner.post("/erp/resync-order", &order).await.expect(200);
    link.settled().await;
    stop(worker).await;
    assert_eq!(count(&link.world, "erp_attempts WHERE whole AND length(body) > 9000"), 2);
    let purge = |days: i32| {
        let back = format!(
            "UPDATE erp_attempts SET attempted_at = attempted_at - interval '{days} days';
             UPDATE erp_syncs SET finished_at = finished_at - interval '{days} days';
             INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, run_at, max_attempts, created_at)
             VALUES ('{}', gen_random_uuid(), 'purge', 1, '{{}}', now(), 1, now())",
            link.world.north.id
        );
        link.world.database(Login::Owner).batch_execute(&back).unwrap();
    };
    purge(2);
    let worker = link.worker();
    until(&link.world, "jobs WHERE kind = 'purge' AND state = 'done'", 1).await;
    assert_eq!(count(&link.world, "erp_attempts WHERE NOT whole AND length(body) = 4000"), 2);
    assert_eq!(count(&link.world, "erp_syncs"), 2);
    purge(30);
    until(&link.world, "jobs WHERE kind = 'purge' AND state = 'done'", 2).await;
    stop(worker).await;
    assert_eq!(count(&link.world, "erp_attempts"), 0);
    let left = link.sync();
    assert_eq!((&left["order_version"], &left["erp_reference"]), (&json!(2), &json!("R")));
}
