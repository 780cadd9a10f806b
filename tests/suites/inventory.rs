//! Stock: purchases and what goods cost then. The golden cases are those of
//! `golden-ledgers.md`, as far as they go without invoices.

use crate::footprint::{footprint, same_but_for_request_id};
use countinghouse_tests::{Answer, Caller, Login, PASSWORD, World};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn enter(caller: &Caller, sku: &str, price: &str) -> String {
    let made = caller.post("/products", &json!({"sku": sku, "name": sku, "price": price})).await.expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

async fn buy(caller: &Caller, product: &str, quantity: i64, cost: &str) -> Answer {
    let body = json!({"product_id": product, "kind": "purchase", "quantity": quantity, "unit_cost": cost});
    caller.post("/inventory/adjustments", &body).await
}

/// Units free to sell, what they are worth, and the average.
async fn stock(caller: &Caller, product: &str) -> Value {
    let product = caller.get(&format!("/products/{product}")).await.expect(200);
    json!([product["on_hand"], product["inventory_value"], product["average_cost"]])
}

/// What an order's goods cost together, and each unit of its only line.
async fn sell(caller: &Caller, product: &str, quantity: i64, total: &str) -> Value {
    let order = caller.order(product, quantity).await.expect(201);
    assert_eq!(order["totals"]["grand_total"], total);
    json!([order["cost_of_goods"], order["lines"][0]["unit_cost"]])
}

/// The stock of every product is the sum of its movements.
fn check_movements(world: &World) {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::BigInt)]
        wrong: i64,
    }
    let row: Row = sql_query(
        "SELECT count(*) AS wrong FROM stock s LEFT JOIN \
         (SELECT tenant_id, product_id, sum(quantity) AS q, sum(value_minor) AS v FROM stock_movements GROUP BY 1, 2) m \
         ON m.tenant_id = s.tenant_id AND m.product_id = s.product_id \
         WHERE s.on_hand <> coalesce(m.q, 0) OR s.value_minor <> coalesce(m.v, 0)",
    )
    .get_result(&mut world.database(Login::Owner))
    .expect("a sum");
    assert_eq!(row.wrong, 0, "stock that is not the sum of its movements");
}

#[tokio::test]
async fn golden_case_1_a_plain_sale_at_weighted_average() {
    let world = World::start().await;
    let owner = world.owner();
    let product = enter(&owner, "A", "10.00").await;
    buy(&owner, &product, 10, "5.00").await.expect(201);
    assert_eq!(stock(&owner, &product).await, json!([10, "50.00", "5.00"]));
    buy(&owner, &product, 5, "6.50").await.expect(201);
    assert_eq!(stock(&owner, &product).await, json!([15, "82.50", "5.50"]));
    assert_eq!(sell(&owner, &product, 4, "40.00").await, json!(["22.00", "5.50"]));
    assert_eq!(stock(&owner, &product).await, json!([11, "60.50", "5.50"]));
    check_movements(&world);
}

#[tokio::test]
async fn golden_case_2_three_sales_to_zero_leave_no_value_behind() {
    let world = World::start().await;
    let owner = world.owner();
    let opening = json!({"quantity": 3, "unit_cost": "3.33"});
    let body = json!({"sku": "A", "name": "A", "price": "7.99", "opening_stock": opening});
    let product = owner.post("/products", &body).await.expect(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(stock(&owner, &product).await, json!([3, "9.99", "3.33"]));
    buy(&owner, &product, 4, "3.50").await.expect(201);
    assert_eq!(stock(&owner, &product).await, json!([7, "23.99", "3.43"]));
    assert_eq!(sell(&owner, &product, 2, "15.98").await[0], "6.85");
    assert_eq!(sell(&owner, &product, 2, "15.98").await[0], "6.86");
    assert_eq!(sell(&owner, &product, 3, "23.97").await[0], "10.28");
    assert_eq!(stock(&owner, &product).await, json!([0, "0.00", null]));
    owner.order(&product, 1).await.problem(409, "insufficient_stock");
    check_movements(&world);
}

#[tokio::test]
async fn golden_case_6_a_currency_without_decimals() {
    let world = World::start().await;
    let client = json!({"slug": "tokyo", "name": "Tokyo", "currency": "JPY", "time_zone": "Asia/Tokyo"});
    let body = json!({"client": client, "owner": {"username": "olga", "password": PASSWORD}});
    world.superadmin().post("/admin/tenants", &body).await.expect(201);
    let body = json!({"client_id": "tokyo", "username": "olga", "password": PASSWORD});
    let logged_in = world.nobody().post("/auth/login", &body).await.expect(200);
    let olga = world.with_token(logged_in["access_token"].as_str().unwrap());
    let body = json!({"sku": "A", "name": "A", "price": "1980", "tax_rate": "10"});
    let product = olga.post("/products", &body).await.expect(201)["id"].as_str().unwrap().to_owned();
    let movement = buy(&olga, &product, 7, "1000").await.expect(201);
    assert_eq!((&movement["unit_cost"], &movement["value_after"]), (&json!("1000"), &json!("7000")));
    assert_eq!(sell(&olga, &product, 2, "4356").await, json!(["2000", "1000"]));
    assert_eq!(stock(&olga, &product).await, json!([5, "5000", "1000"]));
    check_movements(&world);
}

#[tokio::test]
async fn golden_case_12_goods_issue_at_the_average_of_the_moment() {
    let world = World::start().await;
    let owner = world.owner();
    let product = enter(&owner, "A", "10.00").await;
    buy(&owner, &product, 10, "4.00").await.expect(201);
    buy(&owner, &product, 1, "4.33").await.expect(201);
    assert_eq!(sell(&owner, &product, 5, "50.00").await, json!(["20.15", "4.03"]));
    buy(&owner, &product, 4, "7.00").await.expect(201);
    assert_eq!(stock(&owner, &product).await, json!([10, "52.18", "5.22"]));
    check_movements(&world);
}

#[tokio::test]
async fn golden_case_14_what_cost_nothing_is_worth_nothing() {
    let world = World::start().await;
    let owner = world.owner();
    let opening = json!({"quantity": 5, "unit_cost": "0.00"});
    let body = json!({"sku": "A", "name": "A", "price": "10.00", "opening_stock": opening});
    let product = owner.post("/products", &body).await.expect(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(sell(&owner, &product, 2, "20.00").await, json!(["0.00", "0.00"]));
    assert_eq!(stock(&owner, &product).await, json!([3, "0.00", "0.00"]));
    buy(&owner, &product, 1, "0").await.expect(201);
    assert_eq!(stock(&owner, &product).await, json!([4, "0.00", "0.00"]));
    check_movements(&world);
}

#[tokio::test]
async fn golden_case_17_ties_in_cost_go_to_even() {
    let world = World::start().await;
    let owner = world.owner();
    let product = enter(&owner, "A", "1.00").await;
    buy(&owner, &product, 1, "0.02").await.expect(201);
    buy(&owner, &product, 1, "0.03").await.expect(201);
    assert_eq!(stock(&owner, &product).await, json!([2, "0.05", "0.02"]));
    assert_eq!(sell(&owner, &product, 1, "1.00").await, json!(["0.02", "0.02"]));
    assert_eq!(sell(&owner, &product, 1, "1.00").await, json!(["0.03", "0.03"]));
    assert_eq!(stock(&owner, &product).await, json!([0, "0.00", null]));
    check_movements(&world);
}

#[tokio::test]
async fn a_purchase_answers_with_its_movement() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 10).await;
    let body =
        json!({"product_id": product, "kind": "purchase", "quantity": 5, "unit_cost": "6.5", "reason": "Größe 42"});
    let movement = owner.post("/inventory/adjustments", &body).await.expect(201);
    let expected = json!({
        "id": movement["id"], "product_id": product, "kind": "purchase", "quantity": 5, "unit_cost": "6.50",
        "value": "32.50", "on_hand_after": 15, "value_after": "72.50", "order_id": null, "return_id": null,
        "reason": "Größe 42",
        "created_by": world.north.user("owner"), "created_at": movement["created_at"],
    });
    assert_eq!(movement, expected);
    let id = uuid::Uuid::parse_str(movement["id"].as_str().unwrap()).expect("an id");
    assert_eq!(id.get_version_num(), 7);
    assert!(movement["created_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(buy(&owner, &product, 1, "1").await.expect(201)["reason"], Value::Null);
}

#[tokio::test]
async fn who_may_not_see_costs_may_still_receive_goods() {
    let world = World::start().await;
    let warehouse = world.caller(&world.north, "warehouse");
    let product = world.owner().product("A", "9.99", 10).await;
    let movement = buy(&warehouse, &product, 5, "6.50").await.expect(201);
    for hidden in ["unit_cost", "value", "value_after"] {
        assert!(movement.get(hidden).is_none(), "{movement}");
    }
    assert_eq!((&movement["quantity"], &movement["on_hand_after"]), (&json!(5), &json!(15)));
    assert_eq!(movement["created_by"], json!(world.north.user("warehouse")));
    assert!(buy(&world.caller(&world.north, "manager"), &product, 1, "1.00").await.expect(201).get("value").is_some());
    let before = footprint(&world);
    for role in ["sales", "accountant", "technician", "viewer"] {
        buy(&world.caller(&world.north, role), &product, 1, "1.00").await.problem(403, "permission_denied");
    }
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn stock_goes_up_to_its_bounds_and_no_further() {
    let world = World::start().await;
    let owner = world.owner();
    let (many, dear) = (enter(&owner, "MANY", "1.00").await, enter(&owner, "DEAR", "1.00").await);
    buy(&owner, &many, 1_000_000_000, "99.99").await.expect(201);
    assert_eq!(stock(&owner, &many).await, json!([1_000_000_000, "99990000000.00", "99.99"]));
    buy(&owner, &dear, 1, "100000000000.00").await.expect(201);
    assert_eq!(stock(&owner, &dear).await, json!([1, "100000000000.00", "100000000000.00"]));
    let before = footprint(&world);
    buy(&owner, &dear, 1, "0.01").await.invalid(&[("/quantity", "too_large")]);
    buy(&owner, &many, 1_000_000_000, "0.02").await.invalid(&[("/quantity", "too_large")]);
    assert_eq!(footprint(&world), before);
    buy(&owner, &dear, 1, "0").await.expect(201);
    assert_eq!(stock(&owner, &dear).await, json!([2, "100000000000.00", "50000000000.00"]));
    check_movements(&world);
}

#[tokio::test]
async fn another_clients_product_is_like_an_unknown_one() {
    let world = World::start().await;
    let owner = world.owner();
    let theirs = world.caller(&world.south, "owner").product("A", "9.99", 10).await;
    let never = uuid::Uuid::now_v7().to_string();
    let before = footprint(&world);
    buy(&owner, &never, 1, "1.00").await.invalid(&[("/product_id", "not_found")]);
    same_but_for_request_id(buy(&owner, &theirs, 1, "1.00").await, buy(&owner, &never, 1, "1.00").await);
    buy(&owner, "7", 1, "1.00").await.invalid(&[("/product_id", "invalid_value")]);
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn purchases_at_once_all_count() {
    let world = World::builder().pool(8).start().await;
    let owner = world.owner();
    let product = enter(&owner, "A", "1.00").await;
    let costs: Vec<String> = (1..=40).map(|at| format!("{at}.01")).collect();
    let answers = join_all(costs.iter().map(|cost| buy(&owner, &product, 3, cost))).await;
    let mut levels: Vec<i64> = Vec::new();
    for answer in answers {
        levels.push(answer.expect(201)["on_hand_after"].as_i64().unwrap());
    }
    levels.sort_unstable();
    assert_eq!(levels, (1..=40).map(|at| at * 3).collect::<Vec<_>>());
    // 3 × (1.01 + 2.01 + … + 40.01)
    assert_eq!(stock(&owner, &product).await, json!([120, "2461.20", "20.51"]));
    check_movements(&world);
}

#[tokio::test]
async fn purchases_and_orders_at_once_lose_nothing() {
    let world = World::builder().pool(8).start().await;
    let owner = world.owner();
    let product = owner.product("A", "1.00", 100).await;
    let (bought, sold) = tokio::join!(
        join_all((0..30).map(|_| buy(&owner, &product, 7, "3.33"))),
        join_all((0..30).map(|_| owner.order(&product, 2))),
    );
    for answer in bought.into_iter().chain(sold) {
        answer.expect(201);
    }
    let after = owner.get(&format!("/products/{product}")).await.expect(200);
    assert_eq!((&after["on_hand"], &after["unfulfilled"]), (&json!(250), &json!(60)));
    check_movements(&world);
}
