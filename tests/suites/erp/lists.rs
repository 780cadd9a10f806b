//! How orders stand on their way to the ERP: lists, one of them with its log, and the last version of an order.

use super::{standing::*, *};
use countinghouse_tests::{Login, World};
use diesel::connection::SimpleConnection;
use serde_json::json;

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().expect("a list").iter().map(|sync| sync["sync_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn syncs_are_listed_newest_first_by_status_order_and_day() {
    let world = World::start().await;
    let owner = world.owner();
    world.clock.stop();
    let (one, other) = (invoiced(&owner).await, invoiced(&owner).await);
    let first = stands(&world, &world.north, &one, 1, &ARRIVED);
    world.clock.advance(chrono::Duration::days(2));
    let owner = world.log_in(&world.north, "owner").await;
    let second = stands(&world, &world.north, &one, 2, &UNKNOWN);
    let third = stands(&world, &world.north, &other, 1, &FAILED);
    let south = world.caller(&world.south, "owner");
    let theirs = stands(&world, &world.south, &invoiced(&south).await, 1, &FAILED);
    let listed = async |query: &str| ids(&owner.get(&format!("/erp/syncs{query}")).await.expect(200));
    assert_eq!(listed("").await, [&*third.id, &second.id, &first.id]);
    assert_eq!(listed("?status=failed").await, [&*third.id]);
    assert_eq!(listed("?status=queued").await, [""; 0]);
    assert_eq!(listed(&format!("?order_number={}", one.1)).await, [&*second.id, &first.id]);
    assert_eq!(listed(&format!("?order_number={}&status=success", one.1)).await, [&*first.id]);
    let day = world.today();
    assert_eq!(listed(&format!("?from={day}&to={day}")).await, [&*third.id, &second.id]);
    assert_eq!(listed(&format!("?to={}", day.pred_opt().unwrap())).await, [&*first.id]);
    // Page by page.
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = owner.get(&format!("/erp/syncs?limit=1{cursor}")).await.expect(200);
        seen.extend(ids(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, [&*third.id, &second.id, &first.id]);
    for (query, faults) in [
        ("status=eaten", ("/status", "invalid_value")),
        ("order_number=%00", ("/order_number", "invalid_characters")),
        ("from=2026-02-02&to=2026-02-01", ("/to", "out_of_range")),
        ("colour=red", ("/colour", "unknown_field")),
    ] {
        owner.get(&format!("/erp/syncs?{query}")).await.invalid(&[faults]);
    }
    owner.get(&theirs.path()).await.problem(404, "not_found");
    owner.get("/erp/syncs/x").await.problem(404, "not_found");
}

#[tokio::test]
async fn one_is_shown_with_its_calls_and_an_order_by_its_last_version() {
    let world = World::start().await;
    let owner = world.owner();
    let order = invoiced(&owner).await;
    let first = stands(&world, &world.north, &order, 1, &ARRIVED);
    let second = stands(&world, &world.north, &order, 2, &UNKNOWN);
    let insert = format!(
        "INSERT INTO erp_attempts (tenant_id, sync_id, number, kind, attempted_at, duration_ms, request_body, status, \
         headers, body, error, outcome_unknown) VALUES \
         ('{tenant}', '{id}', 2, 'look_up', now(), 7, NULL, 404, '{{\"server\": \"x\"}}', '{{}}', NULL, false), \
         ('{tenant}', '{id}', 1, 'send', now(), 9, '{{\"order_id\": 1}}', NULL, NULL, NULL, 'there was no answer in time', true)",
        tenant = world.north.id,
        id = second.id,
    );
    world.database(Login::Owner).batch_execute(&insert).unwrap();
    let shown = second.show(&owner).await;
    assert_eq!((&shown["order_version"], &shown["order_number"]), (&json!(2), &json!(order.1)));
    assert_eq!(shown["idempotency_key"], second.key);
    let calls: Vec<_> = shown["log"].as_array().unwrap().iter().map(|call| call["kind"].clone()).collect();
    assert_eq!(calls, [json!("send"), json!("look_up")]);
    assert_eq!(
        (&shown["log"][0]["outcome_unknown"], &shown["log"][1]["outcome_unknown"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(shown["log"][0]["error"], "there was no answer in time");
    assert_eq!(shown["log"][1]["headers"], json!({"server": "x"}));
    assert_eq!(first.show(&owner).await["log"], json!([]));
    let mut last = owner.get(&format!("/erp/sync-status/{}", order.1)).await.expect(200);
    assert_eq!(last["sync_id"], second.id);
    last["log"] = shown["log"].clone();
    last["callbacks"] = json!([]);
    assert_eq!(last, shown);
    let untold = invoiced(&owner).await.1;
    let south = world.caller(&world.south, "owner");
    for (caller, number) in
        [(&owner, &*untold), (&owner, "SO-999999"), (&owner, "%00"), (&owner, "x%F0%9F%90%88"), (&south, &order.1)]
    {
        caller.get(&format!("/erp/sync-status/{number}")).await.problem(404, "not_found");
    }
}
