//! The second factor in front of edits and cancels: looked at last, spent once, and only for what is done.

use super::{only, owner_editor, path};
use countinghouse_tests::{Answer, Caller, World};
use reqwest::Method;
use serde_json::{Value, json};

/// Somebody's edit of an order, with this code.
async fn edit(caller: &Caller, order: &Value, body: &Value, code: Option<&str>) -> Answer {
    let request = caller.request(Method::PATCH, &path(order)).json(body);
    Answer::of(match code {
        Some(code) => request.header("X-2FA-Code", code),
        None => request,
    })
    .await
}

#[tokio::test]
async fn every_other_reason_comes_before_the_code_and_spends_none() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let product = owner.product("A", "10.00", 5).await;
    let order = owner.order(&product, 2).await.expect(201);
    let nothing = json!({"id": world.north.id});
    let theirs = world.caller(&world.south, "owner").product("A", "1.00", 5).await;
    let theirs = world.caller(&world.south, "owner").order(&theirs, 1).await.expect(201);
    let code = editor.code();
    for code in [None, Some("000000"), Some("nonsense"), Some(&*code)] {
        for unknown in [&nothing, &theirs] {
            edit(&owner, unknown, &only(&order, 1), code).await.problem(404, "not_found");
        }
        edit(&owner, &order, &only(&order, 0), code).await.invalid(&[("/lines/0/quantity", "out_of_range")]);
        edit(&owner, &order, &only(&order, 6), code).await.problem(409, "insufficient_stock");
        let viewer = world.caller(&world.north, "viewer");
        edit(&viewer, &order, &only(&order, 1), code).await.problem(403, "permission_denied");
    }
    edit(&owner, &order, &only(&order, 1), None).await.problem(401, "second_factor_required");
    edit(&owner, &order, &only(&order, 1), Some("nonsense")).await.problem(401, "second_factor_invalid");
    let sales = world.caller(&world.north, "sales");
    edit(&sales, &order, &only(&order, 1), Some(&code)).await.problem(403, "second_factor_not_enrolled");
    edit(&owner, &order, &only(&order, 1), Some(&code)).await.expect(200);
    edit(&owner, &order, &only(&order, 2), Some(&code)).await.problem(401, "second_factor_invalid");
    let recovery = Some(editor.recovery_codes[0].as_str());
    edit(&owner, &order, &only(&order, 2), recovery).await.expect(200);
    edit(&owner, &order, &only(&order, 3), recovery).await.problem(401, "second_factor_invalid");
    assert_eq!(editor.look(&order).await["lines"][0]["quantity"], 2);
}

/// The code is asked for and looked at, and stays good for an edit that is one.
#[tokio::test]
async fn an_edit_that_changes_nothing_spends_no_code() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let product = owner.product("A", "10.00", 5).await;
    let order = owner.order(&product, 2).await.expect(201);
    let (code, recovery) = (editor.code(), editor.recovery_codes[0].as_str());
    for nothing in [json!({}), only(&order, 2), json!({"note": null})] {
        edit(&owner, &order, &nothing, None).await.problem(401, "second_factor_required");
        edit(&owner, &order, &nothing, Some("nonsense")).await.problem(401, "second_factor_invalid");
        for good in [&code, recovery] {
            assert_eq!(edit(&owner, &order, &nothing, Some(good)).await.expect(200), order);
        }
    }
    assert_eq!(owner.get("/sessions/logs?kind=order_edited").await.expect(200)["data"], json!([]));
    edit(&owner, &order, &only(&order, 1), Some(&code)).await.expect(200);
    edit(&owner, &order, &only(&order, 2), Some(recovery)).await.expect(200);
    let failed = owner.get("/sessions/logs?kind=second_factor_failed").await.expect(200);
    assert_eq!(failed["data"].as_array().unwrap().len(), 3);
}

/// What it would have done is undone; that it was tried is not.
#[tokio::test]
async fn five_wrong_codes_lock_and_change_nothing() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let product = owner.product("A", "10.00", 5).await;
    let order = owner.order(&product, 2).await.expect(201);
    for _ in 0..4 {
        edit(&owner, &order, &only(&order, 1), Some("000000x")).await.problem(401, "second_factor_invalid");
    }
    let cancel = owner.request(Method::DELETE, &path(&order)).header("X-2FA-Code", "x");
    Answer::of(cancel).await.problem(401, "second_factor_invalid");
    let locked = editor.edit(&order, &only(&order, 1)).await;
    assert!(locked.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds <= 901));
    locked.problem(429, "second_factor_locked");
    editor.cancel(&order).await.problem(429, "second_factor_locked");
    assert_eq!(editor.look(&order).await, order);
    assert_eq!(super::documents(&owner, &order).await.len(), 1);
    world.clock.advance(chrono::Duration::minutes(15));
    editor.edit(&order, &only(&order, 1)).await.expect(200);
    let log = editor.caller().get("/sessions/logs?kind=second_factor_failed").await.expect(200);
    assert_eq!(log["data"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn software_edits_no_orders_whatever_it_may_and_brings() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let product = owner.product("A", "10.00", 5).await;
    let order = owner.order(&product, 2).await.expect(201);
    let software = world.software(&owner.api_key(&["orders:read", "orders:write"]).await);
    let code = editor.code();
    edit(&software, &order, &only(&order, 1), Some(&code)).await.problem(403, "people_only");
    let cancel = software.request(Method::DELETE, &path(&order)).header("X-2FA-Code", &code);
    Answer::of(cancel).await.problem(403, "people_only");
    software.post(&format!("{}/edits/preview", path(&order)), &only(&order, 1)).await.problem(403, "people_only");
    edit(&owner, &order, &only(&order, 1), Some(&code)).await.expect(200);
}

/// The answer was lost: the same request gets it again, and no second code is needed.
#[tokio::test]
async fn a_lost_answer_costs_no_second_code() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let product = owner.product("A", "10.00", 5).await;
    let [order, other] = [owner.order(&product, 2).await.expect(201), owner.order(&product, 1).await.expect(201)];
    let code = editor.code();
    let again = |body: Value| {
        let request = owner.request(Method::PATCH, &path(&order)).header("Idempotency-Key", "edit-1");
        Answer::of(request.header("X-2FA-Code", &code).json(&body))
    };
    let first = again(only(&order, 1)).await;
    let second = again(only(&order, 1)).await;
    assert_eq!((second.header("idempotency-replayed"), &second.text), ("true", &first.text));
    assert_eq!(second.header("etag"), first.header("etag"));
    first.expect(200);
    again(only(&order, 2)).await.problem(422, "idempotency_key_reused");
    // A refused code leaves the key free: the same request may come again with the next code.
    let with = |code: String| {
        let request = owner.request(Method::DELETE, &path(&other)).header("Idempotency-Key", "cancel-1");
        Answer::of(request.header("X-2FA-Code", code))
    };
    with(code.clone()).await.problem(401, "second_factor_invalid");
    let next = editor.code();
    with(next.clone()).await.expect(204);
    let replayed = with(next).await;
    assert_eq!((replayed.status, replayed.header("idempotency-replayed")), (204, "true"));
    let log = owner.get("/sessions/logs?kind=second_factor_used").await.expect(200);
    assert_eq!(log["data"].as_array().unwrap().len(), 2);
}
