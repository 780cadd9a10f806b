//! Customers: entered, found, changed, and erased here and on their orders.

use countinghouse_tests::{Caller, Login, World};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use futures_util::future::join_all;
use serde_json::{Value, json};

fn address(city: &str) -> Value {
    json!({"name": "Olga Berg", "company": null, "street1": "Main 1", "street2": null, "city": city, "region": null,
        "postal_code": "0150", "country": "NO", "phone": null})
}

fn without_nulls(value: &Value) -> Value {
    let members = value.as_object().unwrap().iter().filter(|(_, member)| !member.is_null());
    members.map(|(name, member)| (name.clone(), member.clone())).collect()
}

async fn enter(caller: &Caller, body: Value) -> Value {
    caller.post("/customers", &body).await.expect(201)
}

fn path(customer: &Value) -> String {
    format!("/customers/{}", customer["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_customer_is_entered_read_and_changed() {
    let world = World::start().await;
    let sales = world.caller(&world.north, "sales");
    let body = json!({"email": "Olga@Example.com", "first_name": "Olga", "last_name": "Berg", "phone": "+47 1",
        "billing_address": without_nulls(&address("Oslo")), "payment_terms_days": 14, "note": "Rings\ntwice"});
    let answer = sales.post("/customers", &body).await;
    assert_eq!(answer.header("etag"), "\"1\"");
    let location = answer.header("location").to_owned();
    let made = answer.expect(201);
    assert_eq!(location, format!("/api/v1{}", path(&made)));
    assert_eq!(sales.get(&path(&made)).await.expect(200), made);
    assert_eq!((&made["email"], &made["shipping_address"]), (&json!("Olga@Example.com"), &Value::Null));
    assert_eq!(without_nulls(&made["billing_address"]), without_nulls(&address("Oslo")));
    let patch = json!({"phone": null, "company": "Berg", "shipping_address": without_nulls(&address("Bergen"))});
    let changed = sales.patch(&path(&made), &patch).await.expect(200);
    assert_eq!(
        (&changed["version"], &changed["phone"], &changed["company"]),
        (&json!(2), &Value::Null, &json!("Berg"))
    );
    assert_eq!(sales.patch(&path(&made), &patch).await.expect(200)["version"], 2);
    let stale = sales.request(reqwest::Method::PATCH, &path(&made)).header("if-match", "\"1\"").json(&patch);
    countinghouse_tests::Answer::of(stale).await.problem(412, "version_mismatch");
}

#[tokio::test]
async fn somebody_is_recognisable_by_something() {
    let world = World::start().await;
    let owner = world.owner();
    owner.post("/customers", &json!({"note": "who?"})).await.invalid(&[("", "nobody")]);
    let wrong = json!({"email": "nothing", "company": " ", "phone": "1\u{7}", "payment_terms_days": -1,
        "billing_address": {"street1": "", "city": "x", "postal_code": "1", "country": "NO"}});
    owner.post("/customers", &wrong).await.invalid(&[
        ("/email", "invalid_email"),
        ("/company", "too_short"),
        ("/phone", "invalid_characters"),
        ("/billing_address/street1", "too_short"),
        ("/payment_terms_days", "out_of_range"),
    ]);
    let made = enter(&owner, json!({"company": "Berg"})).await;
    owner.patch(&path(&made), &json!({"company": null})).await.invalid(&[("", "nobody")]);
}

#[tokio::test]
async fn customers_are_found_by_parts_and_by_address() {
    let world = World::start().await;
    let owner = world.owner();
    for (first, email) in [("Ines", "ines@example.com"), ("Olga", "OLGA@example.com"), ("Per_%", "per@example.com")] {
        enter(&owner, json!({"first_name": first, "email": email, "company": "Berg & Co"})).await;
    }
    enter(&world.caller(&world.south, "owner"), json!({"first_name": "Olga", "email": "olga@example.com"})).await;
    let found = async |query: &str| {
        let page = owner.get(&format!("/customers?{query}")).await.expect(200);
        let names = page["data"].as_array().unwrap().iter().map(|row| row["first_name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(found("email=olga@EXAMPLE.com").await, ["Olga"]);
    // Lower case by the database's rules, which has no final sigma.
    enter(&owner, json!({"first_name": "Odysseus", "email": "ΟΔΥΣΣΕΥΣ@example.gr"})).await;
    assert_eq!(found("email=ΟΔΥΣΣΕΥΣ@example.gr").await, ["Odysseus"]);
    assert_eq!(found("q=berg").await, ["Per_%", "Olga", "Ines"]);
    assert_eq!(found("q=_%25").await, ["Per_%"]);
    assert_eq!(found("q=nobody").await, Vec::<String>::new());
    let first = owner.get("/customers?limit=2").await.expect(200);
    enter(&owner, json!({"first_name": "New"})).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(found(&format!("limit=2&cursor={cursor}")).await, ["Olga", "Ines"]);
}

/// Nothing of the person is left anywhere but on what was issued.
#[tokio::test]
async fn who_is_erased_is_gone_everywhere_but_from_issued_invoices() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 10).await;
    let body = json!({"email": "olga@example.com", "first_name": "Olga", "last_name": "Berg", "phone": "+47 5550199",
        "billing_address": without_nulls(&address("Oslo")), "note": "Rings twice"});
    let customer = enter(&owner, body).await;
    let order = json!({"lines": [{"product_id": product, "quantity": 1}], "customer_id": customer["id"]});
    let order = owner.post("/orders", &order).await.expect(201);
    assert_eq!(order["customer"]["email"], "olga@example.com");
    assert_eq!(order["billing_address"], customer["billing_address"]);
    let order_path = format!("/orders/{}", order["id"].as_str().unwrap());
    let invoices = owner.get(&format!("{order_path}/invoices")).await.expect(200);
    owner.delete(&path(&customer)).await.expect(204);
    for method in ["GET", "PATCH", "DELETE"] {
        let request = owner.request(method.parse().unwrap(), &path(&customer)).json(&json!({}));
        countinghouse_tests::Answer::of(request).await.problem(404, "not_found");
    }
    assert_eq!(owner.get("/customers").await.expect(200)["data"], json!([]));
    let after = owner.get(&order_path).await.expect(200);
    assert_eq!(after["customer_id"], customer["id"]);
    assert_eq!((&after["version"], &after["totals"]), (&json!(2), &order["totals"]));
    for gone in ["customer", "billing_address", "shipping_address"] {
        assert_eq!(after[gone], Value::Null, "{gone}");
    }
    assert_eq!(owner.get("/orders?customer_email=olga@example.com").await.expect(200)["data"], json!([]));
    assert_eq!(owner.get(&format!("{order_path}/invoices")).await.expect(200), invoices);
    assert_eq!(invoices["data"][0]["customer"]["last_name"], "Berg");
    let again = json!({"lines": [{"product_id": product, "quantity": 1}], "customer_id": customer["id"]});
    owner.post("/orders", &again).await.invalid(&[("/customer_id", "not_found")]);
    assert_eq!(rows_that_name_olga(&world), ["invoices"]);
}

fn rows_that_name_olga(world: &World) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Table {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let mut owner = world.database(Login::Owner);
    let tables = "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
    let tables: Vec<Table> = sql_query(tables).load(&mut owner).unwrap();
    // As they are, and in hexadecimal, as the bytes of a column are written.
    let words = ["Olga", "olga", "Berg", "5550199", "Oslo"];
    let bytes = words.map(|word| word.bytes().map(|byte| format!("{byte:02x}")).collect::<String>());
    let pattern = [words.join("|"), bytes.join("|")].join("|");
    let names = |table: &Table| {
        let query = format!("SELECT 'x' AS name FROM {} t WHERE t::text ~ '{pattern}'", table.name);
        !sql_query(query).load::<Table>(&mut world.database(Login::Owner)).unwrap().is_empty()
    };
    tables.into_iter().filter(|table| names(table)).map(|table| table.name).collect()
}

/// An answer that is kept for a request that comes again is given without who was erased meanwhile.
#[tokio::test]
async fn who_is_erased_is_gone_from_answers_that_are_kept() {
    let world = World::start().await;
    let owner = world.owner();
    owner.patch("/client", &json!({"auto_invoice": false})).await.expect(200);
    let product = owner.product("A", "9.99", 10).await;
    let send = async |method: &str, path: &str, body: &Value| {
        let request = owner.request(method.parse().unwrap(), path).header("idempotency-key", "k").json(body);
        countinghouse_tests::Answer::of(request).await
    };
    let record = json!({"email": "olga@example.com", "first_name": "Olga", "phone": "+47 5550199", "note": "Rings",
        "shipping_address": without_nulls(&address("Oslo"))});
    let customer = send("POST", "/customers", &record).await.expect(201);
    let patch = json!({"last_name": "Berg"});
    send("PATCH", &path(&customer), &patch).await.expect(200);
    let order = json!({"lines": [{"product_id": product, "quantity": 1}], "customer_id": customer["id"],
        "billing_address": without_nulls(&address("Oslo")), "note": "A present"});
    let placed = send("POST", "/orders", &order).await.expect(201);
    let invoice = format!("/orders/{}/invoice", placed["id"].as_str().unwrap());
    let invoiced = send("POST", &invoice, &json!({})).await.expect(201);
    assert_eq!(invoiced["customer"]["last_name"], "Berg");
    assert_eq!(rows_that_name_olga(&world), ["customers", "idempotency_keys", "invoices", "orders"]);
    send("DELETE", &path(&customer), &Value::Null).await;
    assert_eq!(rows_that_name_olga(&world), ["invoices"]);
    // All else is as it was answered.
    let again = async |method: &str, path: &str, body: &Value, first: &Value, erased: &[&str]| {
        let answer = send(method, path, body).await;
        assert_eq!(answer.header("idempotency-replayed"), "true");
        let mut expected = first.clone();
        for member in erased {
            expected[member] = Value::Null;
        }
        assert_eq!(answer.body, expected);
    };
    let of_order = ["customer", "billing_address", "shipping_address"];
    again("POST", "/orders", &order, &placed, &of_order).await;
    again("POST", &invoice, &json!({}), &invoiced, &of_order).await;
    let of_customer = ["email", "first_name", "phone", "note", "shipping_address"];
    again("POST", "/customers", &record, &customer, &of_customer).await;
    assert_eq!(send("PATCH", &path(&customer), &patch).await.body["last_name"], Value::Null);
}

/// An order that is being made while its customer is erased keeps nobody.
#[tokio::test]
async fn erasing_while_orders_come_in_leaves_nobody_on_them() {
    let world = World::builder().workers(2).pool(8).start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 1_000).await;
    for _ in 0..5 {
        let customer = enter(&owner, json!({"email": "olga@example.com"})).await;
        let body = json!({"lines": [{"product_id": product, "quantity": 1}], "customer_id": customer["id"]});
        let orders = join_all((0..12).map(|_| owner.post("/orders", &body)));
        let customer_path = path(&customer);
        let (orders, erased) = tokio::join!(orders, owner.delete(&customer_path));
        erased.expect(204);
        assert!(orders.iter().all(|answer| [201, 422].contains(&answer.status)));
        let kept = owner.get("/orders?customer_email=olga@example.com").await.expect(200);
        assert_eq!(kept["data"], json!([]));
    }
}

#[tokio::test]
async fn a_customer_of_another_client_is_nobody() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 10).await;
    let theirs = enter(&world.caller(&world.south, "owner"), json!({"company": "Theirs"})).await;
    let body = json!({"lines": [{"product_id": product, "quantity": 1}], "customer_id": theirs["id"]});
    owner.post("/orders", &body).await.invalid(&[("/customer_id", "not_found")]);
}
