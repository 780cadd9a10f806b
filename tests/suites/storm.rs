//! Everything that moves goods and money at once, on the same few orders, products and customers,
//! and each request twice with one key: nobody deadlocks, nothing is done twice, the books hold.

use chrono::{Datelike, Months};
use countinghouse_tests::{Answer, Caller, Login, World};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use futures_util::future::join_all;
use serde_json::{Value, json};

/// What somebody does: the path, the body, and what it may answer.
type Act = (&'static str, String, Value, &'static [u16]);

/// Sends it twice at once; whether it was done.
async fn act(caller: &Caller, (method, path, body, allowed): &Act) -> bool {
    let key = uuid::Uuid::now_v7().to_string();
    let send = || Answer::of(caller.request(method.parse().unwrap(), path).header("idempotency-key", &key).json(body));
    let (one, other) = tokio::join!(send(), send());
    let answers: Vec<Answer> = [one, other].into_iter().filter(|answer| !in_progress(answer)).collect();
    assert!(!answers.is_empty(), "{method} {path}: who was in progress?");
    for answer in &answers {
        assert!(allowed.contains(&answer.status), "{method} {path}: {answer:?}");
    }
    let done: Vec<&Value> =
        answers.iter().filter(|answer| answer.status < 300).map(|answer| &answer.body["id"]).collect();
    assert!(done.windows(2).all(|two| two[0] == two[1]), "{method} {path}: {answers:?}");
    !done.is_empty()
}

fn in_progress(answer: &Answer) -> bool {
    answer.body["code"] == "idempotency_in_progress"
}

fn id(thing: &Value) -> &str {
    thing["id"].as_str().expect("an id")
}

fn one(world: &World, query: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        one: i64,
    }
    sql_query(query).get_result::<Row>(&mut world.database(Login::Owner)).unwrap().one
}

/// What may happen to an order, twice or three times each.
fn acts_on(order: &Value) -> Vec<Act> {
    let path = |what: &str| format!("/orders/{}/{what}", id(order));
    let pay = json!({"amount": "7.00", "method": "card"});
    let send = json!({"carrier": "UPS", "tracking_number": "1Z"});
    let back = json!({"order_line_id": order["lines"][0]["id"], "quantity": 1, "restock": true});
    let back = json!({"order_id": order["id"], "lines": [back]});
    let twice: [Act; 4] = [
        ("POST", path("invoice"), json!({}), &[201, 409]),
        ("POST", path("payments"), pay, &[201, 409, 422]),
        ("POST", path("fulfilments"), send, &[201, 409]),
        ("POST", "/returns".to_owned(), back, &[201, 409]),
    ];
    [&twice[..], &twice, &twice[..3]].concat()
}

#[tokio::test]
async fn everything_at_once_leaves_the_books_whole() {
    let world = World::builder().workers(2).pool(8).start().await;
    let owner = world.owner();
    let before = world.today().with_day(1).unwrap() - Months::new(2);
    let mut products = Vec::new();
    for sku in ["A", "B", "C"] {
        products.push(owner.product(sku, "10.00", 1_000).await);
    }
    let (mut paid, mut returned, mut adjusted) = (0, 0, 0);
    for round in 0..4_usize {
        owner.patch("/client", &json!({"auto_invoice": round % 2 == 1})).await.expect(200);
        let (mut orders, mut acts): (Vec<Value>, Vec<Act>) = Default::default();
        for at in 0..3 {
            let customer = owner.post("/customers", &json!({"email": "olga@example.com"})).await.expect(201);
            let lines: Vec<_> = (0..3).map(|n| json!({"product_id": products[(at + n) % 3], "quantity": 1})).collect();
            let body = json!({"lines": lines, "customer_id": customer["id"]});
            for _ in 0..2 {
                orders.push(owner.post("/orders", &body).await.expect(201));
                acts.push(("POST", "/orders".to_owned(), body.clone(), &[201, 422]));
            }
            let month = before + Months::new(u32::try_from(at % 2).unwrap());
            let mut past = json!({"lines": lines, "ordered_at": format!("{month}T12:00:00Z")});
            past["lines"].as_array_mut().unwrap().reverse();
            acts.push(("POST", "/orders".to_owned(), past, &[201, 409]));
            acts.push(("PATCH", format!("/customers/{}", id(&customer)), json!({"phone": "1"}), &[200, 404]));
            acts.push(("DELETE", format!("/customers/{}", id(&customer)), Value::Null, &[204]));
            let adjust = |body: Value| ("POST", "/inventory/adjustments".to_owned(), body, [201].as_slice());
            let product = &products[at];
            acts.push(adjust(json!({"product_id": product, "kind": "purchase", "quantity": 3, "unit_cost": "3.33"})));
            acts.push(adjust(json!({"product_id": product, "kind": "damage", "quantity": 1})));
            acts.push(adjust(json!({"product_id": product, "kind": "count", "quantity": 1_000})));
            acts.push(("PATCH", format!("/products/{product}"), json!({"price": format!("10.0{at}")}), &[200]));
        }
        acts.extend(orders.iter().flat_map(acts_on));
        let month = (before + Months::new(u32::try_from(round % 2).unwrap())).format("%Y-%m");
        acts.push(("POST", format!("/accounting/periods/{month}/close"), json!({}), &[200]));
        // Each in another order, so that whoever locks two things meets who locks them the other way.
        let turn = acts.len() / (round + 2);
        acts.rotate_left(turn);
        let done = join_all(acts.iter().map(|one| act(&owner, one))).await;
        let done = acts.iter().zip(done).filter(|(_, done)| *done).map(|((_, path, ..), _)| path);
        let done = |what: &str| i64::try_from(done.clone().filter(|path| path.ends_with(what)).count()).unwrap();
        paid += done("/payments");
        returned += done("/returns");
        adjusted += done("/adjustments");
        for order in &orders {
            let after = owner.get(&format!("/orders/{}", id(order))).await.expect(200);
            let invoices = owner.get(&format!("/orders/{}/invoices", id(order))).await.expect(200);
            let issued =
                |kind: &str| invoices["data"].as_array().unwrap().iter().filter(|one| one["kind"] == kind).count();
            let returned = after["lines"][0]["returned_quantity"].as_u64().unwrap();
            assert_eq!((issued("invoice"), issued("credit_note") as u64), (1, returned));
            assert!(returned <= 1, "{after}");
            assert_eq!((&after["customer"], &after["fulfilment_status"]), (&Value::Null, &json!("fulfilled")));
        }
        let report = world.verify_books(None);
        assert!(report.holds(), "{report}");
    }
    assert_eq!(one(&world, "SELECT deadlocks AS one FROM pg_stat_database WHERE datname = current_database()"), 0);
    assert!(paid > 0 && returned > 0 && adjusted > 0);
    assert_eq!(one(&world, "SELECT count(*) AS one FROM returns"), returned);
    assert_eq!(one(&world, "SELECT count(*) AS one FROM payments"), paid);
    assert_eq!(one(&world, "SELECT count(*) AS one FROM stock_movements WHERE order_id IS NULL"), adjusted + 3);
    assert_eq!(one(&world, "SELECT count(*) AS one FROM orders WHERE paid_minor > total_minor"), 0);
    let twice =
        "SELECT count(*) AS one FROM (SELECT l.id FROM order_lines l JOIN fulfilment_lines f ON f.order_line_id = l.id
        GROUP BY l.id, l.quantity HAVING sum(f.quantity) > l.quantity) twice";
    assert_eq!(one(&world, twice), 0);
}
