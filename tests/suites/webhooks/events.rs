//! What is told: every event with its transaction, signed, with nothing about people in it.

use super::*;
use countinghouse_api::platform::clock::Clock;
use countinghouse_tests::MockErp;
use std::{collections::BTreeMap, sync::Arc};

/// All that an order goes through, with a customer whose every word is a canary.
async fn sell(world: &World, owner: &Caller) -> String {
    let product = json!({
        "sku": "LAMP", "name": "Lamp", "price": "10.00", "low_stock_threshold": 3,
        "opening_stock": {"quantity": 5, "unit_cost": "4.00"},
    });
    let id = owner.post("/products", &product).await.expect(201)["id"].as_str().unwrap().to_owned();
    owner.patch(&format!("/products/{id}"), &json!({"price": "11.00"})).await.expect(200);
    owner.patch(&format!("/products/{id}"), &json!({"price": "11.00"})).await.expect(200);
    owner.patch("/client", &json!({"auto_invoice": false})).await.expect(200);
    let canary = "canary";
    let address = json!({"street1": canary, "city": canary, "postal_code": canary, "country": "DE"});
    let order = json!({
        "lines": [{"product_id": id, "quantity": 2}], "note": canary, "external_reference": canary,
        "customer": {"email": "canary@example.com", "first_name": canary, "last_name": canary},
        "billing_address": address, "shipping_address": address,
    });
    let order = owner.post("/orders", &order).await.expect(201)["id"].as_str().unwrap().to_owned();
    owner.post(&format!("/orders/{order}/invoice"), &json!({})).await.expect(201);
    let payment = json!({"amount": "5.00", "method": "card", "reference": canary});
    owner.post(&format!("/orders/{order}/payments"), &payment).await.expect(201);
    let parcel = json!({"carrier": canary, "tracking_number": canary});
    owner.post(&format!("/orders/{order}/fulfilments"), &parcel).await.expect(201);
    // What is refused has not happened.
    owner
        .post(&format!("/orders/{order}/payments"), &json!({"amount": "500.00", "method": "card"}))
        .await
        .invalid(&[("/amount", "overpaid")]);
    owner.order(&id, 50).await.problem(409, "insufficient_stock");
    owner.delete(&format!("/products/{id}")).await.expect(204);
    owner.delete(&format!("/products/{id}")).await.expect(204);
    assert_eq!(count(world, "jobs WHERE kind = 'give_out_event' AND state = 'dead'"), 0);
    order
}

#[tokio::test]
async fn everything_that_happens_is_told_once_under_a_signature_that_others_verify() {
    let world = World::start().await;
    let (owner, south, receiver) = (world.owner(), world.caller(&world.south, "owner"), Receiver::start());
    let all = Endpoint::at(&owner, &receiver.url("/all"), &[]).await;
    let some = Endpoint::at(&owner, &receiver.url("/some"), &["order.paid", "stock.low"]).await;
    let theirs = Endpoint::at(&south, &receiver.url("/south"), &[]).await;
    let worker = start_with(&world, handlers().unwrap());
    let order = sell(&world, &owner).await;
    in_state(&world, "delivered", 10).await;
    settled(&world).await;
    let received = receiver.received("/all");
    let mut told: BTreeMap<String, i32> = BTreeMap::new();
    for message in &received {
        message.verify(&all.secret);
        assert!(!message.is_signed_with(&some.secret));
        assert_eq!(message.header("content-type"), "application/json");
        *told.entry(message.kind()).or_default() += 1;
        let text = String::from_utf8(message.body.clone()).unwrap();
        assert!(!text.contains("canary"), "{text}");
        assert!(message.body.len() < 2000 && message.json()["timestamp"].is_string(), "{text}");
    }
    let once = [
        "order.created",
        "order.fulfilled",
        "order.invoiced",
        "order.paid",
        "product.archived",
        "product.created",
        "product.updated",
        "stock.low",
    ];
    assert_eq!(told, once.map(|kind| (kind.to_owned(), 1)).into());
    let paid = received.iter().find(|message| message.kind() == "order.paid").unwrap().json();
    assert_eq!(paid["data"]["order_id"], order);
    assert_eq!((&paid["data"]["amount"], &paid["data"]["amount_due"]), (&json!("5.00"), &json!("17.00")));
    let mut kinds: Vec<_> = receiver.received("/some").iter().map(|message| message.kind()).collect();
    kinds.sort();
    assert_eq!(kinds, ["order.paid", "stock.low"]);
    // The same message for each, and nobody else's.
    for message in receiver.received("/some") {
        assert!(received.iter().any(|other| other.id() == message.id() && other.body == message.body));
    }
    assert_eq!(receiver.received("/south").len(), 0);
    south.product("THEIRS", "1.00", 1).await;
    in_state(&world, "delivered", 11).await;
    receiver.received("/south")[0].verify(&theirs.secret);
    assert_eq!(receiver.received("/all").len(), 8);
    stop(worker).await;
}

/// Of an order that the ERP takes, and of one that it refuses; what is sent there is told too, without a person.
#[tokio::test]
async fn the_way_of_an_order_to_its_erp_is_told() {
    let world = World::start().await;
    let (owner, receiver) = (world.owner(), Receiver::start());
    let erp = MockErp::start(MockErp::options(), Arc::clone(&world.clock) as Arc<dyn Clock>);
    erp.link(&owner, &json!({})).await;
    let product = owner.product("LAMP", "10.00", 10).await;
    let kinds = ["erp_sync.before_send", "erp_sync.after_send", "erp_sync.success", "erp_sync.failed"];
    let endpoint = Endpoint::at(&owner, &receiver.url("/in"), &kinds).await;
    let worker = start_with(&world, handlers().unwrap());
    let lines = json!([{"product_id": product, "quantity": 1}]);
    let body = json!({"lines": lines, "customer": {"email": "canary@example.com", "first_name": "canary"}});
    let taken = owner.post("/orders", &body).await.expect(201);
    in_state(&world, "delivered", 3).await;
    erp.faults(&json!({"rules": [{"path": "/orders/sync", "fault": {"status": 400}}]})).await;
    let refused = owner.post("/orders", &body).await.expect(201);
    in_state(&world, "delivered", 6).await;
    let received = receiver.received("/in");
    let told = |order: &Value| {
        let of_order = received.iter().filter(|message| message.json()["data"]["order_id"] == order["id"]);
        let mut kinds: Vec<_> = of_order.map(|message| message.kind()).collect();
        kinds.sort();
        kinds
    };
    assert_eq!(told(&taken), ["erp_sync.after_send", "erp_sync.before_send", "erp_sync.success"]);
    assert_eq!(told(&refused), ["erp_sync.after_send", "erp_sync.before_send", "erp_sync.failed"]);
    for message in &received {
        message.verify(&endpoint.secret);
        assert!(!String::from_utf8_lossy(&message.body).contains("canary"));
    }
    let before = received.iter().find(|message| message.kind() == "erp_sync.before_send").unwrap().json();
    assert_eq!(before["data"]["payload"]["items"][0]["price"], "10.00");
    stop(worker).await;
}

/// What a file brings in is told of like what requests make; what is refused, or only looked at, is not.
#[tokio::test]
async fn products_of_a_file_are_told_of() {
    let world = World::start().await;
    let (owner, receiver) = (world.owner(), Receiver::start());
    let endpoint = Endpoint::at(&owner, &receiver.url("/in"), &["product.created"]).await;
    let worker = start_with(&world, handlers().unwrap());
    owner.product("TAKEN", "1.00", 1).await;
    let file = "sku,name,price,active\nA,x,1,\nTAKEN,x,1,\nB,x,1,false\n";
    for mode in ["mode=skip_bad&dry_run=true", "mode=all_or_nothing", "mode=skip_bad"] {
        owner.import(&format!("products?{mode}"), file).await.expect(201);
        until(&world, "imports WHERE finished_at IS NULL", 0).await;
    }
    in_state(&world, "delivered", 3).await;
    settled(&world).await;
    let mut told = Vec::new();
    for message in receiver.received("/in") {
        message.verify(&endpoint.secret);
        let data = message.json()["data"].clone();
        let product = owner.get(&format!("/products/{}", data["product_id"].as_str().unwrap())).await.expect(200);
        assert_eq!([&data["sku"], &data["version"]], [&product["sku"], &product["version"]]);
        told.push(data["sku"].as_str().unwrap().to_owned());
    }
    told.sort();
    assert_eq!(told, ["A", "B", "TAKEN"]);
    stop(worker).await;
}

/// An order with its invoice at once tells of both.
#[tokio::test]
async fn an_order_that_is_invoiced_at_once_tells_of_both() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "1.00", 5).await;
    owner.order(&product, 1).await.expect(201);
    let told =
        "events WHERE kind IN ('order.created', 'order.invoiced') AND data ->> 'grand_total' = '1.00' AND NOT heard";
    assert_eq!(count(&world, told), 2);
    // Nobody listens: it costs no job.
    assert_eq!(count(&world, "jobs"), 0);
}

#[tokio::test]
async fn many_endpoints_are_all_told_of_everything() {
    let world = World::start().await;
    let (owner, receiver) = (world.owner(), Receiver::start());
    let mut endpoints = Vec::new();
    for number in 0..20 {
        endpoints.push(Endpoint::at(&owner, &receiver.url(&format!("/{number}")), &[]).await);
    }
    let workers = [start_with(&world, handlers().unwrap()), start_with(&world, handlers().unwrap())];
    for number in 0..15 {
        owner.product(&format!("P{number}"), "1.00", 1).await;
    }
    in_state(&world, "delivered", 300).await;
    for (number, endpoint) in endpoints.iter().enumerate() {
        let received = receiver.received(&format!("/{number}"));
        assert_eq!(received.len(), 15, "{number}");
        received.iter().for_each(|message| message.verify(&endpoint.secret));
    }
    for worker in workers {
        stop(worker).await;
    }
}
