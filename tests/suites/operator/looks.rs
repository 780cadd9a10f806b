//! Looks inside one client, and at the doors of all.

use super::*;
use countinghouse_tests::PASSWORD;

/// A client with an order of somebody whose name nobody else is to read.
async fn shop(world: &World) -> Caller {
    let owner = world.owner();
    let product = owner.product("LAMP", "9.99", 5).await;
    let customer = json!({"first_name": "Canary", "last_name": "Berg", "email": "canary@example.com"});
    let order = json!({"lines": [{"product_id": product, "quantity": 1}], "customer": customer, "note": "Canary"});
    owner.post("/orders", &order).await.expect(201);
    owner
}

#[tokio::test]
async fn one_clients_people_products_and_orders_are_seen_and_written_down() {
    let world = World::start().await;
    let (root, owner) = (world.superadmin(), shop(&world).await);
    let users = root.get("/admin/tenants/north/users?role=owner").await.expect(200);
    assert_eq!(each(&users, "username"), ["owner"]);
    let products = root.get("/admin/tenants/north/products?q=lamp").await.expect(200);
    assert_eq!(each(&products, "sku"), ["LAMP"]);
    assert_eq!(products["data"][0]["on_hand"], 4);
    let orders = root.get("/admin/tenants/north/orders").await;
    assert!(!orders.text.contains("anary"), "{orders:?}");
    let orders = orders.expect(200);
    assert_eq!((&orders["data"][0]["status"], &orders["data"][0]["customer"]), (&json!("invoiced"), &Value::Null));
    for list in ["users", "products", "orders"] {
        let path = format!("/admin/tenants/south/{list}");
        let rows = root.get(&path).await.expect(200);
        assert_eq!(rows["data"].as_array().unwrap().is_empty(), list != "users", "{list}");
        root.get(&format!("/admin/tenants/nobody/{list}")).await.problem(404, "not_found");
        root.get(&format!("/admin/tenants/north%00/{list}")).await.problem(404, "not_found");
    }
    let shown = owner.get("/audit?action=client.shown").await.expect(200);
    let lists: Vec<_> = shown["data"].as_array().unwrap().iter().map(|entry| text(&entry["after"], "list")).collect();
    assert_eq!(lists, ["orders", "products", "users"]);
    assert_eq!(shown["data"][0]["actor"]["kind"], "superadmin");
    let operators = actions(&root, "/admin/audit?tenant=north&action=client.shown").await;
    assert_eq!(operators.len(), 3);
}

#[tokio::test]
async fn one_order_is_seen_as_it_stands_but_for_who_bought() {
    let world = World::start().await;
    let (root, owner) = (world.superadmin(), shop(&world).await);
    let mut own = owner.get("/orders").await.expect(200)["data"][0].clone();
    let id = text(&own, "id");
    let at = |slug: &str, id: &str| format!("/admin/tenants/{slug}/orders/{id}");
    let answer = root.get(&at("north", &id)).await;
    assert!(own.to_string().contains("anary") && !answer.text.contains("anary"), "{answer:?}");
    for field in ["customer_id", "customer", "billing_address", "shipping_address", "note"] {
        own[field] = Value::Null;
    }
    assert_eq!(answer.expect(200), own);
    let never = Uuid::now_v7().to_string();
    for (slug, id) in [("south", &*id), ("nobody", &id), ("north%00", &id), ("north", &never), ("north", "x")] {
        root.get(&at(slug, id)).await.problem(404, "not_found");
    }
    // It can be looked at while the client is kept from working too.
    root.post("/admin/tenants/north/suspend", &json!({"reason": "unpaid"})).await.expect(200);
    root.get(&at("north", &id)).await.expect(200);
    root.post("/admin/tenants/north/resume", &json!({})).await.expect(200);
    let shown = owner.get("/audit?action=order.shown").await.expect(200);
    let seen: Vec<_> = shown["data"].as_array().unwrap().iter().map(|entry| &entry["resource"]["id"]).collect();
    assert_eq!(seen, [&id, &id], "what was not there was not shown");
    assert_eq!(shown["data"][0]["actor"]["kind"], "superadmin");
    let south = world.caller(&world.south, "owner");
    assert_eq!(actions(&south, "/audit?action=order.shown").await, [""; 0]);
    assert_eq!(actions(&root, "/admin/audit?action=order.shown&tenant=north").await.len(), 3);
}

#[tokio::test]
async fn sessions_are_listed_over_all_clients_and_ended() {
    let world = World::start().await;
    let root = world.superadmin();
    let viewer = world.log_in(&world.north, "viewer").await;
    let page = root.get("/admin/sessions?limit=1").await.expect(200);
    let newest = &page["data"][0];
    assert_eq!((&newest["tenant"], &newest["username"]), (&json!("north"), &json!("viewer")));
    assert_eq!(newest["user_agent"], Value::Null);
    let of_south = root.get("/admin/sessions?tenant=south&limit=200").await.expect(200);
    assert!(each(&of_south, "tenant").iter().all(|slug| slug == "south"));
    let path = format!("/admin/sessions/{}", text(newest, "id"));
    for _ in 0..2 {
        assert_eq!(root.delete(&path).await.status, 204);
    }
    viewer.get("/auth/me").await.problem(401, "session_ended");
    root.delete(&format!("/admin/sessions/{}", Uuid::now_v7())).await.problem(404, "not_found");
    root.delete("/admin/sessions/x").await.problem(404, "not_found");
    let owner = world.owner();
    let entry = owner.get("/audit?action=session.ended").await.expect(200);
    assert_eq!(entry["data"].as_array().unwrap().len(), 1, "{entry}");
    assert_eq!(entry["data"][0]["actor"]["kind"], "superadmin");
    let logs = owner.get("/sessions/logs?kind=session_ended").await.expect(200);
    assert_eq!(logs["data"].as_array().unwrap().len(), 1);
    let left = root.get("/admin/sessions?limit=200").await.expect(200);
    assert!(!each(&left, "id").contains(&text(newest, "id")));
}

#[tokio::test]
async fn who_was_turned_away_is_seen_over_all_clients() {
    let world = World::start().await;
    let root = world.superadmin();
    for slug in ["north", "south"] {
        let wrong = json!({"client_id": slug, "username": "owner", "password": "not the one at all"});
        world.nobody().post("/auth/login", &wrong).await.problem(401, "invalid_credentials");
    }
    world.log_in(&world.north, "viewer").await;
    let page = root.get("/admin/sessions/logs").await.expect(200);
    assert_eq!(each(&page, "tenant"), ["south", "north"]);
    assert_eq!(each(&page, "kind"), ["login_failed", "login_failed"]);
    assert_eq!(page["data"][0]["username"], "owner");
    let of_north = root.get("/admin/sessions/logs?tenant=north&kind=login").await.expect(200);
    assert_eq!(each(&of_north, "kind"), ["login"]);
    root.get("/admin/sessions/logs?kind=login").await.invalid(&[("/tenant", "required")]);
    root.get("/admin/sessions/logs?tenant=nobody").await.problem(404, "not_found");
    assert!(!PASSWORD.is_empty() && !page.to_string().contains("not the one"));
    let next = root.get("/admin/sessions/logs?limit=1").await.expect(200);
    let next = format!("/admin/sessions/logs?limit=1&cursor={}", text(&next, "next_cursor"));
    assert_eq!(each(&root.get(&next).await.expect(200), "tenant"), ["north"]);
}

#[tokio::test]
async fn failing_endpoints_are_found_and_their_deliveries_replayed() {
    let world = World::start().await;
    let (root, owner) = (world.superadmin(), world.owner());
    let [bad, good] = [(); 2].map(|()| json!({"url": "https://hooks.example.com/in", "event_types": ["stock.low"]}));
    let bad = text(&owner.post("/webhooks/endpoints", &bad).await.expect(201), "id");
    owner.post("/webhooks/endpoints", &good).await.expect(201);
    assert_eq!(root.get("/admin/webhooks/endpoints").await.expect(200)["data"], json!([]));
    run(&world, &format!("UPDATE webhook_endpoints SET failing_since = now() WHERE id = '{bad}'"));
    let page = root.get("/admin/webhooks/endpoints").await.expect(200);
    assert_eq!((each(&page, "id"), each(&page, "tenant")), (vec![bad.clone()], vec!["north".to_owned()]));
    assert_eq!(root.get("/admin/webhooks/endpoints?tenant=south").await.expect(200)["data"], json!([]));
    let sent = owner.post(&format!("/webhooks/endpoints/{bad}/test"), &json!({})).await.expect(201);
    let at = |slug: &str| format!("/admin/tenants/{slug}/webhooks");
    let path = format!("{}/endpoints/{bad}/deliveries", at("north"));
    assert_eq!(each(&root.get(&path).await.expect(200), "id"), [text(&sent, "id")]);
    root.get(&format!("{}/endpoints/{bad}/deliveries", at("south"))).await.problem(404, "not_found");
    let delivery = format!("/deliveries/{}", text(&sent, "id"));
    let shown = root.get(&format!("{}{delivery}", at("north"))).await.expect(200);
    assert_eq!(shown["payload"]["type"], "webhook.test");
    root.get(&format!("{}{delivery}", at("south"))).await.problem(404, "not_found");
    let again = root.post(&format!("{}{delivery}/replay", at("north")), &json!({})).await.expect(200);
    assert_eq!((&again["cause"], &again["event_id"]), (&json!("replay"), &sent["event_id"]));
    root.post(&format!("{}{delivery}/replay", at("south")), &json!({})).await.problem(404, "not_found");
    let entry = owner.get("/audit?action=webhook_endpoint.replayed").await.expect(200);
    assert_eq!(entry["data"][0]["actor"]["kind"], "superadmin");
}
