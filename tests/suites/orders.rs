//! Orders: their amounts, their goods, and what they refuse.

use countinghouse_tests::{Login, World};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

#[tokio::test]
async fn an_order_takes_its_goods_and_shows_its_amounts() {
    let world = World::start().await;
    let owner = world.owner();
    let product = json!({"sku": "A-1", "name": "Lamp", "price": "9.99", "tax_rate": "20",
        "opening_stock": {"quantity": 10, "unit_cost": "4.00"}});
    let product = owner.post("/products", &product).await.expect(201)["id"].clone();
    let body = json!({"lines": [{"sku": "A-1", "quantity": 3}], "note": "ring twice"});
    let answer = owner.post("/orders", &body).await;
    let location = answer.header("location").to_owned();
    assert_eq!(answer.header("etag"), "\"1\"");
    let order = answer.expect(201);
    assert_eq!(location, format!("/api/v1/orders/{}", order["id"].as_str().unwrap()));
    assert_eq!(order["order_number"], "SO-000001");
    assert_eq!([&order["status"], &order["payment_status"]], ["invoiced", "unpaid"]);
    assert_eq!([&order["fulfilment_status"], &order["invoice_number"]], ["unfulfilled", "INV-000001"]);
    assert_eq!(order["channel"], "api");
    assert_eq!(
        order["totals"],
        json!({"subtotal": "29.97", "discount": "0.00", "tax": "5.99", "shipping": "0.00", "grand_total": "35.96"})
    );
    assert_eq!([&order["amount_due"], &order["amount_paid"], &order["amount_refunded"]], ["35.96", "0.00", "0.00"]);
    assert_eq!(order["cost_of_goods"], "12.00");
    assert_eq!(order["gross_profit"], "17.97");
    assert_eq!(order["created_by"], json!(world.north.user("owner")));
    let line = &order["lines"][0];
    assert_eq!(
        [&line["sku"], &line["name"], &line["unit_price"], &line["tax_rate"], &line["tax"], &line["line_total"]],
        ["A-1", "Lamp", "9.99", "20.00", "5.99", "29.97"]
    );
    assert_eq!((&line["product_id"], &line["unit_cost"]), (&product, &json!("4.00")));
    let read = owner.get(location.trim_start_matches("/api/v1")).await.expect(200);
    assert_eq!(read, order);
    let stock = owner.get(&format!("/products/{}", product.as_str().unwrap())).await.expect(200);
    assert_eq!([&stock["on_hand"], &stock["unfulfilled"]], [7, 3]);
    assert_eq!([&stock["inventory_value"], &stock["average_cost"]], ["28.00", "4.00"]);
}

#[tokio::test]
async fn cost_and_profit_are_for_those_who_may_see_costs() {
    let world = World::start().await;
    let product = world.owner().product("A", "9.99", 10).await;
    let made = world.caller(&world.north, "sales").order(&product, 1).await.expect(201);
    let path = format!("/orders/{}", made["id"].as_str().unwrap());
    let hidden = |order: &Value| {
        ["cost_of_goods", "gross_profit"].iter().all(|name| order.get(name).is_none())
            && order["lines"][0].get("unit_cost").is_none()
    };
    assert!(hidden(&made));
    for (role, sees) in [("viewer", false), ("warehouse", false), ("accountant", true), ("manager", true)] {
        let caller = world.caller(&world.north, role);
        let read = caller.get(&path).await.expect(200);
        let listed = caller.get("/orders").await.expect(200)["data"][0].clone();
        assert_eq!((hidden(&read), hidden(&listed)), (!sees, !sees), "{role}");
    }
}

/// Cases 2 and 17 of the golden ledgers: the last unit takes all the value that is left.
#[tokio::test]
async fn three_sales_to_zero_leave_no_value() {
    let world = World::start().await;
    let owner = world.owner();
    let body = json!({"sku": "A", "name": "A", "price": "7.99", "opening_stock": {"quantity": 3, "unit_cost": "3.33"}});
    let product = owner.post("/products", &body).await.expect(201)["id"].as_str().unwrap().to_owned();
    let purchase = json!({"product_id": product, "kind": "purchase", "quantity": 4, "unit_cost": "3.50"});
    owner.post("/inventory/adjustments", &purchase).await.expect(201);
    let mut costs = Vec::new();
    for quantity in [2, 2, 3] {
        costs.push(owner.order(&product, quantity).await.expect(201)["cost_of_goods"].clone());
    }
    assert_eq!(costs, ["6.85", "6.86", "10.28"]);
    let stock = owner.get(&format!("/products/{product}")).await.expect(200);
    assert_eq!(
        [&stock["on_hand"], &stock["inventory_value"], &stock["average_cost"]],
        [&json!(0), &json!("0.00"), &Value::Null]
    );
}

#[tokio::test]
async fn repeated_products_are_one_demand_and_their_cost_is_divided() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "1.00", 5).await;
    let line = |quantity: i64| json!({"product_id": product, "quantity": quantity});
    let short = owner.post("/orders", &json!({"lines": [line(3), line(3)]})).await;
    let problem = short.problem(409, "insufficient_stock");
    let expected = json!([{"product_id": product, "sku": "A", "requested": 6, "available": 5}]);
    assert_eq!(problem["products"], expected);
    let order = owner.post("/orders", &json!({"lines": [line(3), {"sku": "A", "quantity": 2}]})).await.expect(201);
    assert_eq!(order["lines"].as_array().unwrap().len(), 2);
    assert_eq!(order["cost_of_goods"], "20.00");
}

#[tokio::test]
async fn all_or_nothing_and_each_short_product_is_named() {
    let world = World::start().await;
    let owner = world.owner();
    let (a, b, c) =
        (owner.product("A", "1.00", 5).await, owner.product("B", "1.00", 0).await, owner.product("C", "1.00", 1).await);
    let line = |id: &str, quantity: i64| json!({"product_id": id, "quantity": quantity});
    let body = json!({"lines": [line(&a, 5), line(&b, 1), line(&c, 2)]});
    let problem = owner.post("/orders", &body).await.problem(409, "insufficient_stock");
    let mut named: Vec<_> = problem["products"].as_array().unwrap().clone();
    named.sort_by_key(|product| product["sku"].to_string());
    assert_eq!([&named[0]["sku"], &named[1]["sku"]], ["B", "C"]);
    assert_eq!(owner.get(&format!("/products/{a}")).await.expect(200)["on_hand"], 5);
    assert_eq!(owner.get("/orders").await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn a_product_must_exist_be_ours_and_not_be_archived() {
    let world = World::start().await;
    let owner = world.owner();
    let (ours, gone) = (owner.product("A", "1.00", 5).await, owner.product("GONE", "1.00", 5).await);
    let theirs = world.caller(&world.south, "owner").product("THEIRS", "1.00", 5).await;
    owner.delete(&format!("/products/{gone}")).await.expect(204);
    let lines = json!([
        {"product_id": ours, "quantity": 1}, {"product_id": theirs, "quantity": 1}, {"sku": "THEIRS", "quantity": 1},
        {"sku": "GONE", "quantity": 1}, {"product_id": uuid::Uuid::now_v7(), "quantity": 1}
    ]);
    owner.post("/orders", &json!({"lines": lines})).await.invalid(&[
        ("/lines/1/product_id", "not_found"),
        ("/lines/2/sku", "not_found"),
        ("/lines/3/sku", "archived"),
        ("/lines/4/product_id", "not_found"),
    ]);
    let both = json!({"lines": [{"product_id": ours, "sku": "A", "quantity": 1}, {"quantity": 1}]});
    owner.post("/orders", &both).await.invalid(&[("/lines/0", "one_of"), ("/lines/1", "one_of")]);
}

#[tokio::test]
async fn a_reference_exists_once_per_channel_and_client() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "1.00", 3).await;
    let body = |channel: &str| json!({"lines": [{"product_id": product, "quantity": 1}], "channel": channel, "external_reference": "R-1"});
    let first = owner.post("/orders", &body("web")).await.expect(201);
    let second = owner.post("/orders", &body("web")).await.problem(409, "duplicate_reference");
    assert_eq!(second["order_id"], first["id"]);
    // A second one draws no number either.
    assert_eq!(owner.post("/orders", &body("pos")).await.expect(201)["order_number"], "SO-000002");
    owner.post("/orders", &body("third")).await.expect(201);
    // Also when the goods have run out meanwhile: it is still this order, not a shortage.
    let again = owner.post("/orders", &body("web")).await.problem(409, "duplicate_reference");
    assert_eq!(again["order_id"], first["id"]);
    let south = world.caller(&world.south, "owner");
    south.product("A", "1.00", 1).await;
    let theirs = json!({"lines": [{"sku": "A", "quantity": 1}], "channel": "web", "external_reference": "R-1"});
    south.post("/orders", &theirs).await.expect(201);
}

#[tokio::test]
async fn what_was_sold_keeps_its_name_and_price() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "5.00", 9).await;
    let order = owner.order(&product, 1).await.expect(201);
    let change = json!({"sku": "B", "name": "New", "price": "6.00", "tax_rate": "10"});
    owner.patch(&format!("/products/{product}"), &change).await.expect(200);
    let read = owner.get(&format!("/orders/{}", order["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(read, order);
    assert_eq!(owner.order(&product, 1).await.expect(201)["totals"]["grand_total"], "6.60");
}

#[tokio::test]
async fn orders_are_listed_newest_first_by_channel_and_reference() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "1.00", 50).await;
    let mut made = Vec::new();
    for at in 0..7 {
        let body = json!({"lines": [{"product_id": product, "quantity": 1}], "external_reference": at.to_string(),
            "channel": if at % 2 == 0 { "even" } else { "odd" }});
        made.insert(0, owner.post("/orders", &body).await.expect(201));
    }
    let mut seen = Vec::new();
    let mut path = "/orders?limit=3".to_owned();
    loop {
        let page = owner.get(&path).await.expect(200);
        seen.extend(page["data"].as_array().unwrap().clone());
        // What comes in meanwhile does not shift the pages that follow.
        owner.order(&product, 1).await.expect(201);
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/orders?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, made);
    let odd = owner.get("/orders?channel=odd").await.expect(200);
    assert_eq!(odd["data"].as_array().unwrap().len(), 3);
    let one = owner.get("/orders?channel=even&external_reference=4").await.expect(200);
    assert_eq!(one["data"].as_array().unwrap(), &vec![made[2].clone()]);
    assert_eq!(owner.get("/orders?channel=none").await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn an_order_too_large_to_count_is_refused() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("DEAR", "100000000000.00", 5).await;
    owner.order(&product, 1).await.expect(201);
    owner.order(&product, 2).await.invalid(&[("/lines/0/quantity", "too_large")]);
    let line = json!({"product_id": product, "quantity": 1});
    owner.post("/orders", &json!({"lines": [line, line]})).await.invalid(&[("/lines", "too_large")]);
    assert_eq!(owner.get(&format!("/products/{product}")).await.expect(200)["on_hand"], 4);
}

/// What a remembered role may see is not what counts: the very next answer shows no cost.
#[tokio::test]
async fn costs_are_hidden_on_the_next_request_after_the_role_changed() {
    let world = World::start().await;
    let product = world.owner().product("A", "9.99", 10).await;
    let order = world.owner().order(&product, 1).await.expect(201);
    let paths = ["/orders".to_owned(), "/products".to_owned(), format!("/products/{product}")];
    let paths = paths.into_iter().chain([format!("/orders/{}", order["id"].as_str().unwrap())]);
    for path in paths {
        let manager = world.caller(&world.north, "manager");
        assert!(manager.get(&path).await.text.contains("cost"), "{path}");
        let set_role = |role: &str| {
            let change = format!("UPDATE users SET role = '{role}' WHERE username = 'manager'");
            world.database(Login::Owner).batch_execute(&change).unwrap();
        };
        set_role("sales");
        let answer = manager.get(&path).await;
        assert!(answer.status == 200 && !answer.text.contains("cost"), "{path}: {answer:?}");
        set_role("manager");
        assert!(manager.get(&path).await.text.contains("cost"), "{path}");
    }
}
