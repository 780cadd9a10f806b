//! What an ERP tells of an order by itself, and what that changes, in whatever order it comes and however often.

use super::{standing::*, *};
use crate::jobs::count;
use countinghouse_tests::World;
use futures_util::future::join_all;
use serde_json::json;

async fn told(world: &World, body: Value, outcome: &str) {
    let number = body.get("order_number").or(body.get("orderIncrementId")).cloned().expect("a number");
    let taken = tell(world, "north", &body).await.expect(200);
    assert_eq!(taken, json!({"order_number": number, "outcome": outcome}), "{body}");
}

#[tokio::test]
async fn a_callback_in_either_spelling_is_noted_and_kept() {
    let world = linked().await;
    let owner = world.owner();
    let arrived = [("erp_reference", "NULL"), ("erp_status", "NULL")];
    let bare = || ARRIVED.into_iter().filter(|(name, _)| arrived.iter().all(|(bare, _)| bare != name));
    for body in [
        json!({"order_number": "", "erp_reference": "E-7", "status": "accepted"}),
        json!({"orderIncrementId": "", "erpReference": "E-7", "status": "accepted", "orderId": 4711, "nested": [{}]}),
        json!({"orderIncrementId": "", "erp_reference": "E-7", "erpReference": "E-7", "status": "accepted"}),
    ] {
        let sync = stands(&world, &world.north, &invoiced(&owner).await, 1, &bare().collect::<Vec<_>>());
        let mut body = body;
        for name in ["order_number", "orderIncrementId"] {
            if body.get(name).is_some() {
                body[name] = json!(sync.number);
            }
        }
        told(&world, body, "applied").await;
        let shown = sync.show(&owner).await;
        assert_eq!((&shown["erp_reference"], &shown["erp_status"]), (&json!("E-7"), &json!("accepted")));
        assert_eq!(shown["status"], "success");
        let kept = &shown["callbacks"];
        assert_eq!((kept.as_array().unwrap().len(), &kept[0]["outcome"]), (1, &json!("applied")), "{kept}");
        assert_eq!((&kept[0]["erp_reference"], &kept[0]["erp_status"]), (&json!("E-7"), &json!("accepted")));
    }
}

#[tokio::test]
async fn statuses_go_forward_whatever_comes_late_or_again() {
    let world = linked().await;
    let owner = world.owner();
    let sync = stands(&world, &world.north, &invoiced(&owner).await, 1, &ARRIVED);
    let status = |word: &str| json!({"order_number": sync.number, "erp_reference": "ERP-1", "status": word});
    for (word, outcome, stands_at) in [
        ("accepted", "unchanged", "accepted"),
        ("shipped", "applied", "shipped"),
        ("processing", "unchanged", "shipped"),
        ("shipped", "unchanged", "shipped"),
        ("in the oven", "unchanged", "shipped"),
        ("delivered", "applied", "delivered"),
        ("accepted", "unchanged", "delivered"),
    ] {
        told(&world, status(word), outcome).await;
        let shown = sync.show(&owner).await;
        assert_eq!((&shown["erp_status"], &shown["status"]), (&json!(stands_at), &json!("success")), "{word}");
    }
    let kept = sync.show(&owner).await["callbacks"].clone();
    let repeats: Vec<_> =
        kept.as_array().unwrap().iter().map(|one| (one["erp_status"].clone(), one["repeats"].clone())).collect();
    let expected = [("accepted", 1), ("shipped", 1), ("processing", 0), ("in the oven", 0), ("delivered", 0)];
    assert_eq!(repeats, expected.map(|(word, times)| (json!(word), json!(times))));
}

#[tokio::test]
async fn words_that_nobody_knows_follow_each_other_and_do_not_come_back() {
    let world = linked().await;
    let owner = world.owner();
    let mut fresh = ARRIVED;
    fresh[5].1 = "'in the queue'";
    let sync = stands(&world, &world.north, &invoiced(&owner).await, 1, &fresh);
    for (word, outcome, stands_at) in [
        ("in the oven", "applied", "in the oven"),
        ("on the table", "applied", "on the table"),
        ("in the oven", "unchanged", "on the table"),
        ("accepted", "applied", "accepted"),
        ("in the mouth", "unchanged", "accepted"),
    ] {
        told(&world, json!({"order_number": sync.number, "status": word}), outcome).await;
        assert_eq!(sync.show(&owner).await["erp_status"], stands_at, "{word}");
    }
}

#[tokio::test]
async fn another_reference_is_refused_and_seen() {
    let world = linked().await;
    let owner = world.owner();
    let sync = stands(&world, &world.north, &invoiced(&owner).await, 1, &ARRIVED);
    let other = json!({"order_number": sync.number, "erp_reference": "ERP-2", "status": "shipped"});
    for _ in 0..2 {
        tell(&world, "north", &other).await.problem(409, "reference_mismatch");
    }
    let shown = sync.show(&owner).await;
    assert_eq!((&shown["erp_reference"], &shown["erp_status"]), (&json!("ERP-1"), &json!("accepted")));
    assert!(shown["warning"].as_str().unwrap().contains("ERP-2"), "{shown}");
    let kept = &shown["callbacks"][0];
    assert_eq!((&kept["outcome"], &kept["repeats"]), (&json!("contradicts"), &json!(1)));
}

#[tokio::test]
async fn an_order_that_the_erp_knows_has_arrived() {
    let world = linked().await;
    let owner = world.owner();
    for (members, name) in [(&UNKNOWN[..], "unknown"), (&FAILED[..], "failed")] {
        let order = invoiced(&owner).await;
        let sync = stands(&world, &world.north, &order, 1, members);
        told(&world, json!({"order_number": sync.number, "erp_reference": "E-9", "status": "accepted"}), "settled")
            .await;
        let shown = sync.show(&owner).await;
        assert_eq!((&shown["status"], &shown["erp_reference"]), (&json!("success"), &json!("E-9")), "{name}");
        assert_eq!((&shown["outcome_unknown"], &shown["next_attempt_at"]), (&json!(false), &Value::Null), "{name}");
        assert_eq!(shown["last_error"], Value::Null, "{name}");
        assert_eq!(owner.get(&format!("/orders/{}", order.0)).await.expect(200)["erp_synced"], true, "{name}");
        told(&world, json!({"order_number": sync.number, "erp_reference": "E-9", "status": "accepted"}), "unchanged")
            .await;
    }
    assert_eq!(count(&world, "events WHERE kind = 'erp_sync.success'"), 2);
}

#[tokio::test]
async fn an_order_that_the_erp_refuses_has_failed_and_a_late_refusal_is_a_warning() {
    let world = linked().await;
    let owner = world.owner();
    let sync = stands(&world, &world.north, &invoiced(&owner).await, 1, &UNKNOWN);
    told(&world, json!({"order_number": sync.number, "status": "Rejected"}), "settled").await;
    let shown = sync.show(&owner).await;
    assert_eq!((&shown["status"], &shown["erp_status"]), (&json!("failed"), &json!("Rejected")));
    assert!(shown["last_error"].as_str().unwrap().contains("Rejected"), "{shown}");
    let sync = stands(&world, &world.north, &invoiced(&owner).await, 1, &ARRIVED);
    told(&world, json!({"order_number": sync.number, "status": "rejected"}), "applied").await;
    let shown = sync.show(&owner).await;
    assert_eq!(shown["status"], "success");
    assert!(shown["warning"].as_str().unwrap().contains("rejected"), "{shown}");
}

#[tokio::test]
async fn what_is_told_of_one_version_says_nothing_of_the_next() {
    let world = linked().await;
    let owner = world.owner();
    let order = invoiced(&owner).await;
    let first = stands(&world, &world.north, &order, 1, &ARRIVED);
    let second = stands(&world, &world.north, &order, 2, &UNKNOWN);
    told(&world, json!({"order_number": order.1, "status": "shipped"}), "applied").await;
    assert_eq!(first.show(&owner).await["erp_status"], "shipped");
    let shown = second.show(&owner).await;
    assert_eq!((&shown["status"], &shown["outcome_unknown"]), (&json!("pending"), &json!(true)));
    // Its key says that it is meant.
    let keyed =
        json!({"order_number": order.1, "idempotencyKey": second.key, "erp_reference": "ERP-1", "status": "accepted"});
    told(&world, keyed, "settled").await;
    assert_eq!(second.show(&owner).await["status"], "success");
    let stranger = json!({"order_number": order.1, "idempotency_key": "ERP_none", "status": "accepted"});
    tell(&world, "north", &stranger).await.problem(404, "not_found");
}

/// What was never sent is not there, whoever says so; what is under way is noted, for who sends it.
#[tokio::test]
async fn nothing_is_settled_that_was_not_sent_or_is_under_way() {
    let world = linked().await;
    let owner = world.owner();
    let queued = stands(&world, &world.north, &invoiced(&owner).await, 1, &QUEUED);
    told(&world, json!({"order_number": queued.number, "erp_reference": "E-1", "status": "accepted"}), "unchanged")
        .await;
    let shown = queued.show(&owner).await;
    assert_eq!((&shown["status"], &shown["erp_reference"]), (&json!("queued"), &Value::Null));
    let under_way =
        [("status", "'in_progress'"), ("attempts", "1"), ("last_attempt_at", "now()"), ("outcome_unknown", "true")];
    let under_way = stands(&world, &world.north, &invoiced(&owner).await, 1, &under_way);
    told(&world, json!({"order_number": under_way.number, "erp_reference": "E-1", "status": "accepted"}), "applied")
        .await;
    let shown = under_way.show(&owner).await;
    assert_eq!((&shown["status"], &shown["erp_reference"]), (&json!("in_progress"), &json!("E-1")));
}

#[tokio::test]
async fn a_thousand_at_once_settle_it_once() {
    let world = linked().await;
    let owner = world.owner();
    let sync = stands(&world, &world.north, &invoiced(&owner).await, 1, &UNKNOWN);
    let body = json!({"order_number": sync.number, "erp_reference": "E-9", "status": "accepted"});
    let answers = join_all((0..1000).map(|_| tell(&world, "north", &body))).await;
    let outcomes = |wanted: &str| answers.iter().filter(|answer| answer.body["outcome"] == wanted).count();
    let busy = answers.iter().filter(|answer| answer.status == 429 || answer.status == 503).count();
    assert_eq!((outcomes("settled"), outcomes("unchanged") + busy), (1, 999));
    assert!(answers.iter().all(|answer| [200, 429, 503].contains(&answer.status)));
    let kept = sync.show(&owner).await["callbacks"].clone();
    assert_eq!(kept.as_array().unwrap().len(), 1);
    assert_eq!(kept[0]["repeats"], outcomes("unchanged"));
    assert_eq!(count(&world, "events WHERE kind = 'erp_sync.success'"), 1);
}

#[tokio::test]
async fn signed_nonsense_is_told_what_is_wrong() {
    let world = linked().await;
    let number = stands(&world, &world.north, &invoiced(&world.owner()).await, 1, &ARRIVED).number;
    tell(&world, "north", &json!({"order_number": "SO-999999", "status": "accepted"})).await.problem(404, "not_found");
    for (body, faults) in [
        (json!({}), &[("/order_number", "missing_field"), ("/status", "missing_field")][..]),
        (json!({"order_number": number}), &[("/status", "missing_field")]),
        (
            json!({"order_number": number, "orderIncrementId": "x", "status": "a"}),
            &[("/orderIncrementId", "invalid_value")],
        ),
        (json!({"order_number": number, "status": "a\u{0}b"}), &[("/status", "invalid_characters")]),
        (json!({"order_number": number, "status": ""}), &[("/status", "too_short")]),
        (json!({"order_number": number, "status": "x".repeat(101)}), &[("/status", "too_long")]),
        (json!({"order_number": number, "erpReference": "x".repeat(201)}), &[("/erpReference", "too_long")]),
        (json!({"order_number": 7, "status": "a"}), &[("/order_number", "invalid_type")]),
        (json!([]), &[("", "invalid_type")]),
    ] {
        tell(&world, "north", &body).await.invalid(faults);
    }
    let request = world.nobody().request(Method::POST, "/erp/webhook/north");
    let request = request.header("x-signature", signature(SECRET, b"{")).body("{");
    Answer::of(request).await.problem(400, "malformed_request");
}
