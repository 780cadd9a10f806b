//! Cancelling: goods back, credit note, and the customer's credit until it is refunded.

use super::{books_hold, documents, owner_editor, path};
use countinghouse_tests::World;
use serde_json::{Value, json};

#[tokio::test]
async fn an_invoiced_order_is_credited_whole_and_what_was_paid_stays_a_credit() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    owner.patch("/client", &json!({"sales_commission_pct": "10"})).await.expect(200);
    let product = owner.product("A", "10.00", 5).await;
    let order = owner.order(&product, 3).await.expect(201);
    assert_eq!(order["commission"], "3.00");
    let money = |amount: &str| json!({"amount": amount, "method": "card"});
    let [payments, refunds] = ["payments", "refunds"].map(|what| format!("{}/{what}", path(&order)));
    owner.post(&payments, &money("12.00")).await.expect(201);
    let deleted = editor.cancel(&order).await;
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    let after = editor.look(&order).await;
    for (name, value) in [
        ("status", json!("cancelled")),
        ("amount_due", json!("-12.00")),
        ("payment_status", json!("paid")),
        ("cost_of_goods", json!("0.00")),
        ("gross_profit", json!("0.00")),
        ("commission", json!("0.00")),
        ("totals", order["totals"].clone()),
        ("lines", order["lines"].clone()),
        ("version", json!(3)),
    ] {
        assert_eq!(after[name], value, "{name}");
    }
    assert_eq!(documents(&owner, &order).await, ["INV-000001 30.00", "CN-000001 30.00"]);
    let product = owner.get(&format!("/products/{product}")).await.expect(200);
    let stock = [&product["on_hand"], &product["unfulfilled"], &product["inventory_value"]];
    assert_eq!(stock, [&json!(5), &json!(0), &json!("20.00")]);
    books_hold(&world);
    owner.post(&payments, &money("0.01")).await.invalid(&[("/amount", "overpaid")]);
    owner.post(&refunds, &money("12.01")).await.invalid(&[("/amount", "over_refunded")]);
    owner.post(&refunds, &money("12.00")).await.expect(201);
    let after = editor.look(&order).await;
    assert_eq!((&after["amount_due"], &after["payment_status"]), (&json!("0.00"), &json!("refunded")));
    let parcel = json!({"carrier": "UPS", "tracking_number": "1Z"});
    owner.post(&format!("{}/fulfilments", path(&order)), &parcel).await.problem(409, "nothing_to_fulfil");
    books_hold(&world);
    let listed = owner.get("/orders?status=cancelled").await.expect(200);
    assert_eq!(listed["data"][0]["id"], order["id"]);
}

#[tokio::test]
async fn an_order_without_invoice_is_cancelled_without_a_credit_note() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    owner.patch("/client", &json!({"auto_invoice": false})).await.expect(200);
    let product = owner.product("A", "10.00", 5).await;
    let order = owner.order(&product, 3).await.expect(201);
    editor.cancel(&order).await.expect(204);
    let after = editor.look(&order).await;
    assert_eq!((&after["status"], &after["amount_due"]), (&json!("cancelled"), &json!("0.00")));
    assert!(documents(&owner, &order).await.is_empty());
    books_hold(&world);
    owner.post(&format!("{}/invoice", path(&order)), &json!({})).await.problem(409, "order_cancelled");
    let money = json!({"amount": "1.00", "method": "card"});
    owner.post(&format!("{}/payments", path(&order)), &money).await.problem(409, "not_invoiced");
    owner.post(&format!("{}/refunds", path(&order)), &money).await.problem(409, "not_invoiced");
    books_hold(&world);
}

/// The number of an external reference stays taken: whoever sends the order again is told of the one there is.
#[tokio::test]
async fn a_cancelled_order_keeps_its_reference_and_leaves_its_lines_in_the_logs() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let product = owner.product("A", "10.00", 5).await;
    let body = json!({"lines": [{"product_id": product, "quantity": 1}], "external_reference": "R-1"});
    let order = owner.post("/orders", &body).await.expect(201);
    editor.cancel(&order).await.expect(204);
    let taken = owner.post("/orders", &body).await.problem(409, "duplicate_reference");
    assert_eq!(taken["order_id"], order["id"]);
    let log = owner.get("/audit?action=order.cancelled").await.expect(200);
    let entry = &log["data"][0];
    assert_eq!((&entry["before"]["status"], &entry["after"]["status"]), (&json!("invoiced"), &json!("cancelled")));
    assert_eq!(entry["after"]["credited"], "10.00");
    let lines = owner.get("/sessions/logs?kind=order_cancelled").await.expect(200);
    assert_eq!((lines["data"].as_array().map(Vec::len), &lines["data"][0]["order_id"]), (Some(1), &order["id"]));
    let log_in = owner.get("/sessions/logs?kind=second_factor_used").await.expect(200);
    assert_eq!(log_in["data"][0]["order_id"], Value::Null);
}

/// What an edit took away and added is what goes back.
#[tokio::test]
async fn what_was_edited_is_cancelled_as_it_is_then() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let [a, b] = [owner.product("A", "10.00", 5).await, owner.product("B", "3.00", 5).await];
    let order = owner.order(&a, 3).await.expect(201);
    let buy = json!({"product_id": a, "kind": "purchase", "quantity": 3, "unit_cost": "7.77"});
    owner.post("/inventory/adjustments", &buy).await.expect(201);
    let lines = json!([{"id": order["lines"][0]["id"], "quantity": 4}, {"product_id": b, "quantity": 2}]);
    editor.edit(&order, &json!({"lines": lines})).await.expect(200);
    editor.cancel(&order).await.expect(204);
    let all = ["INV-000001 30.00", "CN-000001 30.00", "INV-000002 46.00", "CN-000002 46.00"];
    assert_eq!(documents(&owner, &order).await, all);
    for (product, value) in [(a, "43.31"), (b, "20.00")] {
        let product: Value = owner.get(&format!("/products/{product}")).await.expect(200);
        assert_eq!((&product["unfulfilled"], &product["inventory_value"]), (&json!(0), &json!(value)));
    }
    books_hold(&world);
}
