//! What is sent, and what becomes of each kind of answer.

use super::{link::*, *};
use crate::jobs::{count, stop, until};
use countinghouse_tests::{Login, Reply, World};
use diesel::connection::SimpleConnection;
use serde_json::json;

#[tokio::test]
async fn an_invoiced_order_reaches_the_erp_in_its_form() {
    let link = Link::start().await;
    link.replies(accepted("ERP-123"));
    let owner = link.world.owner();
    let address = json!({"name": "Ada", "street1": "One", "city": "London", "postal_code": "W1", "country": "GB"});
    let body = json!({
        "lines": [{"product_id": link.product, "quantity": 2, "discount_pct": "10"}], "shipping": "10.00",
        "customer": {"email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace"},
        "billing_address": address,
    });
    let order = owner.post("/orders", &body).await.expect(201);
    let sync = link.sync();
    assert_eq!(
        (&sync["status"], &sync["cause"], &sync["order_version"]),
        (&json!("pending"), &json!("invoice"), &json!(1))
    );
    assert!(!link.is_synced(&order).await);
    link.work().await;

    let sent = link.sent();
    assert_eq!(sent.len(), 1);
    let message = &sent[0];
    assert_eq!(message.header("x-api-key"), API_KEY);
    assert_eq!(message.header("x-idempotency-key"), sync["idempotency_key"]);
    assert_eq!(message.header("content-type"), "application/json");
    assert_eq!(message.header("x-signature"), signature(&message.body));
    let told = message.json();
    let totals = &order["totals"];
    for (name, value) in [
        ("order_increment_id", order["order_number"].clone()),
        ("order_id", order["id"].clone()),
        ("order_version", json!(1)),
        ("status", json!("invoiced")),
        ("customer_email", json!("ada@example.com")),
        ("customer_firstname", json!("Ada")),
        ("customer_lastname", json!("Lovelace")),
        ("shipping_address", json!(null)),
        ("erp_reference", json!(null)),
    ] {
        assert_eq!(told[name], value, "{name}");
    }
    assert_eq!(told["billing_address"]["city"], "London");
    let created: chrono::DateTime<chrono::Utc> = order["created_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(told["created_at"], created.format("%Y-%m-%d %H:%M:%S").to_string());
    // Digit by digit as we have them, and numbers.
    let text = String::from_utf8(message.body.clone()).unwrap();
    let line = &order["lines"][0];
    for (name, amount) in [
        ("price", &line["unit_price"]),
        ("row_total", &totals["subtotal"]),
        ("discount", &line["discount"]),
        ("subtotal", &totals["subtotal"]),
        ("shipping", &totals["shipping"]),
        ("grand_total", &totals["grand_total"]),
    ] {
        let amount = amount.as_str().unwrap();
        assert!(text.contains(&format!("\"{name}\":{amount}")), "{name} {amount}: {text}");
    }
    assert!(text.contains("\"price\":99.99") && text.contains("\"shipping\":10.00"), "{text}");

    let sync = link.sync();
    for (name, value) in [
        ("status", json!("success")),
        ("attempts", json!(1)),
        ("outcome_unknown", json!(false)),
        ("erp_reference", json!("ERP-123")),
        ("erp_status", json!("accepted")),
        ("warning", json!(null)),
        ("payload", json!(null)),
    ] {
        assert_eq!(sync[name], value, "{name}");
    }
    assert!(link.is_synced(&order).await);
    let attempts = link.attempts(&sync);
    assert_eq!((attempts.len(), &attempts[0]["kind"], &attempts[0]["status"]), (1, &json!("send"), &json!(200)));
    assert_eq!(attempts[0]["request_body"], text);
    told_of_it(&link, &sync);
    assert_eq!(owner.get("/orders?erp_synced=true").await.expect(200)["data"].as_array().unwrap().len(), 1);
}

/// Before and after, with all amounts and no person.
fn told_of_it(link: &Link, sync: &Value) {
    let events = link.events(sync);
    let kinds: Vec<_> = events.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["erp_sync.before_send", "erp_sync.after_send", "erp_sync.success"]);
    assert_eq!(events[0].1["payload"]["items"][0]["price"], "99.99");
    assert_eq!(events[1].1["status"], 200);
    assert_eq!(events[2].1["erp_reference"], "ERP-123");
    let all = format!("{events:?}");
    assert!(!["ada", "Ada", "Lovelace", "London"].iter().any(|part| all.contains(part)), "{all}");
}

#[tokio::test]
async fn nothing_is_written_where_no_erp_is_linked_or_it_is_switched_off() {
    let link = Link::with(json!({"enabled": false})).await;
    link.order().await;
    let south = link.world.caller(&link.world.south, "owner");
    let product = south.product("A", "1.00", 5).await;
    south.order(&product, 1).await.expect(201);
    link.set(json!({})).await;
    south.order(&product, 1).await.expect(201);
    assert_eq!(count(&link.world, "erp_syncs"), 0);
    link.order().await;
    assert_eq!(count(&link.world, &format!("erp_syncs WHERE tenant_id = '{}'", link.world.north.id)), 1);
    assert_eq!(count(&link.world, "erp_syncs"), 1);
}

/// Where orders are invoiced later, the ERP knows of them later.
#[tokio::test]
async fn an_order_that_is_invoiced_later_is_sent_then() {
    let link = Link::start().await;
    let owner = link.world.owner();
    owner.patch("/client", &json!({"auto_invoice": false})).await.expect(200);
    let order = link.order().await;
    assert_eq!(count(&link.world, "erp_syncs"), 0);
    owner.post(&format!("/orders/{}/invoice", order["id"].as_str().unwrap()), &json!({})).await.expect(201);
    link.work().await;
    assert_eq!(link.sync()["status"], "success");
}

/// The answer, the status after it, whether it is unknown, and the seconds to the next attempt.
#[tokio::test]
async fn each_kind_of_answer_has_its_end() {
    let error = json!({"error": "No such SKU", "code": "BAD_SKU"}).to_string();
    let table = [
        (accepted("R-1"), "success", false, None, None),
        (Reply::status(201).body("{}"), "success", false, None, None),
        (Reply::status(204), "success", false, None, None),
        (Reply::status(200).body("<html>thanks</html>"), "success", false, None, None),
        (
            Reply::status(302).header("location", "http://169.254.169.254/"),
            "failed",
            false,
            None,
            Some("Answered 302."),
        ),
        (Reply::status(400).body(error), "failed", false, None, Some("Answered 400: No such SKU (BAD_SKU)")),
        (Reply::status(409), "failed", false, None, Some("Answered 409.")),
        (Reply::status(429), "pending", false, Some(120), Some("Answered 429.")),
        (Reply::status(429).header("retry-after", "600"), "pending", false, Some(600), Some("Answered 429.")),
        (Reply::status(429).header("retry-after", "9999999"), "pending", false, Some(86_400), Some("Answered 429.")),
        (Reply::status(500).body("{\"error\":\"\\u0000\"}"), "pending", false, Some(120), Some("Answered 500.")),
        (Reply::status(503).header("retry-after", "1"), "pending", false, Some(120), Some("Answered 503.")),
        (Reply::hang(), "pending", true, Some(120), Some("No answer: there was no answer in time.")),
    ];
    for (reply, status, unknown, wait, error) in table {
        let link = Link::with(json!({"timeout_seconds": if unknown { 1 } else { 10 }})).await;
        let what = format!("{reply:?}");
        link.replies(reply);
        link.world.clock.stop();
        link.order().await;
        link.work().await;
        let sync = link.sync();
        assert_eq!(
            (sync["status"].as_str(), sync["outcome_unknown"].as_bool()),
            (Some(status), Some(unknown)),
            "{what}"
        );
        assert_eq!(sync["last_error"].as_str(), error, "{what}");
        assert_eq!(sync["warning"].is_null(), status != "success" || what.contains("R-1"), "{sync}");
        let waits = sync["next_attempt_at"].as_str().map(|at| {
            let at: chrono::DateTime<chrono::Utc> = at.parse().unwrap();
            (at - link.world.state.ids.now()).num_seconds()
        });
        match (waits, wait) {
            (Some(waits), Some(wait)) => assert!((wait..=wait * 11 / 10).contains(&waits), "{what}: {waits}"),
            (waits, wait) => assert_eq!(waits, wait, "{what}"),
        }
        assert_eq!(link.sent().len(), 1, "{what}");
    }
}

#[tokio::test]
async fn an_address_that_is_not_reached_is_no_unknown_outcome_and_has_its_end() {
    let link = Link::with(json!({"base_url": "http://127.0.0.1:1/", "max_attempts": 3})).await;
    let order = link.order().await;
    for attempts in 1..=3 {
        link.work().await;
        let sync = link.sync();
        assert_eq!((&sync["attempts"], &sync["outcome_unknown"]), (&json!(attempts), &json!(false)), "{sync}");
        link.wait(86_400).await;
    }
    let sync = link.sync();
    assert_eq!(sync["status"], "failed");
    assert!(sync["last_error"].as_str().unwrap().starts_with("Not sent: "), "{sync}");
    assert!(!link.is_synced(&order).await);
    let kinds: Vec<String> = link.events(&sync).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds.last().unwrap(), "erp_sync.failed");
    assert_eq!(kinds.iter().filter(|kind| *kind == "erp_sync.failed").count(), 1);
    link.wait(86_400).await;
    link.work().await;
    assert_eq!(link.sync()["attempts"], 3);
}

/// The wait doubles, the key and the very bytes stay.
#[tokio::test]
async fn it_is_tried_again_under_its_key_until_it_is_accepted() {
    let link = Link::start().await;
    link.replies(Reply::status(503));
    link.order().await;
    link.work().await;
    for seconds in [119, 14, 225, 40] {
        link.wait(seconds).await;
        link.work().await;
    }
    assert_eq!(link.sync()["attempts"], 3);
    link.replies(accepted("R-1"));
    link.wait(600).await;
    link.work().await;
    let (sync, sent) = (link.sync(), link.sent());
    assert_eq!((&sync["status"], &sync["attempts"], sent.len()), (&json!("success"), &json!(4), 4));
    for message in &sent {
        assert_eq!(message.header("x-idempotency-key"), sync["idempotency_key"]);
        assert_eq!(message.body, sent[0].body);
    }
    assert_eq!(link.attempts(&sync).len(), 4);
}

/// Many orders at once, and many workers: each is sent once, and never more than four side by side.
#[tokio::test]
async fn many_orders_are_each_sent_once() {
    let link = Link::start().await;
    link.replies(accepted("R"));
    let workers = [(); 3].map(|()| link.worker());
    let orders = futures_util::future::join_all((0..40).map(|_| link.order())).await;
    until(&link.world, "erp_syncs WHERE status = 'success'", 40).await;
    link.settled().await;
    for worker in workers {
        stop(worker).await;
    }
    let mut numbers: Vec<String> =
        link.sent().iter().map(|sent| sent.json()["order_increment_id"].as_str().unwrap().to_owned()).collect();
    numbers.sort();
    let mut expected: Vec<String> =
        orders.iter().map(|order| order["order_number"].as_str().unwrap().to_owned()).collect();
    expected.sort();
    assert_eq!(numbers, expected);
    assert_eq!(count(&link.world, "erp_attempts"), 40);
    assert_eq!(count(&link.world, "orders WHERE erp_synced"), 40);
}

#[tokio::test]
async fn no_more_than_four_calls_are_made_side_by_side() {
    let link = Link::with(json!({"timeout_seconds": 60})).await;
    let told = std::sync::Arc::new(tokio::sync::Notify::new());
    link.replies(accepted("R").when(std::sync::Arc::clone(&told)));
    for _ in 0..9 {
        link.order().await;
    }
    let workers = [(); 2].map(|()| link.worker());
    for ended_so_far in 0..9_usize {
        let ended = i64::try_from(ended_so_far).unwrap();
        until(&link.world, "erp_syncs WHERE status = 'in_progress'", i64::min(4, 9 - ended)).await;
        until(&link.world, "erp_syncs WHERE status = 'success'", ended).await;
        link.until_sent(usize::min(ended_so_far + 4, 9)).await;
        told.notify_one();
    }
    link.settled().await;
    for worker in workers {
        stop(worker).await;
    }
}

/// What others can read holds neither the key nor more than a part of what came.
#[tokio::test]
async fn attempts_keep_no_secret_and_are_cut_unless_asked_for() {
    for (debug, kept) in [(false, 4000), (true, 9000)] {
        let link = Link::with(json!({"debug": debug})).await;
        let body = format!("{{\"error\": \"{API_KEY}\", \"more\": \"{}\"}}", "x".repeat(9000));
        link.replies(Reply::status(422).header("x-echo", API_KEY).body(body));
        link.order().await;
        link.work().await;
        let attempt = link.attempts(&link.sync()).remove(0);
        let length = attempt["body"].as_str().unwrap().len();
        assert!(length >= kept && length < kept + 100, "{length}");
        assert!(!attempt.to_string().contains(API_KEY), "{attempt}");
        assert_eq!(attempt["headers"]["x-echo"], "***");
        assert_eq!(attempt["whole"], debug);
    }
}

/// A world without any link has nothing to do with it.
#[tokio::test]
async fn a_job_without_a_link_does_nothing() {
    let world = World::start().await;
    let job = format!(
        "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, run_at, max_attempts, created_at) \
         VALUES ('{}', gen_random_uuid(), 'sync_with_erp', 1, '{{}}', now(), 1, now())",
        world.north.id
    );
    diesel::connection::SimpleConnection::batch_execute(&mut world.database(countinghouse_tests::Login::Owner), &job)
        .unwrap();
    let worker = crate::jobs::start_with(&world, countinghouse_api::jobs::handlers().unwrap());
    until(&world, "jobs WHERE kind = 'sync_with_erp' AND state = 'done'", 1).await;
    stop(worker).await;
}

/// One bad record holds up no other, and is seen.
#[tokio::test]
async fn an_order_that_cannot_be_read_fails_by_itself() {
    let link = Link::start().await;
    link.replies(accepted("R"));
    let mut orders = Vec::new();
    for _ in 0..4 {
        orders.push(link.order().await);
    }
    let broken = orders[1]["id"].as_str().unwrap();
    let set = |address: &str| {
        let update = format!("UPDATE orders SET billing_address = {address} WHERE id = '{broken}'");
        link.world.database(Login::Owner).batch_execute(&update).unwrap();
    };
    set(r#"'{"country": 7}'"#);
    link.work().await;
    assert_eq!(link.sent().len(), 3);
    let page = link.world.owner().get("/erp/syncs?status=failed").await.expect(200);
    let [failed] = page["data"].as_array().unwrap().as_slice() else { panic!("{page}") };
    assert_eq!(failed["order_id"], broken);
    assert!(failed["last_error"].as_str().unwrap().contains("could not be read"), "{failed}");
    // It is mended, and goes.
    set("NULL");
    let retry = format!("/erp/syncs/{}/retry", failed["sync_id"].as_str().unwrap());
    link.world.owner().post(&retry, &json!({})).await.expect(200);
    link.work().await;
    assert_eq!((link.sent().len(), count(&link.world, "erp_syncs WHERE status = 'success'")), (4, 4));
}
