//! Previews: what they show is what the edit then does, and their token is good for nothing else.

use super::{books_hold, documents, only, owner_editor, path, resized};
use crate::footprint::footprint;
use chrono::Duration;
use countinghouse_tests::{Answer, Caller, Editor, World};
use reqwest::Method;
use serde_json::{Value, json};

async fn preview(caller: &Caller, order: &Value, body: &Value) -> Value {
    caller.post(&format!("{}/edits/preview", path(order)), body).await.expect(200)
}

/// The edit of who has seen a preview.
async fn apply(editor: &Editor<'_>, order: &Value, body: &Value, token: &str) -> Answer {
    Answer::of(editor.request(Method::PATCH, order).header("X-Edit-Token", token).json(body)).await
}

fn token(preview: &Value) -> &str {
    preview["edit_token"].as_str().expect("a token")
}

/// The entries that were posted since a number, as a preview writes them.
async fn posted_since(caller: &Caller, number: i64) -> Vec<Value> {
    let entries = caller.get("/accounting/journal-entries?limit=200").await.expect(200);
    let mut entries: Vec<Value> = entries["data"].as_array().unwrap().clone();
    entries.retain(|entry| entry["number"].as_i64() > Some(number));
    entries.sort_by_key(|entry| entry["number"].as_i64());
    let line = |line: &Value| json!({"account": line["account"], "debit": line["debit"], "credit": line["credit"]});
    let entry = |entry: &Value| {
        let lines: Vec<Value> = entry["lines"].as_array().unwrap().iter().map(line).collect();
        json!({"source": entry["source"], "date": entry["date"], "memo": entry["memo"], "lines": lines})
    };
    entries.iter().map(entry).collect()
}

async fn last_entry(caller: &Caller) -> i64 {
    caller.get("/accounting/journal-entries?limit=1").await.expect(200)["data"][0]["number"].as_i64().unwrap()
}

/// The members of an order that a preview shows, new lines without their ids.
fn shown(order: &Value, like: &Value) -> Value {
    let mut shown = like.clone();
    for (name, value) in shown.as_object_mut().unwrap() {
        *value = order[name].clone();
    }
    for (line, like) in shown["lines"].as_array_mut().unwrap().iter_mut().zip(like["lines"].as_array().unwrap()) {
        let line = line.as_object_mut().unwrap();
        line.retain(|name, _| like.get(name).is_some());
        line.insert("id".to_owned(), like["id"].clone());
    }
    shown
}

#[tokio::test]
async fn what_is_shown_is_what_is_done() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let tax = json!({"sales_commission_pct": "5", "shipping_tax_rate": "20"});
    owner.patch("/client", &tax).await.expect(200);
    let [a, b] = [owner.product("A", "9.99", 9).await, owner.product("B", "3.33", 9).await];
    for invoiced in [true, false] {
        owner.patch("/client", &json!({"auto_invoice": invoiced})).await.expect(200);
        let lines = json!([{"product_id": a, "quantity": 3, "discount_pct": "12.5"}, {"product_id": b, "quantity": 1}]);
        let order = owner.post("/orders", &json!({"lines": lines})).await.expect(201);
        let buy = json!({"product_id": a, "kind": "purchase", "quantity": 3, "unit_cost": "7.77"});
        owner.post("/inventory/adjustments", &buy).await.expect(201);
        let body = json!({"lines": [resized(&order, 0, 4), {"sku": "B", "quantity": 2}], "shipping": "4.95",
            "customer": {"first_name": "Olga"}, "note": "soon"});
        let before = footprint(&world);
        let seen = preview(&owner, &order, &body).await;
        assert_eq!(footprint(&world), before, "a preview leaves no trace");
        assert_eq!(shown(&order, &seen["before"]), seen["before"]);
        let last = last_entry(&owner).await;
        let after = apply(&editor, &order, &body, token(&seen)).await.expect(200);
        assert_eq!(shown(&after, &seen["after"]), seen["after"]);
        assert_eq!(seen["after"]["lines"][1]["id"], Value::Null);
        let posted = posted_since(&owner, last).await;
        assert_eq!(seen["journal_changes"], json!(posted));
        assert_eq!(posted.len(), if invoiced { 2 } else { 1 });
        for change in seen["stock_changes"].as_array().unwrap() {
            let product = owner.get(&format!("/products/{}", change["product_id"].as_str().unwrap())).await.expect(200);
            assert_eq!(product["on_hand"], change["on_hand_after"], "{change}");
        }
        let units = |change: &Value, name: &str| change[name].as_i64().unwrap();
        let moves: Vec<_> = (seen["stock_changes"].as_array().unwrap().iter())
            .map(|change| (change["sku"].as_str().unwrap(), units(change, "put_back"), units(change, "taken")))
            .collect();
        let mut expected = vec![(a.as_str(), ("A", 0, 1)), (b.as_str(), ("B", 1, 2))];
        expected.sort_unstable();
        assert_eq!(moves, expected.into_iter().map(|(_, change)| change).collect::<Vec<_>>());
        books_hold(&world);
    }
}

#[tokio::test]
async fn what_changed_since_is_not_done() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let product = owner.product("A", "10.00", 50).await;
    let catalogue = format!("/products/{product}");
    let [price, tax] = [json!({"price": "11.00"}), json!({"tax_rate": "7"})];
    let bought = json!({"lines": [{"product_id": product, "quantity": 2}], "shipping": "1.00"});
    let shipping = json!({"shipping_tax_rate": "9"});
    let pay = json!({"amount": "1.00", "method": "card"});
    for change in 0..5 {
        let order = owner.post("/orders", &bought).await.expect(201);
        let body = json!({"lines": [resized(&order, 0, 2), {"sku": "A", "quantity": 1}], "shipping": "2.00"});
        let caller = editor.caller();
        let seen = preview(&caller, &order, &body).await;
        match change {
            0 => caller.patch(&catalogue, &price).await.expect(200),
            1 => caller.patch(&catalogue, &tax).await.expect(200),
            2 => caller.patch("/client", &shipping).await.expect(200),
            3 => caller.post(&format!("{}/payments", path(&order)), &pay).await.expect(201),
            _ => {
                world.clock.advance(Duration::minutes(15));
                Value::Null
            }
        };
        apply(&editor, &order, &body, token(&seen)).await.problem(409, "edit_changed");
        assert_eq!(documents(&editor.caller(), &order).await.len(), 1);
        // Looked at once more, it is done.
        let seen = preview(&editor.caller(), &order, &body).await;
        apply(&editor, &order, &body, token(&seen)).await.expect(200);
        apply(&editor, &order, &body, token(&seen)).await.problem(409, "edit_changed");
    }
    books_hold(&world);
}

/// The cost is an estimate: it moves with the stock, and holds nobody up.
#[tokio::test]
async fn only_the_cost_may_be_another_than_was_shown() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let product = owner.product("A", "10.00", 5).await;
    let order = owner.order(&product, 1).await.expect(201);
    let seen = preview(&owner, &order, &only(&order, 2)).await;
    assert_eq!(seen["after"]["cost_of_goods"], "8.00");
    let buy = json!({"product_id": product, "kind": "purchase", "quantity": 4, "unit_cost": "6.00"});
    owner.post("/inventory/adjustments", &buy).await.expect(201);
    let after = apply(&editor, &order, &only(&order, 2), token(&seen)).await.expect(200);
    assert_eq!((&after["cost_of_goods"], &after["totals"]), (&json!("9.00"), &seen["after"]["totals"]));
}

#[tokio::test]
async fn a_token_is_good_for_its_person_its_order_and_its_body() {
    let world = World::start().await;
    let (editor, owner) = (owner_editor(&world).await, world.owner());
    let manager = Editor::enrol(&world, &world.north, "manager").await;
    let product = owner.product("A", "10.00", 9).await;
    let [order, other] = [owner.order(&product, 1).await.expect(201), owner.order(&product, 1).await.expect(201)];
    let note = json!({"note": "x"});
    let seen = preview(&owner, &order, &note).await;
    let bad = [("/X-Edit-Token", "invalid_edit_token")];
    apply(&manager, &order, &note, token(&seen)).await.invalid(&bad);
    apply(&editor, &other, &note, token(&seen)).await.invalid(&bad);
    apply(&editor, &order, &json!({"note": "y"}), token(&seen)).await.invalid(&bad);
    for forged in ["", "AAAA", &token(&seen)[1..], &format!("{}A", token(&seen)), &token(&seen).to_lowercase()] {
        apply(&editor, &order, &note, forged).await.invalid(&bad);
    }
    apply(&editor, &order, &note, token(&seen)).await.expect(200);
}

#[tokio::test]
async fn who_sees_no_costs_and_no_books_is_shown_neither() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 9).await;
    let order = owner.order(&product, 1).await.expect(201);
    let sales = world.caller(&world.north, "sales");
    let seen = preview(&sales, &order, &only(&order, 2)).await;
    let text = seen.to_string();
    for hidden in ["cost_of_goods", "unit_cost", "gross_profit", "journal_changes", "\"value\""] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    let whole = preview(&owner, &order, &only(&order, 2)).await.to_string();
    assert!(["unit_cost", "gross_profit", "journal_changes", "\"value\""].iter().all(|shown| whole.contains(shown)));
    let viewer = world.caller(&world.north, "viewer");
    viewer.post(&format!("{}/edits/preview", path(&order)), &json!({})).await.problem(403, "permission_denied");
    let south = world.caller(&world.south, "owner");
    south.post(&format!("{}/edits/preview", path(&order)), &json!({})).await.problem(404, "not_found");
}
