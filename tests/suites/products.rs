//! The catalogue: entering, reading, changing and archiving products. Lists are in
//! `product_lists`.

use crate::footprint::{footprint, same_but_for_request_id};
use countinghouse_tests::{Answer, Caller, Login, World};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use futures_util::future::join_all;
use reqwest::{Method, header::IF_MATCH};
use serde_json::{Value, json};

async fn create(caller: &Caller, sku: &str) -> String {
    let made = caller.post("/products", &json!({"sku": sku, "name": sku, "price": "1.00"})).await.expect(201);
    format!("/products/{}", made["id"].as_str().expect("an id"))
}

/// A request on the condition of these versions, each a header of its own.
async fn on_condition(caller: &Caller, method: Method, path: &str, tags: &[&str], body: &Value) -> Answer {
    let request = tags.iter().fold(caller.request(method, path), |request, tag| request.header(IF_MATCH, *tag));
    Answer::of(if body.is_null() { request } else { request.json(body) }).await
}

#[tokio::test]
async fn a_product_keeps_every_field_it_was_given() {
    let world = World::start().await;
    let owner = world.owner();
    let body = json!({
        "sku": "SOCK-42", "name": "Wool socks", "description": "Warm.\nTwo of them.\tGrey.", "barcode": "4006381333931",
        "price": "12.50", "tax_rate": "19.00", "low_stock_threshold": 5,
        "attributes": {"colour": "grey", "size/eu": "42~43", "empty": ""},
        "opening_stock": {"quantity": 8, "unit_cost": "4.25"},
    });
    let answer = owner.post("/products", &body).await;
    assert_eq!(answer.header("etag"), "\"1\"");
    let location = answer.header("location").to_owned();
    let made = answer.expect(201);
    assert_eq!(location, format!("/api/v1/products/{}", made["id"].as_str().unwrap()));
    let expected = json!({
        "id": made["id"], "sku": "SOCK-42", "name": "Wool socks", "description": "Warm.\nTwo of them.\tGrey.",
        "barcode": "4006381333931", "currency": "EUR", "price": "12.50", "tax_rate": "19.00", "on_hand": 8,
        "unfulfilled": 0, "average_cost": "4.25", "inventory_value": "34.00", "low_stock_threshold": 5,
        "attributes": {"colour": "grey", "size/eu": "42~43", "empty": ""}, "active": true, "version": 1,
        "created_at": made["created_at"], "updated_at": made["created_at"],
    });
    assert_eq!(made, expected);
    let created_at = made["created_at"].as_str().unwrap();
    assert!(created_at.ends_with('Z') && created_at.parse::<chrono::DateTime<chrono::Utc>>().is_ok(), "{created_at}");
    assert_eq!(uuid::Uuid::parse_str(made["id"].as_str().unwrap()).unwrap().get_version_num(), 7);
    let read = owner.get(location.trim_start_matches("/api/v1")).await;
    assert_eq!(read.header("etag"), "\"1\"");
    assert_eq!(read.expect(200), made);
    let list = owner.get("/products").await.expect(200);
    assert_eq!(list, json!({"data": [made], "next_cursor": null}));
}

#[tokio::test]
async fn what_is_left_out_has_its_default() {
    let world = World::start().await;
    let south = world.caller(&world.south, "owner");
    let made = south.post("/products", &json!({"sku": "A", "name": "B", "price": "5"})).await.expect(201);
    let expected = json!({
        "id": made["id"], "sku": "A", "name": "B", "description": null, "barcode": null, "currency": "USD",
        "price": "5.00", "tax_rate": "0.00", "on_hand": 0, "unfulfilled": 0, "average_cost": null,
        "inventory_value": "0.00", "low_stock_threshold": null, "attributes": {}, "active": true, "version": 1,
        "created_at": made["created_at"], "updated_at": made["updated_at"],
    });
    assert_eq!(made, expected);
    let nulls = json!({"sku": "B", "name": "B", "price": "0", "description": null, "barcode": null, "tax_rate": null,
        "low_stock_threshold": null, "attributes": null, "opening_stock": null});
    assert_eq!(south.post("/products", &nulls).await.expect(201)["price"], "0.00");
}

#[tokio::test]
async fn amounts_and_rates_go_out_in_their_own_form() {
    let world = World::start().await;
    let owner = world.owner();
    for (at, (price, shown, rate, shown_rate)) in [
        ("5", "5.00", "20", "20.00"),
        ("0.5", "0.50", "7.5", "7.50"),
        ("0", "0.00", "0", "0.00"),
        ("100000000000.00", "100000000000.00", "100", "100.00"),
        ("99999999999.99", "99999999999.99", "3.3333", "3.3333"),
    ]
    .iter()
    .enumerate()
    {
        let body = json!({"sku": format!("A-{at}"), "name": "A", "price": price, "tax_rate": rate});
        let made = owner.post("/products", &body).await.expect(201);
        assert_eq!((&made["price"], &made["tax_rate"]), (&json!(shown), &json!(shown_rate)));
    }
}

#[tokio::test]
async fn text_of_every_script_comes_back_as_it_came() {
    let world = World::start().await;
    let owner = world.owner();
    for (at, text) in [
        "Größe — ñandú",
        "日本語の靴下",
        "جوارب",
        "🧦👨‍👩‍👧",
        "a\u{301} is not á",
        "' OR 1=1; --",
        "<b>&amp;</b>",
        "\\u0000 %s {} $1",
        "\u{10ffff}\u{202e}abc",
    ]
    .iter()
    .enumerate()
    {
        let sku = format!("{at} {text}");
        let body = json!({"sku": sku, "name": text, "description": text, "barcode": text, "price": "1.00",
            "attributes": {*text: text}});
        let made = owner.post("/products", &body).await.expect(201);
        let read = owner.get(&format!("/products/{}", made["id"].as_str().unwrap())).await.expect(200);
        for name in ["sku", "name", "description", "barcode", "attributes"] {
            assert_eq!(read[name], body[name], "{name}");
        }
    }
}

#[tokio::test]
async fn opening_stock_lies_there_with_its_movement() {
    #[derive(QueryableByName, PartialEq, Debug)]
    struct Movement {
        #[diesel(sql_type = sql_types::Text)]
        said: String,
    }
    let world = World::start().await;
    let owner = world.owner();
    let stock = |sku: &str, quantity: i64, cost: &str| {
        let stock = json!({"quantity": quantity, "unit_cost": cost});
        json!({"sku": sku, "name": sku, "price": "1.00", "opening_stock": stock})
    };
    let none = owner.post("/products", &stock("NONE", 0, "4.00")).await.expect(201);
    assert_eq!((&none["on_hand"], &none["average_cost"]), (&json!(0), &Value::Null));
    assert_eq!(none["inventory_value"], "0.00");
    let free = owner.post("/products", &stock("FREE", 5, "0")).await.expect(201);
    assert_eq!((&free["on_hand"], &free["average_cost"]), (&json!(5), &json!("0.00")));
    let most = owner.post("/products", &stock("MOST", 1_000_000_000, "100.00")).await.expect(201);
    assert_eq!((&most["on_hand"], &most["inventory_value"]), (&json!(1_000_000_000), &json!("100000000000.00")));
    let movements: Vec<Movement> = sql_query(
        "SELECT concat_ws(' ', p.sku, m.kind, m.quantity, m.value_minor, m.on_hand_after, m.value_after_minor) AS said \
         FROM stock_movements m JOIN products p ON p.id = m.product_id ORDER BY p.sku",
    )
    .load(&mut world.database(Login::Owner))
    .expect("movements");
    let said: Vec<&str> = movements.iter().map(|movement| movement.said.as_str()).collect();
    let most = "MOST opening 1000000000 10000000000000 1000000000 10000000000000";
    assert_eq!(said, ["FREE opening 5 0 5 0", most]);
}

#[tokio::test]
async fn what_goods_cost_is_shown_with_costs_read_only() {
    let world = World::start().await;
    let id = world.owner().product("A", "9.99", 10).await;
    for (role, sees) in [
        ("owner", true),
        ("manager", true),
        ("accountant", true),
        ("sales", false),
        ("viewer", false),
        ("warehouse", false),
        ("technician", false),
    ] {
        let caller = world.caller(&world.north, role);
        let one = caller.get(&format!("/products/{id}")).await.expect(200);
        let list = caller.get("/products").await.expect(200);
        for product in [&one, &list["data"][0]] {
            let told = ["average_cost", "inventory_value"].map(|name| product.get(name).is_some());
            assert_eq!(told, [sees, sees], "{role}: {product}");
            assert_eq!(product["on_hand"], 10);
        }
        if sees {
            assert_eq!((&one["average_cost"], &one["inventory_value"]), (&json!("4.00"), &json!("40.00")));
        }
    }
}

#[tokio::test]
async fn a_sku_is_taken_once_per_client_for_good() {
    let world = World::start().await;
    let (owner, south) = (world.owner(), world.caller(&world.south, "owner"));
    let body = |sku: &str| json!({"sku": sku, "name": "Another", "price": "2.00"});
    let (first, second) = (create(&owner, "A").await, create(&owner, "B").await);
    let before = footprint(&world);
    owner.post("/products", &body("A")).await.problem(409, "sku_taken");
    owner.patch(&second, &json!({"sku": "A", "name": "Changed"})).await.problem(409, "sku_taken");
    assert_eq!(footprint(&world), before);
    south.post("/products", &body("A")).await.expect(201);
    owner.delete(&first).await.expect(204);
    owner.post("/products", &body("A")).await.problem(409, "sku_taken");
    // Its own SKU is no obstacle, and one that was given up is free.
    owner.patch(&first, &json!({"sku": "A"})).await.expect(200);
    owner.patch(&first, &json!({"sku": "C"})).await.expect(200);
    owner.post("/products", &body("A")).await.expect(201);
}

#[tokio::test]
async fn of_many_who_want_a_sku_at_once_one_gets_it() {
    let world = World::builder().pool(8).start().await;
    let owner = world.owner();
    let stock = json!({"quantity": 1, "unit_cost": "1.00"});
    let body = json!({"sku": "A", "name": "A", "price": "1.00", "opening_stock": stock});
    let answers = join_all((0..24).map(|_| owner.post("/products", &body))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(made.len(), 1);
    for answer in refused {
        answer.problem(409, "sku_taken");
    }
    assert!(footprint(&world)["stock_movements"].starts_with("1 "));
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_clears_what_is_null() {
    let world = World::start().await;
    let owner = world.owner();
    let body = json!({"sku": "A", "name": "A", "price": "1.00", "description": "D", "barcode": "B", "tax_rate": "5",
        "low_stock_threshold": 1, "attributes": {"a": "1", "b": "2"}});
    let mut product = owner.post("/products", &body).await.expect(201);
    let path = format!("/products/{}", product["id"].as_str().unwrap());
    for (at, (patch, changed)) in [
        (json!({"name": "N"}), json!({"name": "N"})),
        (json!({"price": "2.5", "tax_rate": "7"}), json!({"price": "2.50", "tax_rate": "7.00"})),
        (json!({"description": null}), json!({"description": null})),
        (json!({"barcode": null, "low_stock_threshold": null}), json!({"barcode": null, "low_stock_threshold": null})),
        (json!({"attributes": {"c": "3"}}), json!({"attributes": {"c": "3"}})),
        (json!({"attributes": null}), json!({"attributes": {}})),
        (json!({"sku": "S", "low_stock_threshold": 0}), json!({"sku": "S", "low_stock_threshold": 0})),
        (json!({"active": false}), json!({"active": false})),
        (json!({"active": true, "barcode": "9"}), json!({"active": true, "barcode": "9"})),
    ]
    .iter()
    .enumerate()
    {
        let answer = owner.patch(&path, patch).await;
        let version = at + 2;
        assert_eq!(answer.header("etag"), format!("\"{version}\""), "{answer:?}");
        let after = answer.expect(200);
        for (name, value) in changed.as_object().unwrap() {
            product[name] = value.clone();
        }
        product["version"] = json!(version);
        assert!(after["updated_at"].as_str() > product["updated_at"].as_str(), "{after}");
        product["updated_at"] = after["updated_at"].clone();
        assert_eq!(after, product, "{patch}");
        assert_eq!(owner.get(&path).await.expect(200), product);
    }
    let before = footprint(&world);
    for name in ["sku", "name", "price", "active"] {
        owner
            .patch(&path, &json!({name: null, "description": "x"}))
            .await
            .invalid(&[(&format!("/{name}"), "required")]);
    }
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn a_patch_that_changes_nothing_keeps_the_version() {
    let world = World::start().await;
    let owner = world.owner();
    let path = create(&owner, "A").await;
    let before = footprint(&world);
    for patch in [json!({}), json!({"name": "A", "price": "1.00"}), json!({"price": "1", "description": null})] {
        let answer = owner.patch(&path, &patch).await;
        assert_eq!(answer.header("etag"), "\"1\"");
        assert_eq!(answer.expect(200)["version"], 1);
    }
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn a_change_may_be_bound_to_the_version_that_was_seen() {
    let world = World::start().await;
    let owner = world.owner();
    let path = create(&owner, "A").await;
    owner.patch(&path, &json!({"name": "second"})).await.expect(200);
    let before = footprint(&world);
    for stale in ["\"1\"", "\"3\"", "\"22\"", "\"\"", "W/\"2\"", "\"1\", \"3\"", "\"x\""] {
        for (method, body) in [(Method::PATCH, json!({"name": "third"})), (Method::DELETE, Value::Null)] {
            let answer = on_condition(&owner, method, &path, &[stale], &body).await;
            answer.problem(412, "version_mismatch");
        }
    }
    assert_eq!(footprint(&world), before);
    for (at, fresh) in [&["\"2\""][..], &["*"], &["\"7\", \"4\",\"1\""], &["\"1\"", "\"5\""]].iter().enumerate() {
        let body = json!({"name": format!("changed {at}")});
        let answer = on_condition(&owner, Method::PATCH, &path, fresh, &body).await;
        assert_eq!(answer.status, 200, "{fresh:?}: {answer:?}");
        assert_eq!(answer.header("etag"), format!("\"{}\"", at + 3));
    }
    on_condition(&owner, Method::DELETE, &path, &["\"6\""], &Value::Null).await.expect(204);
}

#[tokio::test]
async fn of_many_who_change_the_same_version_one_wins() {
    let world = World::builder().pool(8).start().await;
    let owner = world.owner();
    let path = create(&owner, "A").await;
    let change = async |at: usize| {
        let body = json!({"name": format!("changed {at}")});
        on_condition(&owner, Method::PATCH, &path, &["\"1\""], &body).await
    };
    let answers = join_all((0..24).map(change)).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    for answer in lost {
        answer.problem(412, "version_mismatch");
    }
    assert_eq!(owner.get(&path).await.expect(200), won[0].body);
}

#[tokio::test]
async fn deleting_archives_once() {
    let world = World::start().await;
    let owner = world.owner();
    let path = create(&owner, "A").await;
    let gone = owner.delete(&path).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    let archived = owner.get(&path).await.expect(200);
    assert_eq!((&archived["active"], &archived["version"]), (&json!(false), &json!(2)));
    let before = footprint(&world);
    owner.delete(&path).await.expect(204);
    on_condition(&owner, Method::DELETE, &path, &["\"1\""], &Value::Null).await.problem(412, "version_mismatch");
    on_condition(&owner, Method::DELETE, &path, &["\"2\""], &Value::Null).await.expect(204);
    assert_eq!(footprint(&world), before);
    let back = owner.patch(&path, &json!({"active": true})).await.expect(200);
    assert_eq!((&back["active"], &back["version"]), (&json!(true), &json!(3)));
    owner.get("/products?sku=A").await.expect(200)["data"][0]["id"].as_str().expect("it is for sale again");
}

#[tokio::test]
async fn what_happens_to_the_stock_is_no_new_version() {
    let world = World::start().await;
    let owner = world.owner();
    let id = owner.product("A", "9.99", 10).await;
    let bought = json!({"product_id": id, "kind": "purchase", "quantity": 5, "unit_cost": "6.50"});
    owner.post("/inventory/adjustments", &bought).await.expect(201);
    owner.order(&id, 3).await.expect(201);
    let answer = owner.get(&format!("/products/{id}")).await;
    assert_eq!(answer.header("etag"), "\"1\"");
    let product = answer.expect(200);
    assert_eq!((&product["version"], &product["on_hand"], &product["unfulfilled"]), (&json!(1), &json!(12), &json!(3)));
    // Whoever saw the first version may still change it.
    let body = json!({"name": "B"});
    on_condition(&owner, Method::PATCH, &format!("/products/{id}"), &["\"1\""], &body).await.expect(200);
}

#[tokio::test]
async fn another_clients_product_is_like_one_that_never_was() {
    let world = World::start().await;
    let owner = world.owner();
    let theirs = create(&world.caller(&world.south, "owner"), "A").await;
    let never = format!("/products/{}", uuid::Uuid::now_v7());
    let before = footprint(&world);
    for (method, body) in
        [(Method::GET, Value::Null), (Method::PATCH, json!({"name": "Mine"})), (Method::DELETE, Value::Null)]
    {
        for tags in [&[][..], &["\"1\""], &["\"9\""]] {
            let [one, other] = [&theirs, &never].map(|path| on_condition(&owner, method.clone(), path, tags, &body));
            let (one, other) = (one.await, other.await);
            assert_eq!(one.status, 404, "{method}: {one:?}");
            same_but_for_request_id(one, other);
        }
    }
    assert_eq!(footprint(&world), before);
}
