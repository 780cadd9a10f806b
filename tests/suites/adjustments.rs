//! Stock that is damaged, corrected and counted, with what each posts; and the list of movements.

use crate::footprint::footprint;
use countinghouse_tests::{Answer, Caller, World};
use serde_json::{Value, json};

async fn enter(caller: &Caller, sku: &str) -> String {
    let made = caller.post("/products", &json!({"sku": sku, "name": sku, "price": "1.00"})).await.expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

async fn adjust(caller: &Caller, product: &str, kind: &str, quantity: i64, cost: Option<&str>) -> Answer {
    let mut body = json!({"product_id": product, "kind": kind, "quantity": quantity});
    if let Some(cost) = cost {
        body["unit_cost"] = json!(cost);
    }
    caller.post("/inventory/adjustments", &body).await
}

/// What a movement moved, and what it left.
fn moved(movement: &Value) -> Value {
    let fields = ["quantity", "unit_cost", "value", "on_hand_after", "value_after"];
    fields.iter().map(|field| movement[field].clone()).collect()
}

/// The lines of the entries that come from this, as account, debit and credit.
async fn posted(caller: &Caller, source: &Value) -> Vec<String> {
    let source = source.as_str().expect("an id");
    let page = caller.get(&format!("/accounting/journal-entries?source_id={source}")).await.expect(200);
    let lines = page["data"].as_array().unwrap().iter().flat_map(|entry| entry["lines"].as_array().unwrap());
    let text = |line: &Value| ["account", "debit", "credit"].map(|field| line[field].as_str().unwrap().to_owned());
    lines.map(|line| text(line).join(" ")).collect()
}

#[tokio::test]
async fn damage_counts_and_stock_found_at_zero() {
    let world = World::start().await;
    let owner = world.owner();
    let product = enter(&owner, "A").await;
    adjust(&owner, &product, "purchase", 10, Some("4.25")).await.expect(201);
    let damage = adjust(&owner, &product, "damage", 3, None).await.expect(201);
    assert_eq!(moved(&damage), json!([-3, "4.25", "-12.75", 7, "29.75"]));
    assert_eq!(posted(&owner, &damage["id"]).await, ["1200 0.00 12.75", "5100 12.75 0.00"]);
    let count = adjust(&owner, &product, "count", 6, None).await.expect(201);
    assert_eq!(moved(&count), json!([-1, "4.25", "-4.25", 6, "25.50"]));
    assert_eq!(posted(&owner, &count["id"]).await, ["1200 0.00 4.25", "5100 4.25 0.00"]);
    owner.order(&product, 6).await.expect(201);
    // Six of the eight on the shelf are sold: two are found, at the last known cost.
    let found = adjust(&owner, &product, "count", 8, None).await.expect(201);
    assert_eq!(moved(&found), json!([2, "4.25", "8.50", 2, "8.50"]));
    assert_eq!(posted(&owner, &found["id"]).await, ["1200 8.50 0.00", "5100 0.00 8.50"]);
    // What was counted as the books have it is noted, and nothing is posted.
    let same = adjust(&owner, &product, "count", 8, None).await.expect(201);
    assert_eq!(moved(&same), json!([0, "4.25", "0.00", 2, "8.50"]));
    assert!(posted(&owner, &same["id"]).await.is_empty());
}

#[tokio::test]
async fn the_last_known_cost_is_that_of_the_last_movement() {
    let world = World::start().await;
    let owner = world.owner();
    let product = enter(&owner, "A").await;
    for cost in ["0.02", "0.03"] {
        adjust(&owner, &product, "purchase", 1, Some(cost)).await.expect(201);
    }
    owner.order(&product, 1).await.expect(201);
    owner.order(&product, 1).await.expect(201);
    // Also when a count that moved nothing came between.
    let nothing = adjust(&owner, &product, "count", 2, None).await.expect(201);
    assert_eq!(moved(&nothing), json!([0, "0.00", "0.00", 0, "0.00"]));
    let found = adjust(&owner, &product, "count", 4, None).await.expect(201);
    assert_eq!(moved(&found), json!([2, "0.03", "0.06", 2, "0.06"]));
    assert_eq!(posted(&owner, &found["id"]).await, ["1200 0.06 0.00", "5100 0.00 0.06"]);
}

/// Which movement is the last is a matter of what happened, not of clocks: here that of a second
/// copy of the service runs behind. So it is with a request that began first, and waited.
#[tokio::test]
async fn the_last_movement_is_the_one_that_came_last() {
    let world = World::start().await;
    let owner = world.owner();
    let product = enter(&owner, "A").await;
    world.clock.stop();
    for (cost, behind) in [("1.00", 0), ("2.00", 40), ("3.00", 20)] {
        world.clock.advance(chrono::Duration::milliseconds(-behind));
        adjust(&owner, &product, "purchase", 1, Some(cost)).await.expect(201);
        owner.order(&product, 1).await.expect(201);
    }
    let found = adjust(&owner, &product, "correction", 1, None).await.expect(201);
    assert_eq!(moved(&found), json!([1, "3.00", "3.00", 1, "3.00"]));
    let list = owner.get("/inventory/movements").await.expect(200);
    let list = list["data"].as_array().unwrap();
    let costs: Vec<&str> = list.iter().map(|row| row["unit_cost"].as_str().unwrap()).collect();
    assert_eq!(costs, ["3.00", "3.00", "3.00", "2.00", "2.00", "1.00", "1.00"]);
    assert_eq!(list[0], found);
}

#[tokio::test]
async fn what_is_found_comes_in_at_the_average_half_to_even() {
    let world = World::start().await;
    let owner = world.owner();
    let product = enter(&owner, "A").await;
    adjust(&owner, &product, "purchase", 1, Some("0.02")).await.expect(201);
    adjust(&owner, &product, "purchase", 1, Some("0.03")).await.expect(201);
    // The average is 0.025; a cost that is given is not asked for here.
    let one = adjust(&owner, &product, "correction", 1, Some("9.99")).await.expect(201);
    assert_eq!(moved(&one), json!([1, "0.02", "0.02", 3, "0.07"]));
    let fewer = adjust(&owner, &product, "correction", -3, None).await.expect(201);
    assert_eq!(moved(&fewer), json!([-3, "0.02", "-0.07", 0, "0.00"]));
    assert_eq!(posted(&owner, &fewer["id"]).await, ["1200 0.00 0.07", "5100 0.07 0.00"]);
}

#[tokio::test]
async fn stock_of_which_no_cost_is_known_needs_one() {
    let world = World::start().await;
    let owner = world.owner();
    let product = enter(&owner, "A").await;
    let before = footprint(&world);
    for kind in ["count", "correction"] {
        adjust(&owner, &product, kind, 2, None).await.invalid(&[("/unit_cost", "unit_cost_required")]);
    }
    adjust(&owner, &product, "purchase", 2, None).await.invalid(&[("/unit_cost", "missing_field")]);
    assert_eq!(footprint(&world), before);
    let found = adjust(&owner, &product, "count", 2, Some("1.50")).await.expect(201);
    assert_eq!(moved(&found), json!([2, "1.50", "3.00", 2, "3.00"]));
    assert_eq!(posted(&owner, &found["id"]).await, ["1200 3.00 0.00", "5100 0.00 3.00"]);
}

#[tokio::test]
async fn nothing_goes_below_zero_and_nothing_else_is_taken() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 10).await;
    owner.order(&product, 4).await.expect(201);
    let before = footprint(&world);
    for (kind, quantity, requested, available) in [("damage", 7, 7, 6), ("correction", -7, 7, 6), ("count", 3, 4, 3)] {
        let problem = adjust(&owner, &product, kind, quantity, None).await.problem(409, "insufficient_stock");
        let short = json!([{"product_id": product, "requested": requested, "available": available}]);
        assert_eq!(problem["products"], short, "{kind}");
    }
    for (kind, quantity, fault) in [
        ("damage", -1, "out_of_range"),
        ("damage", 0, "out_of_range"),
        ("count", -1, "out_of_range"),
        ("correction", 0, "out_of_range"),
        ("correction", -1_000_000_001, "out_of_range"),
        ("purchase", -1, "out_of_range"),
    ] {
        let cost = (kind == "purchase").then_some("1.00");
        adjust(&owner, &product, kind, quantity, cost).await.invalid(&[("/quantity", fault)]);
    }
    adjust(&owner, &product, "damage", 1, Some("4.00")).await.invalid(&[("/unit_cost", "not_allowed")]);
    adjust(&owner, &product, "sale", 1, None).await.invalid(&[("/kind", "invalid_value")]);
    assert_eq!(footprint(&world), before);
    // The shelf may hold just what is sold.
    let count = adjust(&owner, &product, "count", 4, None).await.expect(201);
    assert_eq!(moved(&count), json!([-6, "4.00", "-24.00", 0, "0.00"]));
}

#[tokio::test]
async fn movements_are_listed_newest_first_by_what_is_asked() {
    let world = World::start().await;
    let owner = world.owner();
    let (a, b) = (owner.product("A", "9.99", 10).await, owner.product("B", "9.99", 10).await);
    world.caller(&world.south, "owner").product("THEIRS", "9.99", 10).await;
    owner.order(&a, 1).await.expect(201);
    world.clock.advance(chrono::Duration::days(2));
    let owner = world.log_in(&world.north, "owner").await;
    adjust(&owner, &a, "damage", 1, None).await.expect(201);
    adjust(&owner, &b, "count", 10, None).await.expect(201);
    let today = world.today();
    let kinds = async |query: &str| -> Vec<String> {
        let page = owner.get(&format!("/inventory/movements{query}")).await.expect(200);
        page["data"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds("").await, ["count", "damage", "sale", "opening", "opening"]);
    assert_eq!(kinds(&format!("?product_id={a}")).await, ["damage", "sale", "opening"]);
    assert_eq!(kinds("?kind=sale").await, ["sale"]);
    assert_eq!(kinds("?kind=opening").await, ["opening", "opening"]);
    let yesterday = today.pred_opt().unwrap();
    assert_eq!(kinds(&format!("?from={today}")).await, ["count", "damage"]);
    assert_eq!(kinds(&format!("?to={yesterday}")).await, ["sale", "opening", "opening"]);
    assert_eq!(kinds(&format!("?from={yesterday}&to={yesterday}")).await, Vec::<String>::new());
    let first = owner.get("/inventory/movements?limit=2").await.expect(200);
    let next = first["next_cursor"].as_str().expect("more");
    let second = owner.get(&format!("/inventory/movements?limit=3&cursor={next}")).await.expect(200);
    assert_eq!((second["data"].as_array().unwrap().len(), &second["next_cursor"]), (3, &Value::Null));
    // Who may not see costs sees what moved.
    let warehouse = world.log_in(&world.north, "warehouse").await;
    let row = warehouse.get("/inventory/movements?kind=damage").await.expect(200)["data"][0].clone();
    assert_eq!((row["quantity"].as_i64(), row.get("value"), row.get("unit_cost")), (Some(-1), None, None));
    owner.get("/inventory/movements?kind=theft").await.invalid(&[("/kind", "invalid_value")]);
}

#[tokio::test]
async fn products_that_run_low_are_found_by_their_own_threshold_or_the_clients() {
    let world = World::start().await;
    let owner = world.owner();
    for (sku, quantity, threshold) in [("A", 3, Some(3)), ("B", 4, Some(3)), ("C", 2, None), ("D", 9, None)] {
        let id = owner.product(sku, "1.00", quantity).await;
        if let Some(threshold) = threshold {
            owner.patch(&format!("/products/{id}"), &json!({"low_stock_threshold": threshold})).await.expect(200);
        }
    }
    enter(&world.caller(&world.south, "owner"), "THEIRS").await;
    let skus = async |low: bool| -> Vec<String> {
        let page = owner.get(&format!("/products?low_stock={low}")).await.expect(200);
        page["data"].as_array().unwrap().iter().map(|row| row["sku"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((skus(true).await, skus(false).await), (vec!["A".into()], vec!["D".into(), "C".into(), "B".into()]));
    owner.patch("/client", &json!({"low_stock_threshold": 5})).await.expect(200);
    assert_eq!((skus(true).await, skus(false).await), (vec!["C".into(), "A".into()], vec!["D".into(), "B".into()]));
}
