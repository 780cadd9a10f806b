//! How orders are sold: discounts and their cap, shipping, who bought, who sold, when; and how they
//! are found again.

use countinghouse_tests::{Answer, World};
use serde_json::{Value, json};

fn line(product: &str, more: Value) -> Value {
    let mut line = json!({"product_id": product, "quantity": 1});
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"lines": [line]})
}

#[tokio::test]
async fn the_price_cut_is_capped_but_for_those_who_may() {
    let world = World::start().await;
    let (owner, sales) = (world.owner(), world.caller(&world.north, "sales"));
    let product = owner.product("A", "10.00", 50).await;
    owner.patch("/client", &json!({"max_discount_pct": "10"})).await.expect(200);
    let cuts = [
        (json!({"discount_pct": "10"}), None),
        (json!({"discount_pct": "10.0001"}), Some("/lines/0/discount_pct")),
        (json!({"unit_price": "9.00"}), None),
        (json!({"unit_price": "8.99"}), Some("/lines/0/unit_price")),
        (json!({"unit_price": "9.50", "discount_pct": "5"}), None),
        (json!({"unit_price": "9.50", "discount_pct": "6"}), Some("/lines/0/discount_pct")),
        (json!({"unit_price": "20.00", "discount_pct": "55"}), None),
    ];
    for (cut, refused) in cuts {
        let answer = sales.post("/orders", &line(&product, cut.clone())).await;
        match refused {
            Some(pointer) => answer.invalid(&[(pointer, "discount_above_cap")]),
            None => drop(answer.expect(201)),
        }
        owner.post("/orders", &line(&product, cut)).await.expect(201);
    }
    // Each line by itself: a dear one does not make room for a cheap one.
    let both = json!({"lines": [{"product_id": product, "quantity": 1, "unit_price": "20.00"},
        {"product_id": product, "quantity": 1, "unit_price": "5.00"}]});
    sales.post("/orders", &both).await.invalid(&[("/lines/1/unit_price", "discount_above_cap")]);
}

#[tokio::test]
async fn discount_shipping_and_commission_show_on_the_order() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 50).await;
    owner.patch(&format!("/products/{product}"), &json!({"tax_rate": "20"})).await.expect(200);
    let policies = json!({"sales_commission_pct": "2.5", "shipping_tax_rate": "10"});
    owner.patch("/client", &policies).await.expect(200);
    let mut body = line(&product, json!({"quantity": 3, "unit_price": "9.99", "discount_pct": "10"}));
    body["shipping"] = json!("4.95");
    body["sales_person_id"] = json!(world.north.user("sales"));
    let order = owner.post("/orders", &body).await.expect(201);
    assert_eq!(
        order["totals"],
        json!({"subtotal": "29.97", "discount": "3.00", "tax": "5.89", "shipping": "4.95", "grand_total": "37.81"})
    );
    let sold = &order["lines"][0];
    assert_eq!(
        [&sold["discount_pct"], &sold["discount"], &sold["line_total"], &sold["tax"], &sold["line_gross"]],
        ["10.00", "3.00", "26.97", "5.39", "32.36"]
    );
    assert_eq!([&order["commission"], &order["gross_profit"]], ["0.67", "14.97"]);
    assert_eq!(order["sales_person_id"], json!(world.north.user("sales")));
    // What was agreed stays when the client changes its mind.
    owner.patch("/client", &json!({"sales_commission_pct": "50"})).await.expect(200);
    let path = format!("/orders/{}", order["id"].as_str().unwrap());
    assert_eq!(owner.get(&path).await.expect(200), order);
    let stranger = world.south.user("sales");
    let gone = world.north.user("viewer");
    owner.delete(&format!("/users/{gone}")).await.expect(204);
    for nobody in [stranger, gone] {
        body["sales_person_id"] = json!(nobody);
        owner.post("/orders", &body).await.invalid(&[("/sales_person_id", "not_found")]);
    }
}

#[tokio::test]
async fn amounts_are_of_the_clients_currency_and_not_negative() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 50).await;
    let mut body = line(&product, json!({"unit_price": "-1", "discount_pct": "101"}));
    body["shipping"] = json!("1.999");
    owner.post("/orders", &body).await.invalid(&[("/lines/0/discount_pct", "invalid_rate")]);
    body["lines"][0]["discount_pct"] = json!("1");
    owner.post("/orders", &body).await.invalid(&[("/lines/0/unit_price", "negative"), ("/shipping", "too_precise")]);
    assert_eq!(owner.get(&format!("/products/{product}")).await.expect(200)["on_hand"], 50);
}

#[tokio::test]
async fn an_order_keeps_who_bought_as_they_were() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 50).await;
    let address = |city: &str| json!({"street1": "Main 1", "city": city, "postal_code": "1", "country": "NO"});
    let record = json!({"first_name": "Olga", "billing_address": address("Oslo"), "shipping_address": address("Moss")});
    let customer = owner.post("/customers", &record).await.expect(201);
    let mut body = line(&product, json!({}));
    body["customer_id"] = customer["id"].clone();
    body["shipping_address"] = address("Bodø");
    let order = owner.post("/orders", &body).await.expect(201);
    assert_eq!(order["customer"], json!({"first_name": "Olga"}));
    assert_eq!([&order["billing_address"]["city"], &order["shipping_address"]["city"]], ["Oslo", "Bodø"]);
    let path = format!("/customers/{}", customer["id"].as_str().unwrap());
    owner.patch(&path, &json!({"first_name": "Ines"})).await.expect(200);
    let read = owner.get(&format!("/orders/{}", order["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(read, order);
    body["customer"] = json!({"first_name": "Per"});
    owner.post("/orders", &body).await.invalid(&[("/customer", "one_of")]);
    let mut body = line(&product, json!({}));
    body["customer"] = json!({"email": "per@example.com"});
    assert_eq!(owner.post("/orders", &body).await.expect(201)["customer"], body["customer"]);
}

#[tokio::test]
async fn only_the_past_is_entered_later_and_only_by_those_who_may() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 50).await;
    let mut body = line(&product, json!({}));
    body["ordered_at"] = json!("2026-03-31T10:00:00.123456789Z");
    let refused = world.caller(&world.north, "sales").post("/orders", &body).await;
    refused.problem(403, "permission_denied");
    let order = owner.post("/orders", &body).await.expect(201);
    assert_eq!(order["ordered_at"], "2026-03-31T10:00:00.123456Z");
    assert_eq!(order["due_date"], "2026-04-30");
    for (at, code) in [("2126-03-31T10:00:00Z", "in_the_future"), ("0026-03-31T10:00:00Z", "out_of_range")] {
        body["ordered_at"] = json!(at);
        owner.post("/orders", &body).await.invalid(&[("/ordered_at", code)]);
    }
}

async fn found(world: &World, query: &str) -> Vec<String> {
    let page = world.owner().get(&format!("/orders?{query}")).await.expect(200);
    let reference = |order: &Value| order["external_reference"].as_str().unwrap().to_owned();
    page["data"].as_array().unwrap().iter().map(reference).collect()
}

#[tokio::test]
async fn orders_are_found_by_every_filter() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "10.00", 50).await;
    let customer = owner.post("/customers", &json!({"company": "Berg"})).await.expect(201);
    let order = async |reference: &str, more: Value| {
        let mut body = line(&product, json!({"quantity": 2}));
        body["external_reference"] = json!(reference);
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        owner.post("/orders", &body).await.expect(201)
    };
    // The days of March in Berlin begin and end an hour before those of UTC.
    order("march", json!({"ordered_at": "2026-02-28T23:30:00Z", "channel": "shop"})).await;
    let paid = order("paid", json!({"customer": {"email": "Olga@Example.com", "last_name": "Berg_Hansen"}})).await;
    let sent = order("sent", json!({"customer_id": customer["id"]})).await;
    let on = async |order: &Value, what: &str, body: Value| {
        owner.post(&format!("/orders/{}/{what}", order["id"].as_str().unwrap()), &body).await.expect(201)
    };
    on(&paid, "payments", json!({"amount": "20.00", "method": "card"})).await;
    let part = json!([{"order_line_id": sent["lines"][0]["id"], "quantity": 1}]);
    on(&sent, "fulfilments", json!({"carrier": "UPS", "tracking_number": "1Z", "lines": part})).await;
    on(&paid, "fulfilments", json!({"carrier": "UPS", "tracking_number": "1Z"})).await;
    let customer_id = customer["id"].as_str().unwrap();
    let number = sent["order_number"].as_str().unwrap();
    for (query, expected) in [
        ("", vec!["sent", "paid", "march"]),
        ("status=completed", vec!["paid"]),
        ("status=invoiced", vec!["sent", "march"]),
        ("status=placed", vec![]),
        ("payment_status=paid", vec!["paid"]),
        ("payment_status=unpaid&fulfilment_status=partly_fulfilled", vec!["sent"]),
        ("fulfilment_status=unfulfilled", vec!["march"]),
        ("from=2026-03-01&to=2026-03-31", vec!["march"]),
        ("to=2026-02-28", vec![]),
        (&format!("customer_id={customer_id}"), vec!["sent"]),
        ("customer_email=olga@example.com", vec!["paid"]),
        ("channel=shop", vec!["march"]),
        ("external_reference=paid", vec!["paid"]),
        ("erp_synced=true", vec![]),
        ("erp_synced=false&limit=1", vec!["sent"]),
        ("q=berg", vec!["sent", "paid"]),
        ("q=berg_", vec!["paid"]),
        ("q=march", vec!["march"]),
        (&format!("q={number}"), vec!["sent"]),
    ] {
        assert_eq!(found(&world, query).await, expected, "{query}");
    }
    let unknown = owner.get("/orders?status=lost").await;
    unknown.problem(422, "invalid_request");
    let mut both = Answer::of(owner.request(reqwest::Method::GET, "/orders?limit=1&status=invoiced")).await.expect(200);
    let cursor = both["next_cursor"].take();
    let cursor = cursor.as_str().unwrap();
    assert_eq!(found(&world, &format!("limit=1&status=invoiced&cursor={cursor}")).await, ["march"]);
    owner.get(&format!("/orders?limit=1&cursor={cursor}")).await.invalid(&[("/cursor", "invalid_cursor")]);
}
