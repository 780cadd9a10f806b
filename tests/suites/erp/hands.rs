//! What people do with what does not arrive by itself: they retry it, or give it up with a reason.

use super::{link::*, standing::*, *};
use countinghouse_tests::{Reply, World};
use futures_util::future::join_all;
use serde_json::json;

async fn retry(caller: &Caller, sync: &Sync) -> Answer {
    caller.post(&format!("{}/retry", sync.path()), &json!({})).await
}

async fn discard(caller: &Caller, sync: &Sync, reason: &str) -> Answer {
    caller.post(&format!("{}/discard", sync.path()), &json!({"reason": reason})).await
}

#[tokio::test]
async fn what_failed_is_sent_again_under_its_key_with_all_its_attempts() {
    let link = Link::with(json!({"max_attempts": 3})).await;
    let owner = link.world.owner();
    let order = link.order().await;
    // Nobody works yet: it fails by hand.
    let order = (order["id"].as_str().unwrap().to_owned(), order["order_number"].as_str().unwrap().to_owned());
    let failed = stands(&link.world, &link.world.north, &order, 2, &FAILED);
    discard(&owner, &first_of(&link, &order.1).await, "only the second is wanted").await.expect(200);
    link.replies(Reply::status(200).body(r#"{"erp_reference": "E-5", "status": "accepted"}"#));
    let again = retry(&owner, &failed).await.expect(200);
    assert_eq!(
        (&again["status"], &again["attempts"], &again["max_attempts"]),
        (&json!("pending"), &json!(0), &json!(3))
    );
    link.work().await;
    assert_eq!(link.sent()[0].header("x-idempotency-key"), failed.key);
    let shown = failed.show(&owner).await;
    assert_eq!(
        (&shown["status"], &shown["erp_reference"], &shown["attempts"]),
        (&json!("success"), &json!("E-5"), &json!(1))
    );
    let log = owner.get("/audit?resource=erp_sync").await.expect(200);
    assert_eq!(log["data"][0]["action"], "erp_sync.retried");
    assert_eq!(log["data"][1]["action"], "erp_sync.discarded");
    assert_eq!(log["data"][1]["after"]["reason"], "only the second is wanted");
}

/// The first version of an order, as it was written with its invoice.
async fn first_of(link: &Link, number: &str) -> Sync {
    let page = link.world.owner().get(&format!("/erp/syncs?order_number={number}")).await.expect(200);
    let first = page["data"].as_array().unwrap().iter().find(|sync| sync["order_version"] == 1).unwrap();
    let text = |name: &str| first[name].as_str().unwrap().to_owned();
    Sync { id: text("sync_id"), number: text("order_number"), key: text("idempotency_key") }
}

#[tokio::test]
async fn only_what_failed_is_retried_and_only_what_is_not_on_its_way_is_given_up() {
    let world = World::start().await;
    let owner = world.owner();
    let under_way = [("status", "'in_progress'"), ("attempts", "1"), ("last_attempt_at", "now()")];
    let discarded = [("status", "'discarded'"), ("discard_reason", "'x'"), ("finished_at", "now()")];
    for (members, retries, discards) in [
        (&FAILED[..], true, true),
        (&UNKNOWN[..], false, true),
        (&QUEUED[..], false, true),
        (&under_way[..], false, false),
        (&ARRIVED[..], false, false),
        (&discarded[..], false, false),
    ] {
        let sync = stands(&world, &world.north, &invoiced(&owner).await, 1, members);
        let before = sync.show(&owner).await;
        if !retries {
            retry(&owner, &sync).await.problem(409, "sync_not_failed");
            assert_eq!(sync.show(&owner).await, before);
        }
        if !discards {
            discard(&owner, &sync, "why").await.problem(409, "sync_not_discardable");
            assert_eq!(sync.show(&owner).await, before);
            continue;
        }
        discard(&owner, &sync, "Entered there by hand").await.expect(200);
        let shown = sync.show(&owner).await;
        assert_eq!(
            (&shown["status"], &shown["discard_reason"]),
            (&json!("discarded"), &json!("Entered there by hand"))
        );
        assert_eq!(shown["next_attempt_at"], Value::Null);
        retry(&owner, &sync).await.problem(409, "sync_not_failed");
    }
    let sync = stands(&world, &world.north, &invoiced(&owner).await, 1, &FAILED);
    for (reason, code) in [("", "too_short"), ("   ", "too_short"), ("a\u{0}", "invalid_characters")] {
        discard(&owner, &sync, reason).await.invalid(&[("/reason", code)]);
    }
    discard(&owner, &sync, &"x".repeat(501)).await.invalid(&[("/reason", "too_long")]);
}

#[tokio::test]
async fn of_many_hands_one_is_first_and_a_strangers_finds_nothing() {
    let world = World::start().await;
    let owner = world.owner();
    let sync = stands(&world, &world.north, &invoiced(&owner).await, 1, &FAILED);
    let south = world.caller(&world.south, "owner");
    retry(&south, &sync).await.problem(404, "not_found");
    discard(&south, &sync, "why").await.problem(404, "not_found");
    world
        .caller(&world.north, "accountant")
        .post(&format!("{}/retry", sync.path()), &json!({}))
        .await
        .problem(403, "permission_denied");
    let answers = join_all((0..8).map(|_| retry(&owner, &sync))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    answers
        .into_iter()
        .filter(|answer| answer.status != 200)
        .for_each(|answer| drop(answer.problem(409, "sync_not_failed")));
    let answers = join_all((0..8).map(|_| discard(&owner, &sync, "why"))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
}
