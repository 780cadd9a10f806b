//! What becomes of an order: its invoice, payments and refunds, parcels.

use countinghouse_tests::{Caller, Ledger, Login, World};
use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::BigInt};
use futures_util::future::join_all;
use serde_json::{Value, json};

fn path(order: &Value, what: &str) -> String {
    format!("/orders/{}/{what}", order["id"].as_str().unwrap())
}

async fn read(caller: &Caller, order: &Value) -> Value {
    caller.get(&format!("/orders/{}", order["id"].as_str().unwrap())).await.expect(200)
}

fn statuses(order: &Value) -> [&str; 3] {
    ["status", "payment_status", "fulfilment_status"].map(|name| order[name].as_str().unwrap())
}

#[tokio::test]
async fn an_order_is_invoiced_later_and_once() {
    let world = World::start().await;
    let owner = world.owner();
    owner.patch("/client", &json!({"auto_invoice": false, "payment_terms_days": 10})).await.expect(200);
    let product = owner.product("A", "10.00", 50).await;
    let order = owner.order(&product, 1).await.expect(201);
    assert_eq!(statuses(&order), ["placed", "unpaid", "unfulfilled"]);
    assert_eq!((&order["invoice_number"], &order["due_date"]), (&Value::Null, &Value::Null));
    let pay = json!({"amount": "1.00", "method": "card"});
    owner.post(&path(&order, "payments"), &pay).await.problem(409, "not_invoiced");
    owner.post(&path(&order, "refunds"), &pay).await.problem(409, "not_invoiced");
    for date in ["2020-01-01", "2126-01-01"] {
        let answer = owner.post(&path(&order, "invoice"), &json!({"date": date})).await;
        answer.invalid(&[("/date", "out_of_range")]);
    }
    let invoiced = owner.post(&path(&order, "invoice"), &json!({})).await;
    assert_eq!(invoiced.header("etag"), "\"2\"");
    let invoiced = invoiced.expect(201);
    assert_eq!(statuses(&invoiced), ["invoiced", "unpaid", "unfulfilled"]);
    assert_eq!(read(&owner, &order).await, invoiced);
    owner.post(&path(&order, "invoice"), &json!({})).await.problem(409, "already_invoiced");
    let issued = owner.get(&path(&order, "invoices")).await.expect(200)["data"].clone();
    assert_eq!(issued.as_array().unwrap().len(), 1);
    assert_eq!([&issued[0]["number"], &issued[0]["kind"]], ["INV-000001", "invoice"]);
    assert_eq!((&issued[0]["number"], &issued[0]["due_date"]), (&invoiced["invoice_number"], &invoiced["due_date"]));
    assert_eq!((&issued[0]["totals"], &issued[0]["currency"]), (&order["totals"], &json!("EUR")));
    assert_eq!(issued[0]["lines"][0]["order_line_id"], order["lines"][0]["id"]);
}

#[tokio::test]
async fn due_dates_follow_the_customers_terms_before_the_clients() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 50).await;
    let customer = owner.post("/customers", &json!({"company": "Berg", "payment_terms_days": 0})).await.expect(201);
    let body = json!({"lines": [{"product_id": product, "quantity": 1}], "customer_id": customer["id"],
        "ordered_at": "2026-02-27T12:00:00Z"});
    assert_eq!(owner.post("/orders", &body).await.expect(201)["due_date"], "2026-02-27");
    owner.patch("/client", &json!({"auto_invoice": false})).await.expect(200);
    let later = owner.post("/orders", &body).await.expect(201);
    let invoice = json!({"date": "2026-02-28"});
    let later = owner.post(&path(&later, "invoice"), &invoice).await.expect(201);
    assert_eq!(later["due_date"], "2026-02-28");
}

#[tokio::test]
async fn fifty_invoices_at_once_have_fifty_numbers_without_a_gap() {
    let world = World::builder().workers(2).pool(8).start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 1_000).await;
    owner.patch("/client", &json!({"auto_invoice": false})).await.expect(200);
    let placed = join_all((0..25).map(|_| owner.order(&product, 1))).await;
    owner.patch("/client", &json!({"auto_invoice": true})).await.expect(200);
    let placed: Vec<Value> = placed.into_iter().map(|answer| answer.expect(201)).collect();
    // Half are invoiced later, half at once, and some orders fail in between.
    let nothing = json!({});
    let paths: Vec<String> = placed.iter().map(|order| path(order, "invoice")).collect();
    let later = join_all(paths.iter().map(|path| owner.post(path, &nothing)));
    let at_once = join_all((0..25).map(|_| owner.order(&product, 1)));
    let failing = join_all((0..25).map(|_| owner.order(&product, 10_000)));
    let (later, at_once, failing) = tokio::join!(later, at_once, failing);
    assert!(failing.into_iter().all(|answer| answer.status == 409));
    let orders = later.into_iter().chain(at_once).map(|answer| answer.expect(201));
    let mut numbers: Vec<String> = orders.map(|order| order["invoice_number"].as_str().unwrap().to_owned()).collect();
    numbers.sort();
    let expected: Vec<String> = (1..=50).map(|number| format!("INV-{number:06}")).collect();
    assert_eq!(numbers, expected);
}

#[tokio::test]
async fn payments_come_in_parts_and_never_more_than_is_due() {
    let world = World::start().await;
    let owner = world.owner();
    let books = Ledger::new(&world, &world.north, 2);
    let product = owner.product("A", "10.00", 50).await;
    let order = owner.order(&product, 2).await.expect(201);
    books.posts(&["Dr 1200 200.00 / Cr 3900 200.00", "Dr 1100 20.00, 5000 8.00 / Cr 4000 20.00, 1200 8.00"]);
    let pay =
        async |amount: &str| owner.post(&path(&order, "payments"), &json!({"amount": amount, "method": "card"})).await;
    pay("20.01").await.invalid(&[("/amount", "overpaid")]);
    pay("0.00").await.invalid(&[("/amount", "out_of_range")]);
    pay("-1.00").await.invalid(&[("/amount", "negative")]);
    let first = pay("5.00").await.expect(201);
    assert_eq!([&first["amount"], &first["amount_due"], &first["kind"]], ["5.00", "15.00", "payment"]);
    let part = read(&owner, &order).await;
    assert_eq!(
        (statuses(&part)[1], &part["amount_paid"], &part["version"]),
        ("partly_paid", &json!("5.00"), &json!(2))
    );
    pay("15.01").await.invalid(&[("/amount", "overpaid")]);
    pay("15.00").await.expect(201);
    assert_eq!(statuses(&read(&owner, &order).await), ["invoiced", "paid", "unfulfilled"]);
    pay("0.01").await.invalid(&[("/amount", "overpaid")]);
    let refund = json!({"amount": "0.01", "method": "card"});
    owner.post(&path(&order, "refunds"), &refund).await.invalid(&[("/amount", "over_refunded")]);
    books.posts(&["Dr 1000 5.00 / Cr 1100 5.00", "Dr 1000 15.00 / Cr 1100 15.00"]);
    books.balances("1000 20.00, 1200 192.00, 3900 -200.00, 4000 -20.00, 5000 8.00");
    let future = json!({"amount": "1.00", "method": "card", "received_at": "2126-01-01T00:00:00Z"});
    owner.post(&path(&order, "payments"), &future).await.invalid(&[("/received_at", "in_the_future")]);
}

/// Many at once pay no more together than is due.
#[tokio::test]
async fn payments_at_once_do_not_overpay() {
    let world = World::builder().workers(2).pool(8).start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 50).await;
    let order = owner.order(&product, 1).await.expect(201);
    let body = json!({"amount": "3.00", "method": "card"});
    let to = path(&order, "payments");
    let answers = join_all((0..20).map(|_| owner.post(&to, &body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 3);
    assert_eq!(read(&owner, &order).await["amount_due"], "1.00");
}

#[tokio::test]
async fn what_the_customer_is_owed_is_refunded_and_no_more() {
    let world = World::start().await;
    let (owner, books) = (world.owner(), Ledger::new(&world, &world.north, 2));
    let product = owner.product("A", "10.00", 50).await;
    let order = owner.order(&product, 2).await.expect(201);
    owner.post(&path(&order, "payments"), &json!({"amount": "20.00", "method": "card"})).await.expect(201);
    let refund =
        async |amount: &str| owner.post(&path(&order, "refunds"), &json!({"amount": amount, "method": "card"})).await;
    refund("0.01").await.invalid(&[("/amount", "over_refunded")]);
    books.take_back(&order, 1, false).await;
    books.posts(&[
        "Dr 1200 200.00 / Cr 3900 200.00",
        "Dr 1100 20.00, 5000 8.00 / Cr 4000 20.00, 1200 8.00",
        "Dr 1000 20.00 / Cr 1100 20.00",
        "Dr 4100 10.00 / Cr 1100 10.00",
    ]);
    assert_eq!(read(&owner, &order).await["amount_due"], "-10.00");
    refund("10.01").await.invalid(&[("/amount", "over_refunded")]);
    let back = refund("10.00").await.expect(201);
    assert_eq!([&back["kind"], &back["amount_due"]], ["refund", "0.00"]);
    books.posts(&["Dr 1100 10.00 / Cr 1000 10.00"]);
    assert_eq!(statuses(&read(&owner, &order).await)[1], "paid");
    books.take_back(&order, 1, true).await;
    refund("10.00").await.expect(201);
    books.posts(&["Dr 4100 10.00, 1200 4.00 / Cr 1100 10.00, 5000 4.00", "Dr 1100 10.00 / Cr 1000 10.00"]);
    assert_eq!(statuses(&read(&owner, &order).await)[1], "refunded");
}

/// Nor can whoever writes to the database.
#[tokio::test]
async fn the_database_refuses_to_settle_more_than_is_due() {
    let world = World::start().await;
    let (owner, books) = (world.owner(), Ledger::new(&world, &world.north, 2));
    let product = owner.product("A", "10.00", 50).await;
    let order = owner.order(&product, 2).await.expect(201);
    owner.post(&path(&order, "payments"), &json!({"amount": "15.00", "method": "card"})).await.expect(201);
    books.take_back(&order, 1, true).await;
    let mut app = world.database(Login::App);
    app.batch_execute(&format!("SET app.tenant_id = '{}'", world.north.id)).unwrap();
    for (change, constraint) in [
        ("paid_minor = 1501", "orders_paid_what_is_due"),
        ("refunded_minor = 501", "orders_refunded_what_is_owed"),
        ("credited_minor = 2001", "orders_credited_what_was_sold"),
    ] {
        let refused = app.batch_execute(&format!("UPDATE orders SET {change}")).unwrap_err().to_string();
        assert!(refused.contains(constraint), "{change}: {refused}");
    }
    app.batch_execute("UPDATE orders SET refunded_minor = 500").unwrap();
}

#[tokio::test]
async fn parcels_leave_in_parts_until_nothing_is_left() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 50).await;
    let other = owner.product("B", "5.00", 50).await;
    let body = json!({"lines": [{"product_id": product, "quantity": 3}, {"product_id": product, "quantity": 1},
        {"product_id": other, "quantity": 2}]});
    let order = owner.post("/orders", &body).await.expect(201);
    let warehouse = world.caller(&world.north, "warehouse");
    let send = async |lines: Value| {
        let mut body = json!({"carrier": "UPS", "tracking_number": "1Z9"});
        if !lines.is_null() {
            body["lines"] = lines;
        }
        warehouse.post(&path(&order, "fulfilments"), &body).await
    };
    let line = |at: usize, quantity: i64| json!({"order_line_id": order["lines"][at]["id"], "quantity": quantity});
    send(json!([])).await.invalid(&[("/lines", "too_few")]);
    send(json!([line(0, 0)])).await.invalid(&[("/lines/0/quantity", "out_of_range")]);
    let strange = json!([{"order_line_id": uuid::Uuid::now_v7(), "quantity": 1}]);
    send(strange).await.invalid(&[("/lines/0/order_line_id", "not_found")]);
    let problem = send(json!([line(0, 2), line(0, 2)])).await.problem(409, "fulfilment_exceeds_ordered");
    assert_eq!(problem["lines"], json!([{"order_line_id": order["lines"][0]["id"], "requested": 4, "left": 3}]));
    let first = send(json!([line(0, 2), line(2, 1)])).await.expect(201);
    let part = read(&owner, &order).await;
    assert_eq!(statuses(&part)[2], "partly_fulfilled");
    assert_eq!(part["fulfilments"], json!([first]));
    let fulfilled = |order: &Value| [0, 1, 2].map(|at| order["lines"][at]["fulfilled_quantity"].as_i64().unwrap());
    assert_eq!(fulfilled(&part), [2, 0, 1]);
    let stock = async |id: &str| {
        let product = owner.get(&format!("/products/{id}")).await.expect(200);
        [product["on_hand"].as_i64().unwrap(), product["unfulfilled"].as_i64().unwrap()]
    };
    assert_eq!((stock(&product).await, stock(&other).await), ([46, 2], [48, 1]));
    send(Value::Null).await.expect(201);
    let whole = read(&owner, &order).await;
    assert_eq!((statuses(&whole)[2], fulfilled(&whole)), ("fulfilled", [3, 1, 2]));
    assert_eq!((stock(&product).await, stock(&other).await), ([46, 0], [48, 0]));
    send(Value::Null).await.problem(409, "nothing_to_fulfil");
    let total = json!({"amount": "50.00", "method": "card"});
    owner.post(&path(&order, "payments"), &total).await.expect(201);
    assert_eq!(statuses(&read(&owner, &order).await), ["completed", "paid", "fulfilled"]);
    assert_eq!(read(&owner, &order).await, owner.get("/orders").await.expect(200)["data"][0]);
}

/// Two who send the last parcel at once: one does.
#[tokio::test]
async fn nothing_leaves_twice() {
    let world = World::builder().workers(2).pool(8).start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 50).await;
    let order = owner.order(&product, 5).await.expect(201);
    let body = json!({"carrier": "UPS", "tracking_number": "1Z"});
    let to = path(&order, "fulfilments");
    let answers = join_all((0..10).map(|_| owner.post(&to, &body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    #[derive(QueryableByName)]
    struct Sum {
        #[diesel(sql_type = BigInt)]
        sum: i64,
    }
    let sum = "SELECT sum(quantity)::bigint AS sum FROM fulfilment_lines";
    assert_eq!(sql_query(sum).get_result::<Sum>(&mut world.database(Login::Owner)).unwrap().sum, 5);
}
