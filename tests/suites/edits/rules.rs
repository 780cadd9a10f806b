//! What an edit changes, and what follows from it.

use super::{books_hold, documents, only, owner_editor, path, resized};
use countinghouse_tests::{Answer, World};
use reqwest::Method;
use serde_json::{Value, json};

fn address(city: &str) -> Value {
    json!({"street1": "Main 1", "city": city, "postal_code": "3000", "country": "NO"})
}

/// Quantities and prices of all lines.
fn lines(order: &Value) -> Vec<(String, i64, String)> {
    let line = |line: &Value| {
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        (text("sku"), line["quantity"].as_i64().unwrap(), text("line_total"))
    };
    order["lines"].as_array().unwrap().iter().map(line).collect()
}

fn line(sku: &str, quantity: i64, total: &str) -> (String, i64, String) {
    (sku.to_owned(), quantity, total.to_owned())
}

#[tokio::test]
async fn lines_stay_come_and_go_and_the_invoice_is_replaced() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let [a, b, c] = [
        owner.product("A", "10.00", 9).await,
        owner.product("B", "3.00", 9).await,
        owner.product("C", "7.00", 9).await,
    ];
    let bought = json!([{"product_id": a, "quantity": 2, "discount_pct": "10"}, {"product_id": b, "quantity": 4}]);
    let order = owner.post("/orders", &json!({"lines": bought})).await.expect(201);
    // The first keeps its discount, the second goes, and one is new; the catalogue's price has moved.
    owner.patch(&format!("/products/{a}"), &json!({"price": "99.00"})).await.expect(200);
    let body = json!({"lines": [{"sku": "C", "quantity": 1}, resized(&order, 0, 3)]});
    let after = editor.edit(&order, &body).await;
    assert_eq!(after.header("etag"), "\"2\"");
    let after = after.expect(200);
    assert_eq!(lines(&after), [line("C", 1, "7.00"), line("A", 3, "27.00")]);
    assert_eq!(after["lines"][1]["id"], order["lines"][0]["id"]);
    assert_eq!(after, editor.look(&order).await);
    assert_eq!((&after["totals"]["grand_total"], &after["amount_due"]), (&json!("34.00"), &json!("34.00")));
    assert_eq!(documents(&owner, &order).await, ["INV-000001 30.00", "CN-000001 30.00", "INV-000002 34.00"]);
    assert_eq!((&after["invoice_number"], &after["status"]), (&json!("INV-000002"), &json!("invoiced")));
    for (product, on_hand, unfulfilled) in [(&a, 6, 3), (&b, 9, 0), (&c, 8, 1)] {
        let product = owner.get(&format!("/products/{product}")).await.expect(200);
        assert_eq!((&product["on_hand"], &product["unfulfilled"]), (&json!(on_hand), &json!(unfulfilled)));
    }
    books_hold(&world);
    // What was edited leaves as any other.
    let parcel = json!({"carrier": "UPS", "tracking_number": "1Z"});
    owner.post(&format!("{}/fulfilments", path(&order)), &parcel).await.expect(201);
    books_hold(&world);
}

#[tokio::test]
async fn a_paid_order_that_is_edited_down_owes_its_customer() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let product = owner.product("A", "10.00", 9).await;
    let order = owner.order(&product, 3).await.expect(201);
    let pay = |amount: &str| json!({"amount": amount, "method": "card"});
    let [payments, refunds] = ["payments", "refunds"].map(|what| format!("{}/{what}", path(&order)));
    owner.post(&payments, &pay("30.00")).await.expect(201);
    let after = editor.edit(&order, &only(&order, 1)).await.expect(200);
    assert_eq!((&after["amount_due"], &after["payment_status"]), (&json!("-20.00"), &json!("paid")));
    owner.post(&refunds, &pay("20.01")).await.invalid(&[("/amount", "over_refunded")]);
    owner.post(&refunds, &pay("20.00")).await.expect(201);
    let after = editor.edit(&order, &only(&order, 2)).await.expect(200);
    assert_eq!((&after["amount_due"], &after["payment_status"]), (&json!("10.00"), &json!("partly_paid")));
    owner.post(&payments, &pay("10.01")).await.invalid(&[("/amount", "overpaid")]);
    owner.post(&payments, &pay("10.00")).await.expect(201);
    books_hold(&world);
}

#[tokio::test]
async fn an_order_that_waits_for_its_invoice_is_edited_without_one() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    owner.patch("/client", &json!({"auto_invoice": false})).await.expect(200);
    let product = owner.product("A", "10.00", 9).await;
    let order = owner.order(&product, 3).await.expect(201);
    let after = editor.edit(&order, &only(&order, 5)).await.expect(200);
    assert_eq!((&after["status"], &after["cost_of_goods"]), (&json!("placed"), &json!("20.00")));
    assert!(documents(&owner, &order).await.is_empty());
    books_hold(&world);
    owner.post(&format!("{}/invoice", path(&order)), &json!({})).await.expect(201);
    assert_eq!(documents(&owner, &order).await, ["INV-000001 50.00"]);
    books_hold(&world);
}

#[tokio::test]
async fn who_buys_and_where_it_goes_changes_without_a_posting() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let product = owner.product("A", "10.00", 9).await;
    let berg = json!({"company": "Berg", "billing_address": address("Oslo"), "shipping_address": address("Oslo"),
        "payment_terms_days": 3});
    let berg = owner.post("/customers", &berg).await.expect(201);
    let order = owner.order(&product, 1).await.expect(201);
    let entries = owner.get("/accounting/journal-entries?limit=200").await.expect(200);
    let edits = [
        json!({"customer_id": berg["id"]}),
        json!({"shipping_address": address("Rome")}),
        json!({"customer": {"first_name": "Olga"}}),
        json!({"billing_address": null, "note": "Ring twice"}),
    ];
    let mut after = order.clone();
    for edit in &edits {
        after = editor.edit(&order, edit).await.expect(200);
    }
    assert_eq!(after["customer_id"], berg["id"]);
    assert_eq!((&after["customer"]["first_name"], &after["customer"]["company"]), (&json!("Olga"), &Value::Null));
    assert_eq!((&after["shipping_address"]["city"], &after["billing_address"]), (&json!("Rome"), &Value::Null));
    assert_eq!((&after["note"], &after["version"]), (&json!("Ring twice"), &json!(5)));
    assert_eq!(documents(&owner, &order).await.len(), 1);
    assert_eq!(owner.get("/accounting/journal-entries?limit=200").await.expect(200), entries);
    // The next invoice is the customer's, by their terms.
    let after = editor.edit(&order, &only(&order, 2)).await.expect(200);
    assert_eq!(after["due_date"], json!(world.today() + chrono::Days::new(3)));
    // Nobody buys it any more.
    let after = editor.edit(&order, &json!({"customer_id": null})).await.expect(200);
    assert_eq!((&after["customer_id"], &after["customer"]), (&Value::Null, &Value::Null));
    books_hold(&world);
}

/// The customer's record does not write over what the order keeps, unless it is another customer.
#[tokio::test]
async fn the_customer_that_the_order_has_already_is_no_change() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let product = owner.product("A", "10.00", 9).await;
    let berg = owner.post("/customers", &json!({"company": "Berg"})).await.expect(201);
    let order = json!({"lines": [{"product_id": product, "quantity": 1}], "customer_id": berg["id"]});
    let order = owner.post("/orders", &order).await.expect(201);
    let moved = format!("/customers/{}", berg["id"].as_str().unwrap());
    owner.patch(&moved, &json!({"company": "Dal"})).await.expect(200);
    let after = editor.edit(&order, &json!({"customer_id": berg["id"]})).await.expect(200);
    assert_eq!((&after["customer"]["company"], &after["version"]), (&json!("Berg"), &json!(1)));
}

/// Also where the clock is set back between them, as it is for whoever began before another and comes later.
#[tokio::test]
async fn documents_are_listed_as_they_were_issued() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let product = owner.product("A", "10.00", 9).await;
    world.clock.stop();
    let order = editor.caller().order(&product, 1).await.expect(201);
    for (code, quantity) in editor.recovery_codes.iter().zip(2..=4) {
        world.clock.advance(chrono::Duration::milliseconds(-1));
        let edit = editor.caller().request(Method::PATCH, &path(&order)).header("X-2FA-Code", code);
        Answer::of(edit.json(&only(&order, quantity))).await.expect(200);
    }
    // With a token that is not from the future.
    let owner = editor.caller();
    let line = json!({"order_line_id": order["lines"][0]["id"], "quantity": 1, "restock": true});
    owner.post("/returns", &json!({"order_id": order["id"], "lines": [line]})).await.expect(201);
    let issued = [
        "INV-000001 10.00",
        "CN-000001 10.00",
        "INV-000002 20.00",
        "CN-000002 20.00",
        "INV-000003 30.00",
        "CN-000003 30.00",
        "INV-000004 40.00",
        "CN-000004 10.00",
    ];
    assert_eq!(documents(&owner, &order).await, issued);
    // Page by page it is the same.
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    for _ in 0..issued.len() {
        let page = owner.get(&format!("{}/invoices?limit=1{cursor}", path(&order))).await.expect(200);
        paged.push(page["data"][0]["number"].as_str().unwrap().to_owned());
        cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap_or_default());
    }
    paged.reverse();
    assert_eq!(paged, issued.map(|document| document.split(' ').next().unwrap()));
}

#[tokio::test]
async fn shipping_is_changed_with_its_tax() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    owner.patch("/client", &json!({"shipping_tax_rate": "20"})).await.expect(200);
    let product = owner.product("A", "10.00", 9).await;
    let order = json!({"lines": [{"product_id": product, "quantity": 1}], "shipping": "5.00"});
    let order = owner.post("/orders", &order).await.expect(201);
    owner.patch("/client", &json!({"shipping_tax_rate": "10"})).await.expect(200);
    let totals = |order: Value| [order["totals"]["shipping"].clone(), order["totals"]["tax"].clone()];
    // The same price keeps its tax, and another is taxed as of today.
    let same = json!({"shipping": "5.00", "note": "x"});
    assert_eq!(totals(editor.edit(&order, &same).await.expect(200)), ["5.00", "1.00"].map(|text| json!(text)));
    assert_eq!(documents(&owner, &order).await.len(), 1);
    let dearer = editor.edit(&order, &json!({"shipping": "6.00"})).await.expect(200);
    assert_eq!(totals(dearer), ["6.00", "0.60"].map(|text| json!(text)));
    let none = editor.edit(&order, &json!({"shipping": null})).await.expect(200);
    assert_eq!(totals(none), ["0.00", "0.00"].map(|text| json!(text)));
    let all = ["INV-000001 16.00", "CN-000001 16.00", "INV-000002 16.60", "CN-000002 16.60", "INV-000003 10.00"];
    assert_eq!(documents(&owner, &order).await, all);
    books_hold(&world);
}

/// The order's prices are meant as they were, whatever the client's policy is today.
#[tokio::test]
async fn prices_are_meant_as_they_were_when_the_order_was_placed() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    owner.patch("/client", &json!({"prices_include_tax": true})).await.expect(200);
    let product = json!({"sku": "A", "name": "A", "price": "12.00", "tax_rate": "20",
        "opening_stock": {"quantity": 9, "unit_cost": "4.00"}});
    owner.post("/products", &product).await.expect(201);
    let order = owner.post("/orders", &json!({"lines": [{"sku": "A", "quantity": 1}]})).await.expect(201);
    owner.patch("/client", &json!({"prices_include_tax": false})).await.expect(200);
    let after = editor.edit(&order, &only(&order, 2)).await.expect(200);
    assert_eq!((&after["totals"]["tax"], &after["totals"]["grand_total"]), (&json!("4.00"), &json!("24.00")));
    books_hold(&world);
}

#[tokio::test]
async fn lines_in_another_order_are_neither_money_nor_goods() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let [a, b] = [owner.product("A", "10.00", 9).await, owner.product("B", "3.00", 9).await];
    let bought = json!([{"product_id": a, "quantity": 1}, {"product_id": b, "quantity": 1}]);
    let order = owner.post("/orders", &json!({"lines": bought})).await.expect(201);
    let turned = json!({"lines": [resized(&order, 1, 1), resized(&order, 0, 1)]});
    let after = editor.edit(&order, &turned).await.expect(200);
    assert_eq!(lines(&after), [line("B", 1, "3.00"), line("A", 1, "10.00")]);
    assert_eq!(documents(&owner, &order).await.len(), 1);
    // What changes nothing at all is no edit.
    let same = editor.edit(&order, &turned).await.expect(200);
    assert_eq!((&same["version"], &after["version"]), (&json!(2), &json!(2)));
    books_hold(&world);
}

/// Two lines of one product: what one gives back the other takes, at the average of then.
#[tokio::test]
async fn goods_that_go_back_are_there_to_be_taken() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let product = owner.product("A", "10.00", 5).await;
    let line = |quantity: i64| json!({"product_id": product, "quantity": quantity});
    let order = owner.post("/orders", &json!({"lines": [line(4), line(1)]})).await.expect(201);
    let body = json!({"lines": [resized(&order, 1, 5)]});
    let after = editor.edit(&order, &body).await.expect(200);
    assert_eq!((&after["cost_of_goods"], after["lines"].as_array().unwrap().len()), (&json!("20.00"), 1));
    let movements = owner.get(&format!("/inventory/movements?product_id={product}")).await.expect(200);
    let moves: Vec<_> =
        movements["data"].as_array().unwrap().iter().map(|one| (&one["quantity"], &one["on_hand_after"])).collect();
    let [minus_four, four, minus_five, zero, nine] = [-4, 4, -5, 0, 5].map(|number| json!(number));
    assert_eq!(moves, [(&minus_four, &zero), (&four, &four), (&minus_five, &zero), (&nine, &nine)]);
    books_hold(&world);
}

#[tokio::test]
async fn an_edit_is_audited_with_before_and_after_and_stands_in_the_session_log() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let [a, b] = [owner.product("A", "10.00", 9).await, owner.product("B", "3.00", 9).await];
    let bought = json!([{"product_id": a, "quantity": 2}, {"product_id": b, "quantity": 1}]);
    let order = owner.post("/orders", &json!({"lines": bought, "customer": {"first_name": "Olga"}})).await.expect(201);
    let [first, second] = [0, 1].map(|at| order["lines"][at]["id"].as_str().unwrap().to_owned());
    let body = json!({"lines": [resized(&order, 0, 3), resized(&order, 1, 1)], "customer": {"first_name": "Ines"}});
    editor.edit(&order, &body).await.expect(200);
    let log = owner.get("/audit?action=order.edited").await.expect(200);
    let (before, after) = (&log["data"][0]["before"], &log["data"][0]["after"]);
    assert_eq!((&before["grand_total"], &after["grand_total"]), (&json!("23.00"), &json!("33.00")));
    let quantities = [before, after].map(|side| &side["lines"][&first]["quantity"]);
    assert_eq!(quantities, [&json!(2), &json!(3)]);
    assert_eq!((&before["lines"][&second], &after["lines"][&second]), (&Value::Null, &Value::Null));
    assert_eq!((&before["customer"], &after["customer"]), (&json!("***"), &json!("***")));
    assert_eq!(log["data"][0]["resource"], json!({"kind": "order", "id": order["id"]}));
    let lines = owner.get("/sessions/logs?kind=order_edited").await.expect(200);
    assert_eq!(lines["data"].as_array().unwrap().len(), 1);
    assert_eq!(lines["data"][0]["order_id"], order["id"]);
    assert_eq!(lines["data"][0]["user_id"], json!(world.north.user("owner")));
    assert_eq!(lines["data"][0]["session_id"], json!(world.north.session("owner")));
}
