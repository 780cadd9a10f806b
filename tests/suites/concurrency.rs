//! Many at once: nothing is sold twice, nothing deadlocks, and no connection carries one tenant's
//! transaction over to the next.

use actix_web::HttpResponse;
use countinghouse_api::platform::{
    authn::TenantCtx,
    db::DbError,
    http::{Access, ApiError, Route},
};
use countinghouse_tests::{Answer, Login, World};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use futures_util::future::join_all;
use serde_json::json;

#[tokio::test]
async fn two_hundred_buyers_of_fifty_units_buy_fifty() {
    let world = World::builder().workers(2).pool(8).start().await;
    let owner = world.owner();
    let product = owner.product("RARE", "9.99", 50).await;
    let answers = join_all((0..200).map(|_| owner.order(&product, 1))).await;
    let sold = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(sold, 50);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        answer.problem(409, "insufficient_stock");
    }
    let stock = owner.get(&format!("/products/{product}")).await.expect(200);
    assert_eq!([&stock["on_hand"], &stock["unfulfilled"]], [0, 50]);
    assert_eq!(stock["inventory_value"], "0.00");
    let page = owner.get("/orders?limit=200").await.expect(200);
    let mut numbers: Vec<&str> =
        page["data"].as_array().unwrap().iter().map(|order| order["order_number"].as_str().unwrap()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 50);
}

#[tokio::test]
async fn buyers_of_one_product_on_two_lines_never_oversell() {
    let world = World::builder().workers(2).pool(8).start().await;
    let owner = world.owner();
    let product = owner.product("PAIR", "1.00", 50).await;
    let line = json!({"product_id": product, "quantity": 2});
    let body = json!({"lines": [line, line]});
    let answers = join_all((0..40).map(|_| owner.post("/orders", &body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 12);
    let stock = owner.get(&format!("/products/{product}")).await.expect(200);
    assert_eq!([&stock["on_hand"], &stock["unfulfilled"]], [2, 48]);
}

#[tokio::test]
async fn orders_that_cross_each_other_wait_and_never_deadlock() {
    let world = World::builder().workers(2).pool(8).start().await;
    let owner = world.owner();
    let mut products = Vec::new();
    for sku in ["A", "B", "C", "D"] {
        products.push(owner.product(sku, "1.00", 10_000).await);
    }
    let body = |at: usize| {
        // Every order names all four, each time in another order.
        let turned = (0..4).map(|n| &products[(at * 7 + n * (1 + 2 * (at % 2))) % 4]);
        let lines: Vec<_> = turned.map(|id| json!({"product_id": id, "quantity": 1})).collect();
        json!({"lines": lines})
    };
    for round in 0..5 {
        let bodies: Vec<_> = (0..40).map(|at| body(round * 40 + at)).collect();
        for answer in join_all(bodies.iter().map(|body| owner.post("/orders", body))).await {
            answer.expect(201);
        }
    }
    for id in &products {
        assert_eq!(owner.get(&format!("/products/{id}")).await.expect(200)["on_hand"], 9_800);
    }
}

#[tokio::test]
async fn purchases_and_sales_at_once_keep_the_movements_true() {
    let world = World::builder().workers(2).pool(8).start().await;
    let owner = world.owner();
    let product = owner.product("BUSY", "9.00", 5).await;
    let buy = |at: usize| {
        let cost = format!("{}.{:02}", 3 + at % 4, at % 100);
        json!({"product_id": product, "kind": "purchase", "quantity": 1 + at % 3, "unit_cost": cost})
    };
    let purchases: Vec<_> = (0..60).map(buy).collect();
    let bought = join_all(purchases.iter().map(|body| owner.post("/inventory/adjustments", body)));
    let sold = join_all((0..60).map(|at| owner.order(&product, 1 + at % 4)));
    let (bought, sold) = tokio::join!(bought, sold);
    assert!(bought.iter().all(|answer| answer.status == 201));
    assert!(sold.iter().all(|answer| [201, 409].contains(&answer.status)));
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        text: String,
    }
    let compare = "SELECT concat_ws(' ', s.on_hand = sum(m.quantity), s.value_minor = sum(m.value_minor), \
        (SELECT sum(cost_minor) FROM orders) = -sum(m.value_minor) FILTER (WHERE m.kind = 'sale'), \
        (SELECT sum(cost_minor) FROM order_lines) = (SELECT sum(cost_minor) FROM orders)) AS text \
        FROM stock s JOIN stock_movements m ON m.product_id = s.product_id GROUP BY s.on_hand, s.value_minor";
    let row: Row = sql_query(compare).get_result(&mut world.database(Login::Owner)).unwrap();
    assert_eq!(row.text, "t t t t");
}

#[tokio::test]
async fn one_reference_many_times_at_once_is_one_order() {
    let world = World::builder().workers(2).pool(8).start().await;
    let owner = world.owner();
    // Just enough for one: who comes second must learn of the order, not of a shortage.
    let product = owner.product("ONE", "1.00", 1).await;
    let body = json!({"lines": [{"product_id": product, "quantity": 1}], "external_reference": "R"});
    let answers = join_all((0..30).map(|_| owner.post("/orders", &body))).await;
    let made: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 1);
    let id = made[0].body["id"].clone();
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.problem(409, "duplicate_reference")["order_id"], id);
    }
}

#[tokio::test]
async fn a_new_sku_entered_many_times_at_once_is_one_product() {
    let world = World::builder().workers(2).pool(8).start().await;
    let owner = world.owner();
    let body = json!({"sku": "S", "name": "S", "price": "1.00"});
    let answers = join_all((0..20).map(|_| owner.post("/products", &body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        answer.problem(409, "sku_taken");
    }
}

async fn panic_inside(ctx: TenantCtx) -> Result<HttpResponse, ApiError> {
    ctx.transaction(|_| -> Result<(), DbError> { panic!("on purpose") }).await?;
    Ok(HttpResponse::Ok().finish())
}

/// Which tenant does a pooled connection believe to be in, outside of any transaction of ours?
async fn peek(ctx: TenantCtx) -> Result<HttpResponse, ApiError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        text: String,
    }
    let seen = ctx.transaction(|tx| {
        let query = "SELECT current_setting('app.tenant_id') || ' ' || (SELECT count(*) FROM tenants) AS text";
        Ok::<_, DbError>(sql_query(query).get_result::<Row>(tx.conn())?.text)
    });
    Ok(HttpResponse::Ok().json(json!({"seen": seen.await?})))
}

#[tokio::test]
async fn a_panic_inside_a_transaction_leaves_no_tenant_on_the_connection() {
    let routes = vec![
        Route::get("/test/panic", Access::LoggedIn, panic_inside),
        Route::get("/test/peek", Access::LoggedIn, peek),
    ];
    // One connection: whatever the panic leaves behind, the next request would meet it.
    let world = World::builder().routes(routes).pool(1).start().await;
    let (north, south) = (world.owner(), world.caller(&world.south, "owner"));
    let product = north.product("KEPT", "1.00", 5).await;
    for _ in 0..3 {
        north.get("/test/panic").await.problem(500, "internal_error");
        let seen = south.get("/test/peek").await.expect(200)["seen"].clone();
        assert_eq!(seen, format!("{} 1", world.south.id));
        south.get(&format!("/products/{product}")).await.problem(404, "not_found");
        assert_eq!(south.get("/products").await.expect(200)["data"], json!([]));
    }
    assert_eq!(north.get(&format!("/products/{product}")).await.expect(200)["on_hand"], 5);
}
