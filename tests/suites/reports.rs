//! Reports: profit and loss, the balance sheet, and how long stock has been lying there.

use chrono::{Days, Duration, NaiveDate};
use countinghouse_tests::{Caller, World};
use serde_json::{Value, json};

async fn post(caller: &Caller, date: &str, debit: &str, credit: &str, amount: &str) {
    let lines = json!([{"account": debit, "debit": amount}, {"account": credit, "credit": amount}]);
    let body = json!({"date": date, "memo": "x", "lines": lines});
    caller.post("/accounting/journal-entries", &body).await.expect(201);
}

async fn own_account(caller: &Caller, code: &str, kind: &str) {
    let body = json!({"code": code, "name": code, "type": kind});
    caller.post("/accounting/accounts", &body).await.expect(201);
}

#[tokio::test]
async fn profit_and_loss_is_what_was_posted_in_its_days() {
    let world = World::start().await;
    let owner = world.owner();
    own_account(&owner, "4900", "income").await;
    own_account(&owner, "6100", "expense").await;
    for (date, debit, credit, amount) in [
        ("2025-12-31", "1000", "4000", "999.00"),
        ("2026-01-01", "1000", "4000", "200.00"),
        ("2026-01-10", "1000", "4200", "5.00"),
        ("2026-01-10", "4300", "1000", "10.00"),
        ("2026-01-10", "4100", "1000", "20.00"),
        ("2026-01-10", "5000", "2000", "70.00"),
        ("2026-01-10", "5100", "2000", "3.00"),
        ("2026-01-31", "6000", "1000", "11.00"),
        ("2026-01-31", "6100", "1000", "7.00"),
        ("2026-01-31", "1000", "4900", "4.00"),
        ("2026-02-01", "6000", "1000", "999.00"),
    ] {
        post(&owner, date, debit, credit, amount).await;
    }
    let report = owner.get("/reports/profit-loss?from=2026-01-01&to=2026-01-31").await.expect(200);
    let expected = json!({
        "from": "2026-01-01", "to": "2026-01-31", "sales": "200.00", "discounts": "10.00", "returns": "20.00",
        "shipping_income": "5.00", "net_revenue": "175.00", "cost_of_goods": "70.00", "inventory_adjustments": "3.00",
        "gross_profit": "102.00", "gross_margin_pct": "58.29",
        "other_income": [{"account": "4900", "name": "4900", "amount": "4.00"}],
        "expenses": [{"account": "6000", "name": "Operating expenses", "amount": "11.00"},
            {"account": "6100", "name": "6100", "amount": "7.00"}],
        "net_profit": "88.00",
    });
    assert_eq!(report, expected);
    let nothing = owner.get("/reports/profit-loss?from=2024-01-01&to=2024-01-31").await.expect(200);
    assert_eq!((&nothing["net_profit"], &nothing["gross_margin_pct"]), (&json!("0.00"), &Value::Null));
    owner.get("/reports/profit-loss?from=2026-01-01").await.invalid(&[("/to", "missing_field")]);
    owner.get("/reports/profit-loss?from=2026-01-02&to=2026-01-01").await.invalid(&[("/to", "out_of_range")]);
}

#[tokio::test]
async fn the_balance_sheet_balances() {
    let world = World::start().await;
    let owner = world.owner();
    owner.product("A", "9.99", 10).await;
    let product = owner.product("B", "9.99", 5).await;
    let body = json!({"product_id": product, "kind": "damage", "quantity": 1});
    owner.post("/inventory/adjustments", &body).await.expect(201);
    post(&owner, "2026-01-01", "1000", "3000", "500.00").await;
    post(&owner, "2026-01-02", "6000", "2000", "120.00").await;
    post(&owner, "2026-01-03", "1000", "4000", "50.00").await;
    let sheet = owner.get("/reports/balance-sheet").await.expect(200);
    let row = |account: &str, name: &str, amount: &str| json!({"account": account, "name": name, "amount": amount});
    let expected = json!({
        "as_of": world.today(),
        "assets": [row("1000", "Cash", "550.00"), row("1200", "Inventory", "56.00")],
        "liabilities": [row("2000", "Accounts payable", "120.00")],
        "equity": [row("3000", "Owner's equity", "500.00"), row("3900", "Opening balance equity", "60.00")],
        "earnings_to_date": "-74.00",
        "total_assets": "606.00", "total_liabilities": "120.00", "total_equity": "486.00",
    });
    assert_eq!(sheet, expected);
    let then = owner.get("/reports/balance-sheet?as_of=2026-01-02").await.expect(200);
    assert_eq!((&then["total_assets"], &then["earnings_to_date"]), (&json!("500.00"), &json!("-120.00")));
}

#[tokio::test]
async fn what_is_on_hand_is_as_old_as_the_newest_receipts() {
    let world = World::start().await;
    let owner = world.owner();
    let begin = world.today();
    let product = owner.product("OLD", "1.00", 10).await;
    owner.product("GONE", "1.00", 1).await;
    let gone = owner.get("/products?sku=GONE").await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    let buy = async |owner: &Caller, quantity: i64, cost: &str| {
        let body = json!({"product_id": product, "kind": "purchase", "quantity": quantity, "unit_cost": cost});
        owner.post("/inventory/adjustments", &body).await.expect(201);
    };
    world.clock.advance(Duration::days(40));
    let owner = world.log_in(&world.north, "owner").await;
    buy(&owner, 4, "5.00").await;
    world.clock.advance(Duration::days(60));
    let owner = world.log_in(&world.north, "owner").await;
    buy(&owner, 2, "6.00").await;
    let now = world.today();
    let read = async |day: Option<NaiveDate>| {
        let query = day.map_or(String::new(), |day| format!("?as_of={day}"));
        owner.get(&format!("/reports/stock-aging{query}")).await.expect(200)
    };
    let buckets = |of: &Value| -> Vec<(i64, String)> {
        let parts = of["by_bucket"].as_array().unwrap();
        parts.iter().map(|b| (b["quantity"].as_i64().unwrap(), b["value"].as_str().unwrap().to_owned())).collect()
    };
    let parts = |list: [(i64, &str); 4]| list.map(|(quantity, value)| (quantity, value.to_owned())).to_vec();
    owner.order(&product, 7).await.expect(201);
    owner.order(&gone, 1).await.expect(201);
    // 16 were worth 72.00; nine are left, at 4.50 each: two of now, four of 60 days ago, three of 100.
    let report = read(None).await;
    assert_eq!((&report["as_of"], report["rows"].as_array().unwrap().len()), (&json!(now), 1));
    assert_eq!(report["buckets"], json!(["0-30", "31-60", "61-90", "91+"]));
    let row = &report["rows"][0];
    assert_eq!((&row["sku"], &row["on_hand"], &row["inventory_value"]), (&json!("OLD"), &json!(9), &json!("40.50")));
    assert_eq!(buckets(row), parts([(2, "9.00"), (4, "18.00"), (0, "0.00"), (3, "13.50")]));
    assert_eq!(buckets(&report["totals"]), buckets(row));
    assert_eq!(
        report["totals"]["inventory_value"],
        owner.get("/products?sku=OLD").await.expect(200)["data"][0]["inventory_value"]
    );
    // A day later the middle ones are 61 days old; on the day of the opening all was new.
    assert_eq!(
        buckets(&read(Some(now + Days::new(1))).await["rows"][0])[1..3],
        parts([(0, "0.00"), (0, "0.00"), (4, "18.00"), (0, "")])[1..3]
    );
    let first = read(Some(begin)).await;
    assert_eq!(first["totals"]["on_hand"], 11);
    assert_eq!(buckets(&first["totals"]), parts([(11, "44.00"), (0, "0.00"), (0, "0.00"), (0, "0.00")]));
    assert_eq!(read(Some(begin - Days::new(1))).await["rows"], json!([]));
    let south = world.log_in(&world.south, "owner").await;
    assert_eq!(south.get("/reports/stock-aging").await.expect(200)["rows"], json!([]));
}
