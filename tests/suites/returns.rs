//! Goods that come back: how much, what it credits, and what becomes of the order and of the stock.

use countinghouse_tests::{Answer, Caller, Editor, Ledger, Login, World};
use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use serde_json::{Value, json};

fn id(thing: &Value) -> &str {
    thing["id"].as_str().expect("an id")
}

/// Units of one of the order's lines.
fn line(order: &Value, at: usize, quantity: i64, restock: bool) -> Value {
    json!({"order_line_id": order["lines"][at]["id"], "quantity": quantity, "restock": restock})
}

async fn take_back(caller: &Caller, order: &Value, lines: &[Value]) -> Answer {
    caller.post("/returns", &json!({"order_id": order["id"], "lines": lines})).await
}

async fn read(caller: &Caller, order: &Value) -> Value {
    caller.get(&format!("/orders/{}", id(order))).await.expect(200)
}

async fn stock(caller: &Caller, product: &str) -> (i64, i64, String) {
    let product = caller.get(&format!("/products/{product}")).await.expect(200);
    let number = |name: &str| product[name].as_i64().unwrap();
    (number("on_hand"), number("unfulfilled"), product["inventory_value"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn goods_come_back_in_parts_and_never_more_than_was_sold() {
    let world = World::start().await;
    let owner = world.owner();
    owner.patch("/client", &json!({"sales_commission_pct": "10"})).await.expect(200);
    let [product, other] = [owner.product("A", "10.00", 10).await, owner.product("B", "5.00", 10).await];
    let body = json!({"lines": [{"product_id": product, "quantity": 3, "discount_pct": "50"}, {"product_id": other, "quantity": 2}]});
    let order = owner.post("/orders", &body).await.expect(201);
    assert_eq!((&order["gross_profit"], &order["commission"]), (&json!("5.00"), &json!("2.50")));
    let first = take_back(&owner, &order, &[line(&order, 0, 1, true), line(&order, 1, 1, false)]).await;
    assert_eq!(first.header("location"), format!("/api/v1/returns/{}", id(&first.body)));
    let first = first.expect(201);
    let after = read(&owner, &order).await;
    let returned = [0, 1].map(|at| after["lines"][at]["returned_quantity"].as_i64().unwrap());
    assert_eq!((returned, &after["amount_due"], &after["version"]), ([1, 1], &json!("15.00"), &json!(2)));
    // Kept are 2 × 5.00 and 5.00; what broke cost 4.00 all the same.
    assert_eq!(
        [&after["cost_of_goods"], &after["gross_profit"], &after["commission"]],
        ["16.00", "-1.00", "1.50"].map(|text| json!(text)).each_ref()
    );
    let note = &first["credit_note"];
    assert_eq!([&note["number"], &note["kind"]], ["CN-000001", "credit_note"]);
    assert_eq!(
        note["totals"],
        json!({"subtotal": "15.00", "discount": "5.00", "tax": "0.00", "shipping": "0.00", "grand_total": "10.00"})
    );
    assert_eq!([&note["lines"][0]["quantity"], &note["lines"][0]["line_total"]], [&json!(1), &json!("5.00")]);
    assert_eq!([&first["lines"][0]["restocked_value"], &first["lines"][1]["restocked_value"]], ["4.00", "0.00"]);
    let issued = owner.get(&format!("/orders/{}/invoices", id(&order))).await.expect(200)["data"].clone();
    assert_eq!([&issued[0]["number"], &issued[1]["number"]], ["CN-000001", "INV-000001"]);
    assert_eq!((&issued[0]["totals"], &issued[0]["due_date"]), (&note["totals"], &Value::Null));

    // All or nothing: of the second line too many are named.
    let much = [line(&order, 0, 1, true), line(&order, 1, 1, true), line(&order, 1, 1, true)];
    let problem = take_back(&owner, &order, &much).await.problem(409, "return_exceeds_sold");
    assert_eq!(problem["lines"], json!([{"order_line_id": order["lines"][1]["id"], "requested": 2, "left": 1}]));
    assert_eq!(read(&owner, &order).await, after);
    // One line twice: some of it can be sold again, and some not.
    let rest = [line(&order, 0, 1, true), line(&order, 0, 1, false), line(&order, 1, 1, true)];
    let second = take_back(&owner, &order, &rest).await.expect(201);
    assert_eq!(second["credit_note"]["number"], "CN-000002");
    let whole = read(&owner, &order).await;
    assert_eq!(
        (&whole["amount_due"], &whole["payment_status"], &whole["commission"]),
        (&json!("0.00"), &json!("paid"), &json!("0.00"))
    );
    take_back(&owner, &order, &[line(&order, 0, 1, true)]).await.problem(409, "return_exceeds_sold");
    assert_eq!(stock(&owner, &product).await, (9, 0, "36.00".to_owned()));
    assert_eq!(stock(&owner, &other).await, (9, 0, "36.00".to_owned()));

    let page = owner.get("/returns").await.expect(200);
    assert_eq!(page["data"], json!([second, first]));
    assert_eq!(owner.get(&format!("/returns/{}", id(&first))).await.expect(200), first);
    let movements = owner.get("/inventory/movements?kind=return").await.expect(200)["data"].clone();
    let of = |at: usize| [&movements[at]["order_id"], &movements[at]["return_id"]];
    assert_eq!(of(2), [&order["id"], &first["id"]]);
    assert_eq!(
        (movements.as_array().unwrap().len(), &movements[2]["quantity"], &movements[2]["value"]),
        (3, &json!(1), &json!("4.00"))
    );
    let books = world.verify_books(None);
    assert!(books.holds(), "{books}");
}

#[tokio::test]
async fn lists_of_returns_are_filtered_and_turned_page_by_page() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 10).await;
    let [one, two] = [owner.order(&product, 3).await.expect(201), owner.order(&product, 1).await.expect(201)];
    let mut filed = Vec::new();
    for order in [&one, &two, &one] {
        filed.push(id(&take_back(&owner, order, &[line(order, 0, 1, true)]).await.expect(201)).to_owned());
    }
    filed.reverse();
    let ids = |page: &Value| page["data"].as_array().unwrap().iter().map(|one| id(one).to_owned()).collect::<Vec<_>>();
    let page = owner.get("/returns?limit=2").await.expect(200);
    let rest =
        owner.get(&format!("/returns?limit=2&cursor={}", page["next_cursor"].as_str().unwrap())).await.expect(200);
    assert_eq!([ids(&page), ids(&rest)].concat(), filed);
    let of_one = owner.get(&format!("/returns?order_id={}", id(&one))).await.expect(200);
    assert_eq!(ids(&of_one), [filed[0].clone(), filed[2].clone()]);
    assert_eq!(ids(&owner.get("/returns?to=2020-01-01").await.expect(200)), Vec::<String>::new());
    owner.get("/returns?from=2026-02-01&to=2026-01-01").await.invalid(&[("/to", "out_of_range")]);
    assert_eq!(ids(&world.caller(&world.south, "owner").get("/returns").await.expect(200)), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_not_invoiced_or_not_there_is_not_taken_back() {
    let world = World::start().await;
    let owner = world.owner();
    owner.patch("/client", &json!({"auto_invoice": false})).await.expect(200);
    let product = owner.product("A", "10.00", 10).await;
    let [placed, other] = [owner.order(&product, 1).await.expect(201), owner.order(&product, 1).await.expect(201)];
    take_back(&owner, &placed, &[line(&placed, 0, 1, true)]).await.problem(409, "not_invoiced");
    owner.post(&format!("/orders/{}/invoice", id(&placed)), &json!({})).await.expect(201);
    take_back(&owner, &placed, &[line(&other, 0, 1, true)]).await.invalid(&[("/lines/0/order_line_id", "not_found")]);
    let nobody = json!({"id": uuid::Uuid::now_v7()});
    take_back(&owner, &nobody, &[line(&placed, 0, 1, true)]).await.invalid(&[("/order_id", "not_found")]);
    take_back(&owner, &placed, &[]).await.invalid(&[("/lines", "too_few")]);
    let mut long = line(&placed, 0, 1, true);
    long["reason"] = json!("x".repeat(501));
    let faults = [("/lines/0/quantity", "out_of_range"), ("/lines/1/reason", "too_long")];
    take_back(&owner, &placed, &[line(&placed, 0, 0, true), long]).await.invalid(&faults);
    let many: Vec<Value> = (0..501).map(|_| line(&placed, 0, 1, true)).collect();
    take_back(&owner, &placed, &many).await.invalid(&[("/lines", "too_many")]);
    assert_eq!(owner.get("/returns").await.expect(200)["data"], json!([]));
    // What the database has marked as cancelled was not sold in the end.
    let cancel = "UPDATE orders SET cancelled_at = now(), credited_minor = total_minor WHERE invoiced_on IS NOT NULL";
    world.database(Login::Owner).batch_execute(cancel).unwrap();
    take_back(&owner, &placed, &[line(&placed, 0, 1, true)]).await.problem(409, "return_exceeds_sold");
}

/// Units that have not left the shelf come back first, and never leave it.
#[tokio::test]
async fn units_that_wait_on_the_shelf_are_taken_back_before_those_that_left() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 10).await;
    let order = owner.order(&product, 5).await.expect(201);
    let send = async |quantity: Option<i64>| {
        let mut body = json!({"carrier": "UPS", "tracking_number": "1Z"});
        if let Some(quantity) = quantity {
            body["lines"] = json!([{"order_line_id": order["lines"][0]["id"], "quantity": quantity}]);
        }
        owner.post(&format!("/orders/{}/fulfilments", id(&order)), &body).await
    };
    send(Some(1)).await.expect(201);
    assert_eq!(stock(&owner, &product).await, (5, 4, "20.00".to_owned()));
    take_back(&owner, &order, &[line(&order, 0, 2, true)]).await.expect(201);
    assert_eq!(stock(&owner, &product).await, (7, 2, "28.00".to_owned()));
    // One is thrown away where it lies.
    take_back(&owner, &order, &[line(&order, 0, 1, false)]).await.expect(201);
    assert_eq!(stock(&owner, &product).await, (7, 1, "28.00".to_owned()));
    let problem = send(Some(2)).await.problem(409, "fulfilment_exceeds_ordered");
    assert_eq!(problem["lines"][0]["left"], 1);
    assert_eq!(read(&owner, &order).await["fulfilment_status"], "partly_fulfilled");
    // The last one on the shelf and the one that left: nothing is left to send.
    take_back(&owner, &order, &[line(&order, 0, 2, true)]).await.expect(201);
    assert_eq!(stock(&owner, &product).await, (9, 0, "36.00".to_owned()));
    send(None).await.problem(409, "nothing_to_fulfil");
    let whole = read(&owner, &order).await;
    assert_eq!([&whole["fulfilment_status"], &whole["status"]], ["fulfilled", "completed"]);
    let books = world.verify_books(None);
    assert!(books.holds(), "{books}");
}

#[tokio::test]
async fn shipping_is_credited_once() {
    let world = World::start().await;
    let (owner, books) = (world.owner(), Ledger::new(&world, &world.north, 2));
    owner.patch("/client", &json!({"shipping_tax_rate": "20"})).await.expect(200);
    let product = owner.product("A", "10.00", 10).await;
    let body = json!({"lines": [{"product_id": product, "quantity": 3}], "shipping": "5.00"});
    let order = owner.post("/orders", &body).await.expect(201);
    books.posts(&[
        "Dr 1200 40.00 / Cr 3900 40.00",
        "Dr 1100 36.00, 5000 12.00 / Cr 4000 30.00, 4200 5.00, 2100 1.00, 1200 12.00",
    ]);
    let asked = json!({"order_id": order["id"], "lines": [line(&order, 0, 1, true)], "credit_shipping": true});
    let first = owner.post("/returns", &asked).await.expect(201);
    assert_eq!(
        (&first["shipping_credited"], &first["credit_note"]["totals"]["shipping"]),
        (&json!(true), &json!("5.00"))
    );
    let second = owner.post("/returns", &asked).await.expect(201);
    assert_eq!(
        (&second["shipping_credited"], &second["credit_note"]["totals"]["shipping"]),
        (&json!(false), &json!("0.00"))
    );
    books.posts(&[
        "Dr 4100 10.00, 4200 5.00, 2100 1.00, 1200 4.00 / Cr 1100 16.00, 5000 4.00",
        "Dr 4100 10.00, 1200 4.00 / Cr 1100 10.00, 5000 4.00",
    ]);
    assert_eq!(read(&owner, &order).await["amount_due"], "10.00");
    let report = owner.get("/reports/profit-loss?from=2020-01-01&to=2100-01-01").await.expect(200);
    let shown = ["sales", "returns", "shipping_income", "net_revenue", "cost_of_goods", "gross_profit"];
    assert_eq!(shown.map(|name| report[name].as_str().unwrap()), ["30.00", "20.00", "0.00", "10.00", "4.00", "6.00"]);
    let sheet = owner.get("/reports/balance-sheet").await.expect(200);
    assert_eq!([&sheet["total_assets"], &sheet["earnings_to_date"]], ["46.00", "6.00"]);
    let aging = owner.get("/reports/stock-aging").await.expect(200);
    assert_eq!((&aging["rows"][0]["on_hand"], &aging["totals"]["inventory_value"]), (&json!(9), &json!("36.00")));
}

/// Ten who take back two of eleven at once: five do, and one unit is left.
#[tokio::test]
async fn many_at_once_take_back_no_more_than_was_sold() {
    let world = World::builder().workers(2).pool(8).start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 20).await;
    let order = owner.order(&product, 11).await.expect(201);
    let body = json!({"order_id": order["id"], "lines": [line(&order, 0, 2, true)], "credit_shipping": true});
    let answers = join_all((0..10).map(|_| owner.post("/returns", &body))).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    let mut numbers: Vec<_> =
        done.iter().map(|answer| answer.body["credit_note"]["number"].as_str().unwrap().to_owned()).collect();
    numbers.sort();
    assert_eq!(numbers, ["CN-000001", "CN-000002", "CN-000003", "CN-000004", "CN-000005"]);
    for answer in refused {
        assert_eq!(answer.problem(409, "return_exceeds_sold")["lines"][0]["left"], 1);
    }
    assert_eq!(stock(&owner, &product).await, (19, 1, "76.00".to_owned()));
    let books = world.verify_books(None);
    assert!(books.holds(), "{books}");
}

/// Whoever writes returns, the line of the order refuses more than it sold, and shipping is credited once.
#[tokio::test]
async fn the_database_itself_takes_back_no_more_than_was_sold() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 10).await;
    let order = owner.order(&product, 2).await.expect(201);
    let first = take_back(&owner, &order, &[line(&order, 0, 1, true)]).await.expect(201);
    let mut app = world.database(Login::App);
    app.batch_execute(&format!("SET app.tenant_id = '{}'", world.north.id)).unwrap();
    let more = |quantity: i64, unfulfilled: i64| {
        format!(
            "INSERT INTO return_lines VALUES ('{}', '{}', 2, '{}', {quantity}, {unfulfilled}, false, 0)",
            world.north.id,
            id(&first),
            id(&order["lines"][0])
        )
    };
    let again = "INSERT INTO returns SELECT tenant_id, gen_random_uuid(), order_id, gen_random_uuid(), true, \
        created_by, now() FROM returns";
    for (sql, constraint) in [
        (more(2, 0), "order_lines_return_what_was_sold"),
        (more(1, 2), "return_lines_unfulfilled_are_part"),
        (more(0, 0), "return_lines_quantity_positive"),
        (format!("BEGIN; {again}; {again}; COMMIT"), "returns_credit_shipping_once"),
        (format!("BEGIN; {again}; COMMIT"), "returns_credit_note_fkey"),
        ("UPDATE order_lines SET returned_quantity = 3".to_owned(), "order_lines_return_what_was_sold"),
        ("UPDATE order_lines SET quantity = 3".to_owned(), "permission denied"),
    ] {
        let refused = app.batch_execute(&sql).unwrap_err().to_string();
        assert!(refused.contains(constraint), "{sql}: {refused}");
        app.batch_execute("ROLLBACK").unwrap();
    }
    assert_eq!(read(&owner, &order).await["lines"][0]["returned_quantity"], 1);
}

/// An exchange is a return and a new order, whose money is settled between them.
#[tokio::test]
async fn an_exchange_is_a_return_and_an_order() {
    let world = World::start().await;
    let (owner, books) = (world.owner(), Ledger::new(&world, &world.north, 2));
    let [small, large] = [owner.product("S", "10.00", 5).await, owner.product("L", "12.00", 5).await];
    let customer = owner.post("/customers", &json!({"company": "Berg"})).await.expect(201);
    let buy = async |product: &str| {
        let body = json!({"lines": [{"product_id": product, "quantity": 1}], "customer_id": customer["id"]});
        owner.post("/orders", &body).await.expect(201)
    };
    let first = buy(&small).await;
    books.on(&first, "payments", json!({"amount": "10.00", "method": "card"})).await;
    books.posts(&[
        "Dr 1200 20.00 / Cr 3900 20.00",
        "Dr 1200 20.00 / Cr 3900 20.00",
        "Dr 1100 10.00, 5000 4.00 / Cr 4000 10.00, 1200 4.00",
        "Dr 1000 10.00 / Cr 1100 10.00",
    ]);
    books.take_back(&first, 1, true).await;
    let second = buy(&large).await;
    books.on(&first, "refunds", json!({"amount": "10.00", "method": "exchange", "reference": "SO-000002"})).await;
    books.on(&second, "payments", json!({"amount": "10.00", "method": "exchange", "reference": "SO-000001"})).await;
    books.on(&second, "payments", json!({"amount": "2.00", "method": "card"})).await;
    books.posts(&[
        "Dr 4100 10.00, 1200 4.00 / Cr 1100 10.00, 5000 4.00",
        "Dr 1100 12.00, 5000 4.00 / Cr 4000 12.00, 1200 4.00",
        "Dr 1100 10.00 / Cr 1000 10.00",
        "Dr 1000 10.00 / Cr 1100 10.00",
        "Dr 1000 2.00 / Cr 1100 2.00",
    ]);
    books.balances("1000 12.00, 1200 36.00, 3900 -40.00, 4000 -22.00, 4100 10.00, 5000 4.00");
    assert_eq!([stock(&owner, &small).await.0, stock(&owner, &large).await.0], [5, 4]);
    assert_eq!(read(&owner, &first).await["payment_status"], "refunded");
}

/// The stock would be worth too much: the fault is in a field of this body, whose it is.
#[tokio::test]
async fn goods_that_the_stock_can_not_hold_are_not_taken_back() {
    let world = World::start().await;
    let (owner, editor) = (world.owner(), Editor::enrol(&world, &world.north, "owner").await);
    let stocked = json!({"quantity": 2, "unit_cost": "50000000000.00"});
    let gem = json!({"sku": "GEM", "name": "Gem", "price": "10.00", "opening_stock": stocked});
    let gem = owner.post("/products", &gem).await.expect(201);
    let order = owner.order(id(&gem), 1).await.expect(201);
    let buy = json!({"product_id": gem["id"], "kind": "purchase", "quantity": 1, "unit_cost": "50000000000.00"});
    owner.post("/inventory/adjustments", &buy).await.expect(201);
    let too_much = [("/lines", "too_large")];
    take_back(&owner, &order, &[line(&order, 0, 1, true)]).await.invalid(&too_much);
    editor.cancel(&order).await.invalid(&too_much);
    owner.post("/inventory/adjustments", &buy).await.invalid(&[("/quantity", "too_large")]);
    take_back(&editor.caller(), &order, &[line(&order, 0, 1, false)]).await.expect(201);
    assert_eq!(stock(&editor.caller(), id(&gem)).await, (2, 0, "100000000000.00".to_owned()));
}

/// A gift that cost nothing comes back: there is a credit note, and nothing to post.
#[tokio::test]
async fn what_was_free_is_credited_with_nothing() {
    let world = World::start().await;
    let (owner, books) = (world.owner(), Ledger::new(&world, &world.north, 2));
    let stocked = json!({"quantity": 2, "unit_cost": "0"});
    let gift = json!({"sku": "G", "name": "G", "price": "0", "opening_stock": stocked});
    let gift = owner.post("/products", &gift).await.expect(201);
    let order = owner.order(id(&gift), 1).await.expect(201);
    let returned = books.take_back(&order, 1, true).await;
    assert_eq!(returned["credit_note"]["totals"]["grand_total"], "0.00");
    books.posts(&[]);
    assert_eq!(stock(&owner, id(&gift)).await, (2, 0, "0.00".to_owned()));
    let found = world.verify_books(None);
    assert!(found.holds(), "{found}");
}

/// A credit note prints whom the order was sold to, unless they were erased before it was issued.
#[tokio::test]
async fn a_return_of_somebody_who_was_erased_names_nobody() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 10).await;
    let customer = owner.post("/customers", &json!({"last_name": "Berg"})).await.expect(201);
    let body = json!({"lines": [{"product_id": product, "quantity": 2}], "customer_id": customer["id"]});
    let order = owner.post("/orders", &body).await.expect(201);
    let send = async || {
        let body = json!({"order_id": order["id"], "lines": [line(&order, 0, 1, true)]});
        let request = owner.request(reqwest::Method::POST, "/returns").header("idempotency-key", "k").json(&body);
        Answer::of(request).await
    };
    let first = send().await.expect(201);
    owner.delete(&format!("/customers/{}", id(&customer))).await.expect(204);
    let again = send().await;
    assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &first));
    take_back(&owner, &order, &[line(&order, 0, 1, true)]).await.expect(201);
    let issued = owner.get(&format!("/orders/{}/invoices", id(&order))).await.expect(200)["data"].clone();
    assert_eq!((&issued[0]["customer"], &issued[1]["customer"]["last_name"]), (&Value::Null, &json!("Berg")));
    assert!(!first.to_string().contains("Berg"));
}

#[tokio::test]
async fn a_return_is_in_the_audit_log_and_costs_are_for_those_who_may_see_them() {
    let world = World::start().await;
    let (owner, sales) = (world.owner(), world.caller(&world.north, "sales"));
    let product = owner.product("A", "10.00", 10).await;
    let order = owner.order(&product, 3).await.expect(201);
    let mut broken = line(&order, 0, 1, false);
    broken["reason"] = json!("Olga says it is too small");
    let returned = take_back(&sales, &order, &[line(&order, 0, 1, true), broken]).await.expect(201);
    assert_eq!(
        (&returned["lines"][0]["restocked_value"], &returned["lines"][1]["reason"]),
        (&Value::Null, &json!("Olga says it is too small"))
    );
    let warehouse = world.caller(&world.north, "warehouse");
    take_back(&warehouse, &order, &[line(&order, 0, 1, true)]).await.problem(403, "permission_denied");
    assert_eq!(warehouse.get("/returns").await.expect(200)["data"], json!([returned]));
    let entries = owner.get("/audit?action=return.created").await.expect(200);
    let entry = &entries["data"][0];
    assert_eq!(entry["resource"]["id"], returned["id"]);
    assert_eq!(entry["before"], json!({"amount_due": "30.00"}));
    assert_eq!(
        entry["after"],
        json!({"order_id": order["id"], "units": 2, "restocked_units": 1, "credits_shipping": false,
            "credited": "20.00", "amount_due": "10.00"})
    );
}
