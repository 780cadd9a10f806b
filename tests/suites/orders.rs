//! Orders.

use countinghouse_tests::World;

#[tokio::test]
async fn an_order_takes_its_goods() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A-1", "9.99", 10).await;
    let order = owner.order(&product, 3).await.expect(201);
    assert_eq!(order["totals"]["grand_total"], "29.97");
    let product = owner.get(&format!("/products/{product}")).await.expect(200);
    assert_eq!((product["on_hand"].as_i64(), product["unfulfilled"].as_i64()), (Some(7), Some(3)));
    assert_eq!(product["inventory_value"], "28.00");
}
