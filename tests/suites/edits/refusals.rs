//! What an edit is refused for; each time nothing has changed.

use super::{books_hold, only, owner_editor, path, resized};
use crate::footprint::footprint;
use countinghouse_tests::{Editor, World};
use reqwest::Method;
use serde_json::{Value, json};

/// All that stands, but for what a code leaves behind.
fn standing(world: &World) -> Vec<(&'static str, String)> {
    footprint(world).into_iter().filter(|(table, _)| *table != "second_factors").collect()
}

#[tokio::test]
async fn bad_bodies_are_refused_with_all_their_faults() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let product = owner.product("A", "10.00", 9).await;
    let archived = owner.product("OLD", "5.00", 9).await;
    let other = owner.order(&product, 1).await.expect(201);
    let bought = json!([{"product_id": product, "quantity": 2}, {"product_id": archived, "quantity": 1}]);
    let order = owner.post("/orders", &json!({"lines": bought})).await.expect(201);
    owner.delete(&format!("/products/{archived}")).await.expect(204);
    let line = &order["lines"][0]["id"];
    let long = "x".repeat(5_001);
    let lines = |lines: Value| json!({"lines": lines});
    let both = json!([{"id": line, "quantity": 1, "product_id": product, "sku": "A"}]);
    let dear = json!([{"id": line, "quantity": 1_000_000_000, "unit_price": "100000.00"}]);
    let cases: Vec<(Value, &[(&str, &str)])> = vec![
        (json!({"lines": null}), &[("/lines", "required")]),
        (lines(json!([])), &[("/lines", "too_few")]),
        (lines(json!([{"quantity": 1}])), &[("/lines/0", "one_of")]),
        (lines(both), &[("/lines/0", "one_of")]),
        (lines(json!([resized(&order, 0, 1), resized(&order, 0, 1)])), &[("/lines/1/id", "repeated")]),
        (
            json!({"lines": [{"id": line, "quantity": 0}], "note": long}),
            &[("/note", "too_long"), ("/lines/0/quantity", "out_of_range")],
        ),
        (lines(json!([resized(&other, 0, 1)])), &[("/lines/0/id", "not_found")]),
        (
            lines(json!([{"id": line, "quantity": 1, "product_id": archived}])),
            &[("/lines/0/product_id", "product_differs")],
        ),
        (lines(json!([{"id": line, "quantity": 1, "sku": "OLD"}])), &[("/lines/0/sku", "product_differs")]),
        (
            lines(json!([{"sku": "NONE", "quantity": 1}, {"sku": "OLD", "quantity": 1}])),
            &[("/lines/0/sku", "not_found"), ("/lines/1/sku", "archived")],
        ),
        (lines(json!([resized(&order, 1, 2)])), &[("/lines/0/quantity", "archived")]),
        (
            json!({"lines": [{"id": line, "quantity": 1, "unit_price": "1.005"}], "shipping": "-1"}),
            &[("/lines/0/unit_price", "too_precise"), ("/shipping", "negative")],
        ),
        (lines(dear), &[("/lines/0/quantity", "too_large")]),
        (json!({"customer_id": product}), &[("/customer_id", "not_found")]),
        (json!({"customer_id": product, "customer": {"first_name": "O"}}), &[("/customer", "one_of")]),
        (json!({"discount": "1"}), &[("/discount", "unknown_field")]),
    ];
    let before = standing(&world);
    for (body, faults) in &cases {
        editor.edit(&order, body).await.invalid(faults);
        owner.post(&format!("{}/edits/preview", path(&order)), body).await.invalid(faults);
    }
    assert_eq!(standing(&world), before);
    // What was sold before it was archived may stay, and be fewer.
    editor.edit(&order, &json!({"lines": [resized(&order, 1, 1)]})).await.expect(200);
}

#[tokio::test]
async fn when_anything_is_short_nothing_is_edited() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let [a, b] = [owner.product("A", "10.00", 5).await, owner.product("B", "3.00", 1).await];
    let order = owner.order(&a, 3).await.expect(201);
    let before = standing(&world);
    let body = json!({"lines": [resized(&order, 0, 6), {"product_id": b, "quantity": 2}]});
    let short = editor.edit(&order, &body).await.problem(409, "insufficient_stock");
    let named = |product: &str, sku: &str, requested: i64, available: i64| json!({"product_id": product, "sku": sku, "requested": requested, "available": available});
    let mut expected = [named(&a, "A", 3, 2), named(&b, "B", 2, 1)];
    expected.sort_by_key(|one| one["product_id"].to_string());
    assert_eq!(short["products"], json!(expected));
    assert_eq!(standing(&world), before);
}

#[tokio::test]
async fn what_was_fulfilled_returned_or_cancelled_is_not_edited() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let product = owner.product("A", "10.00", 9).await;
    let sent = owner.order(&product, 2).await.expect(201);
    let cancelled = owner.order(&product, 2).await.expect(201);
    let returned = owner.order(&product, 2).await.expect(201);
    let parcel = json!({"carrier": "UPS", "tracking_number": "1Z",
        "lines": [{"order_line_id": sent["lines"][0]["id"], "quantity": 1}]});
    owner.post(&format!("{}/fulfilments", path(&sent)), &parcel).await.expect(201);
    editor.cancel(&cancelled).await.expect(204);
    let back = |order: &Value| {
        let line = json!({"order_line_id": order["lines"][0]["id"], "quantity": 1, "restock": true});
        json!({"order_id": order["id"], "lines": [line]})
    };
    owner.post("/returns", &back(&returned)).await.expect(201);
    owner.post("/returns", &back(&cancelled)).await.problem(409, "return_exceeds_sold");
    let before = standing(&world);
    for order in [&sent, &cancelled, &returned] {
        editor.edit(order, &json!({"note": "x"})).await.problem(409, "order_not_editable");
        editor.cancel(order).await.problem(409, "order_not_editable");
        let preview = format!("{}/edits/preview", path(order));
        owner.post(&preview, &only(order, 1)).await.problem(409, "order_not_editable");
    }
    assert_eq!(standing(&world), before);
}

#[tokio::test]
async fn another_version_than_the_caller_has_seen_is_not_changed() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let product = owner.product("A", "10.00", 9).await;
    let order = owner.order(&product, 2).await.expect(201);
    owner.post(&format!("{}/payments", path(&order)), &json!({"amount": "1.00", "method": "card"})).await.expect(201);
    let edit = |tag: &'static str| {
        let request = editor.request(Method::PATCH, &order).header("If-Match", tag).json(&only(&order, 1));
        countinghouse_tests::Answer::of(request)
    };
    let cancel = editor.request(Method::DELETE, &order).header("If-Match", "\"1\"");
    countinghouse_tests::Answer::of(cancel).await.problem(412, "version_mismatch");
    edit("\"1\"").await.problem(412, "version_mismatch");
    assert_eq!(edit("\"2\"").await.expect(200)["version"], 3);
}

/// The cap is held against prices that are new; what was granted before stays granted.
#[tokio::test]
async fn only_new_prices_are_held_against_the_discount_cap() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 9).await;
    let line = json!({"product_id": product, "quantity": 1, "discount_pct": "50"});
    let order = owner.post("/orders", &json!({"lines": [line]})).await.expect(201);
    owner.patch("/client", &json!({"max_discount_pct": "10"})).await.expect(200);
    let sales = Editor::enrol(&world, &world.north, "sales").await;
    let id = &order["lines"][0]["id"];
    let with = |line: Value| json!({"lines": [line]});
    for (line, field) in [
        (json!({"id": id, "quantity": 1, "discount_pct": "40"}), "discount_pct"),
        (json!({"id": id, "quantity": 1, "unit_price": "9.00"}), "discount_pct"),
        (json!({"id": id, "quantity": 1, "unit_price": "8.99", "discount_pct": "0"}), "unit_price"),
        (json!({"sku": "A", "quantity": 1, "unit_price": "8.99"}), "unit_price"),
    ] {
        let refused = sales.edit(&order, &with(line)).await;
        refused.invalid(&[(&format!("/lines/0/{field}"), "discount_above_cap")]);
    }
    let after = sales.edit(&order, &with(json!({"id": id, "quantity": 2}))).await.expect(200);
    assert_eq!(after["totals"]["grand_total"], "10.00");
    let same = json!({"id": id, "quantity": 3, "unit_price": "10.00", "discount_pct": "50.00"});
    assert_eq!(sales.edit(&order, &with(same)).await.expect(200)["totals"]["grand_total"], "15.00");
    // Who may sell at any price may do it here.
    let owner = Editor::enrol(&world, &world.north, "owner").await;
    owner.edit(&order, &with(json!({"id": id, "quantity": 1, "unit_price": "1.00"}))).await.expect(200);
    books_hold(&world);
}
