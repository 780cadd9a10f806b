//! Orders that are changed after they were placed: edits and their previews, cancels, the second factor in
//! front of them, and what becomes of goods, invoices and money.

mod at_once;
mod cancels;
mod codes;
mod previews;
mod refusals;
mod rules;

use countinghouse_tests::{Caller, Editor, World};
use serde_json::{Value, json};

/// A line that stays, with another quantity.
fn resized(order: &Value, line: usize, quantity: i64) -> Value {
    json!({"id": order["lines"][line]["id"], "quantity": quantity})
}

/// The body of an edit that leaves one line with so many units.
fn only(order: &Value, quantity: i64) -> Value {
    json!({"lines": [resized(order, 0, quantity)]})
}

fn path(order: &Value) -> String {
    format!("/orders/{}", order["id"].as_str().expect("an id"))
}

async fn owner_editor(world: &World) -> Editor<'_> {
    Editor::enrol(world, &world.north, "owner").await
}

/// Kind, number and grand total of what was issued for an order, oldest first.
async fn documents(caller: &Caller, order: &Value) -> Vec<String> {
    let issued = caller.get(&format!("{}/invoices", path(order))).await.expect(200);
    let text = |one: &Value| {
        let part = |value: &Value| value.as_str().expect("a text").to_owned();
        [part(&one["number"]), part(&one["totals"]["grand_total"])].join(" ")
    };
    issued["data"].as_array().expect("documents").iter().rev().map(text).collect()
}

#[track_caller]
fn books_hold(world: &World) {
    let report = world.verify_books(None);
    assert!(report.holds(), "{report}");
}
