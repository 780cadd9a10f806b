//! Low stock: one event each time that a product comes down to its threshold, with what moved it.

use countinghouse_contract::events::StockLow;
use countinghouse_tests::{Caller, Login, World};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use futures_util::future::join_all;
use serde_json::{Value, json};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql_types::Jsonb)]
    data: Value,
}

/// SKU, units on hand and threshold of each event of north's, oldest first.
fn events(world: &World) -> Vec<(String, i64, i64)> {
    let query =
        format!("SELECT data FROM events WHERE tenant_id = '{}' AND kind = 'stock.low' ORDER BY id", world.north.id);
    let rows: Vec<Row> = sql_query(query).load(&mut world.database(Login::Owner)).unwrap();
    let read = |row: Row| serde_json::from_value::<StockLow>(row.data).unwrap();
    rows.into_iter().map(read).map(|low| (low.sku, low.on_hand, low.low_stock_threshold)).collect()
}

/// A product with so many on hand.
async fn product(caller: &Caller, sku: &str, on_hand: i64, threshold: Option<i64>) -> String {
    let opening = json!({"quantity": on_hand, "unit_cost": "1.00"});
    let body =
        json!({"sku": sku, "name": sku, "price": "2.00", "opening_stock": opening, "low_stock_threshold": threshold});
    caller.post("/products", &body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

async fn buy(caller: &Caller, product: &str, quantity: i64) {
    let body = json!({"product_id": product, "kind": "purchase", "quantity": quantity, "unit_cost": "1.00"});
    caller.post("/inventory/adjustments", &body).await.expect(201);
}

fn low(sku: &str, on_hand: i64, threshold: i64) -> (String, i64, i64) {
    (sku.to_owned(), on_hand, threshold)
}

#[tokio::test]
async fn one_event_comes_with_each_crossing() {
    let world = World::start().await;
    let owner = world.owner();
    let a = product(&owner, "A", 10, Some(3)).await;
    owner.order(&a, 6).await.expect(201);
    assert_eq!(events(&world), []);
    owner.order(&a, 1).await.expect(201);
    let once = [low("A", 3, 3)];
    assert_eq!(events(&world), once);
    // It stays low, also while some come in, and when a refused order takes none.
    owner.order(&a, 2).await.expect(201);
    owner.order(&a, 2).await.problem(409, "insufficient_stock");
    buy(&owner, &a, 2).await;
    owner.order(&a, 1).await.expect(201);
    assert_eq!(events(&world), once);
    buy(&owner, &a, 8).await;
    owner.order(&a, 9).await.expect(201);
    assert_eq!(events(&world), [low("A", 3, 3), low("A", 1, 3)]);
}

#[tokio::test]
async fn the_clients_threshold_is_for_products_that_have_none() {
    let world = World::start().await;
    let owner = world.owner();
    let (a, b) = (product(&owner, "A", 10, None).await, product(&owner, "B", 10, Some(0)).await);
    owner.order(&a, 8).await.expect(201);
    assert_eq!(events(&world), []);
    buy(&owner, &a, 8).await;
    owner.patch("/client", &json!({"low_stock_threshold": 5})).await.expect(200);
    let lines = json!({"lines": [{"product_id": a, "quantity": 7}, {"product_id": b, "quantity": 7}]});
    owner.post("/orders", &lines).await.expect(201);
    assert_eq!(events(&world), [low("A", 3, 5)]);
    owner.order(&b, 3).await.expect(201);
    assert_eq!(events(&world), [low("A", 3, 5), low("B", 0, 0)]);
}

#[tokio::test]
async fn of_many_buyers_at_once_one_makes_the_event() {
    let world = World::start().await;
    let owner = world.owner();
    let a = product(&owner, "A", 30, Some(20)).await;
    let orders = join_all((0..20).map(|_| owner.order(&a, 1))).await;
    orders.into_iter().for_each(|order| drop(order.expect(201)));
    assert_eq!(events(&world), [low("A", 20, 20)]);
}
