//! The dashboard: each figure against a small store that was worked out by hand, whose days they are, who sees
//! costs, and what superadmins see.

mod days;
mod figures;
mod sums;
mod superadmins;

use chrono::{Duration, Timelike};
use countinghouse_api::platform::clock::Clock;
use countinghouse_tests::{Caller, Editor, World};
use serde_json::{Value, json};

async fn look(caller: &Caller) -> Value {
    caller.get("/reports/dashboard").await.expect(200)
}

/// Units of products by SKU, some with a discount.
fn lines(of: &[(&str, i64, &str)]) -> Value {
    let line = |(sku, quantity, discount): &(&str, i64, &str)| json!({"sku": sku, "quantity": quantity, "discount_pct": discount});
    json!({"lines": of.iter().map(line).collect::<Vec<_>>()})
}

/// A store of one day, in which all happens that changes what was sold:
///
/// | order | sold | then | net | cost |
/// | --- | --- | --- | --- | --- |
/// | 1 | 2 A at 10.00, 1 B at 20.00 less 10 % | | 38.00 | 12.00 |
/// | 2 | 3 A | edited: 1 A | 10.00 | 4.00 |
/// | 3 | 2 B | cancelled | | |
/// | 4 | 2 A, paid | one comes back, 4.00 go back | 10.00 | 4.00 |
/// | 5 | 1 D at 3.00 | | 3.00 | 4.00 |
///
/// All goods cost 4.00. Of 10 A, 5 B, 3 C and 1 D there are 6, 4, 3 and none left.
async fn store(world: &World) {
    begin_of_an_hour(world);
    let owner = world.owner();
    let policies = json!({
        "sales_commission_pct": "10", "max_discount_pct": "20", "low_stock_threshold": 5, "opening_hours": "09:00",
        "closing_hours": "18:00", "business_overview": "Lamps", "return_refund_policy": "30 days"
    });
    owner.patch("/client", &policies).await.expect(200);
    for (sku, price, quantity) in [("A", "10.00", 10), ("B", "20.00", 5), ("C", "5.00", 3), ("D", "3.00", 1)] {
        owner.product(sku, price, quantity).await;
    }
    let editor = Editor::enrol(world, &world.north, "owner").await;
    let order = async |of: &[(&str, i64, &str)]| editor.caller().post("/orders", &lines(of)).await.expect(201);
    order(&[("A", 2, "0"), ("B", 1, "10")]).await;
    let edited = order(&[("A", 3, "0")]).await;
    let fewer = json!({"lines": [{"id": edited["lines"][0]["id"], "quantity": 1}]});
    editor.edit(&edited, &fewer).await.expect(200);
    let cancelled = order(&[("B", 2, "0")]).await;
    editor.cancel(&cancelled).await.expect(204);
    let returned = order(&[("A", 2, "0")]).await;
    let money = async |path: &str, amount: &str| {
        let path = format!("/orders/{}/{path}", returned["id"].as_str().unwrap());
        editor.caller().post(&path, &json!({"amount": amount, "method": "card"})).await.expect(201);
    };
    money("payments", "20.00").await;
    let back = json!({"order_line_id": returned["lines"][0]["id"], "quantity": 1, "restock": true});
    editor.caller().post("/returns", &json!({"order_id": returned["id"], "lines": [back]})).await.expect(201);
    money("refunds", "4.00").await;
    order(&[("D", 1, "0")]).await;
}

/// No hour ends within the next twenty minutes, and so no day of any client: what a test does is of one day.
fn begin_of_an_hour(world: &World) {
    let minute = world.clock.now().minute();
    if minute >= 40 {
        world.clock.advance(Duration::minutes(i64::from(61 - minute)));
    }
}

/// Some members of each row of a list, as text.
fn rows(list: &Value, members: &[&str]) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let row = |row: &Value| members.iter().map(|name| text(&row[*name])).collect::<Vec<_>>().join(" ");
    list.as_array().expect("a list").iter().map(row).collect()
}
