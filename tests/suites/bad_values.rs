//! Bodies of the right shape with values that no field may hold: text, money, rates, quantities,
//! attributes and lines. Each fault is named with its place, and nothing changes.

use crate::{
    footprint::{footprint, same_but_for_request_id},
    operations::{Operation, operations, pick},
};
use countinghouse_tests::{Caller, PASSWORD, World};
use reqwest::Method;
use serde_json::{Value, json};

/// A client made through the API, and its owner.
async fn client_with(world: &World, slug: &str, currency: &str) -> Caller {
    let client = json!({"slug": slug, "name": slug, "currency": currency});
    let body = json!({"client": client, "owner": {"username": "olga", "password": PASSWORD}});
    world.superadmin().post("/admin/tenants", &body).await.expect(201);
    let body = json!({"client_id": slug, "username": "olga", "password": PASSWORD});
    let logged_in = world.nobody().post("/auth/login", &body).await.expect(200);
    world.with_token(logged_in["access_token"].as_str().expect("a token"))
}

/// The operations that bring a text, with the field that it stands in.
fn text_fields(all: &[Operation]) -> Vec<(&Operation, &'static str)> {
    let fields = [
        (Method::POST, "/products", &["/sku", "/name", "/description", "/barcode", "/attributes/colour"][..]),
        (Method::PATCH, "/products", &["/sku", "/name", "/description", "/barcode", "/attributes/colour"]),
        (Method::POST, "/inventory", &["/reason"]),
        (Method::POST, "/orders", &["/channel", "/external_reference", "/note"]),
        (Method::POST, "/admin/tenants", &["/client/name", "/owner/username"]),
    ];
    let of = |(method, path, names): &(Method, &'static str, &'static [&'static str])| {
        let operation = pick(all, method, path);
        names.iter().map(|name| (operation, *name)).collect::<Vec<_>>()
    };
    fields.iter().flat_map(of).collect()
}

#[tokio::test]
async fn control_characters_are_refused_in_every_text() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    for (operation, pointer) in text_fields(&all) {
        for control in ["\0", "\u{1}", "\u{8}", "\u{1b}[31m", "\u{7f}", "\u{85}"] {
            for text in [format!("a{control}b"), format!("{control}ab"), format!("ab{control}")] {
                operation.send(&operation.with(pointer, json!(text))).await.invalid(&[(pointer, "invalid_characters")]);
            }
        }
        if !matches!(pointer, "/description" | "/note") {
            let two_lines = operation.with(pointer, json!("one\ntwo"));
            operation.send(&two_lines).await.invalid(&[(pointer, "invalid_characters")]);
        }
    }
    let tenants = pick(&all, &Method::POST, "/admin/tenants");
    for (pointer, text, code) in [
        ("/owner/email", "a\0b@example.com", "invalid_characters"),
        ("/client/slug", "a\0bc", "invalid_slug"),
        ("/client/time_zone", "Europe/Ber\0lin", "unknown_time_zone"),
        ("/client/currency", "EU\0", "invalid_value"),
    ] {
        tenants.send(&tenants.with(pointer, json!(text))).await.invalid(&[(pointer, code)]);
    }
    let orders = pick(&all, &Method::POST, "/orders");
    let line = orders.with("/lines", json!([{"sku": "SO\0LD", "quantity": 1}]));
    orders.send(&line).await.invalid(&[("/lines/0/sku", "invalid_characters")]);
    for method in [Method::POST, Method::PATCH] {
        let products = pick(&all, &method, "/products");
        let named = products.with("/attributes", json!({"co\0lour": "red"}));
        products.send(&named).await.invalid(&[("/attributes/co\0lour", "invalid_characters")]);
    }
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn a_text_has_its_bounds() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    for (operation, pointer) in text_fields(&all) {
        for long in ["x".repeat(20_000), "\u{1f600}".repeat(20_000)] {
            operation.send(&operation.with(pointer, json!(long))).await.invalid(&[(pointer, "too_long")]);
        }
        if !matches!(pointer, "/description" | "/note" | "/attributes/colour") {
            for blank in ["", " ", "\u{a0}\u{2003}"] {
                operation.send(&operation.with(pointer, json!(blank))).await.invalid(&[(pointer, "too_short")]);
            }
        }
    }
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn attributes_have_their_bounds() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    let many: serde_json::Map<String, Value> = (0..10_000).map(|at| (format!("a{at}"), json!("x"))).collect();
    let long = "n".repeat(1000);
    for method in [Method::POST, Method::PATCH] {
        let products = pick(&all, &method, "/products");
        for (attributes, pointer, code) in [
            (Value::Object(many.clone()), "/attributes".to_owned(), "too_many"),
            (json!({"": "x"}), "/attributes/".to_owned(), "too_short"),
            (json!({"a/b~c": "\u{1b}"}), "/attributes/a~1b~0c".to_owned(), "invalid_characters"),
            (json!({"a/b~c": 1}), "/attributes/a~1b~0c".to_owned(), "invalid_type"),
            (json!({"colour": null}), "/attributes/colour".to_owned(), "invalid_type"),
            (json!({"colour": {"of": "red"}}), "/attributes/colour".to_owned(), "invalid_type"),
            (json!({&long: "x"}), format!("/attributes/{long}"), "too_long"),
        ] {
            products.send(&products.with("/attributes", attributes)).await.invalid(&[(&pointer, code)]);
        }
    }
    assert_eq!(footprint(&world), before);
}

const MONEY: [(Method, &str, &str); 4] = [
    (Method::POST, "/products", "/price"),
    (Method::PATCH, "/products", "/price"),
    (Method::POST, "/products", "/opening_stock/unit_cost"),
    (Method::POST, "/inventory", "/unit_cost"),
];

#[tokio::test]
async fn money_is_a_plain_decimal_in_a_string() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    for (method, path, pointer) in MONEY {
        let operation = pick(&all, &method, path);
        for number in [json!(12), json!(12.5), json!(0), json!(-1), json!(1e30)] {
            operation.send(&operation.with(pointer, number)).await.invalid(&[(pointer, "invalid_type")]);
        }
        for text in [
            "", " ", " 1", "1 ", "+1", "1e3", "1E3", "1e30", "1,50", "1.000,00", "1_000", ".5", "1.", ".", "-", "--1",
            "01", "0x10", "NaN", "inf", "Infinity", "١٢", "１２", "½", "€5", "1/2", "1.2.3", "1\0", "null",
        ] {
            operation.send(&operation.with(pointer, json!(text))).await.invalid(&[(pointer, "invalid_value")]);
        }
        for (text, code) in [
            ("1.999", "too_precise"),
            ("1.000", "too_precise"),
            ("0.001", "too_precise"),
            ("-0.01", "negative"),
            ("-5", "negative"),
            ("100000000000.01", "too_large"),
            ("100000000001", "too_large"),
            ("92233720368547758.07", "too_large"),
            ("92233720368547758.08", "too_large"),
            ("184467440737095516.16", "too_large"),
            ("1000000000000000000000000000000", "too_large"),
        ] {
            operation.send(&operation.with(pointer, json!(text))).await.invalid(&[(pointer, code)]);
        }
        for long in ["1".repeat(41), format!("0.{}", "0".repeat(1000)), "9".repeat(100_000)] {
            operation.send(&operation.with(pointer, json!(long))).await.problem(422, "invalid_request");
        }
    }
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn a_currency_says_how_precise_money_is() {
    let world = World::start().await;
    let (yen, dinar) = (client_with(&world, "tokyo", "JPY").await, client_with(&world, "kuwait", "KWD").await);
    let product = |price: &str, cost: &str| {
        let stock = json!({"quantity": 3, "unit_cost": cost});
        json!({"sku": format!("{price} {cost}"), "name": "A", "price": price, "opening_stock": stock})
    };
    let made = yen.post("/products", &product("1200", "333")).await.expect(201);
    assert_eq!(
        (&made["price"], &made["average_cost"], &made["inventory_value"]),
        (&json!("1200"), &json!("333"), &json!("999"))
    );
    let other = dinar.post("/products", &product("1.2", "0.333")).await.expect(201);
    assert_eq!((&other["price"], &other["inventory_value"]), (&json!("1.200"), &json!("0.999")));
    let before = footprint(&world);
    for price in ["1.5", "1.0", "0.01"] {
        yen.post("/products", &product(price, "1")).await.invalid(&[("/price", "too_precise")]);
        yen.post("/products", &product("1", price)).await.invalid(&[("/opening_stock/unit_cost", "too_precise")]);
        let path = format!("/products/{}", made["id"].as_str().unwrap());
        yen.patch(&path, &json!({"price": price})).await.invalid(&[("/price", "too_precise")]);
        let bought = json!({"product_id": made["id"], "kind": "purchase", "quantity": 1, "unit_cost": price});
        yen.post("/inventory/adjustments", &bought).await.invalid(&[("/unit_cost", "too_precise")]);
    }
    dinar.post("/products", &product("1.2345", "1")).await.invalid(&[("/price", "too_precise")]);
    yen.post("/products", &product("10000000000001", "1")).await.invalid(&[("/price", "too_large")]);
    dinar.post("/products", &product("10000000000.001", "1")).await.invalid(&[("/price", "too_large")]);
    assert_eq!(footprint(&world), before);
    yen.post("/products", &product("10000000000000", "1")).await.expect(201);
    dinar.post("/products", &product("10000000000.000", "1")).await.expect(201);
}

#[tokio::test]
async fn a_rate_is_a_percentage_from_0_to_100_with_four_places() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    for method in [Method::POST, Method::PATCH] {
        let products = pick(&all, &method, "/products");
        for (rate, code) in [
            (json!(20), "invalid_type"),
            (json!(0.2), "invalid_type"),
            (json!("20%"), "invalid_value"),
            (json!("2e1"), "invalid_value"),
            (json!(""), "invalid_value"),
            (json!("-1"), "invalid_rate"),
            (json!("-0.0001"), "invalid_rate"),
            (json!("100.0001"), "invalid_rate"),
            (json!("1.00001"), "invalid_rate"),
            (json!("1000000000000000000000000000000"), "invalid_rate"),
        ] {
            products.send(&products.with("/tax_rate", rate)).await.invalid(&[("/tax_rate", code)]);
        }
    }
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn a_quantity_is_a_whole_number_within_its_bounds() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    for (method, path, pointer, least) in [
        (Method::POST, "/products", "/opening_stock/quantity", 0),
        (Method::POST, "/products", "/low_stock_threshold", 0),
        (Method::PATCH, "/products", "/low_stock_threshold", 0),
        (Method::POST, "/inventory", "/quantity", 1),
        (Method::POST, "/orders", "/lines/0/quantity", 1),
    ] {
        let operation = pick(&all, &method, path);
        for quantity in [least - 1, -1, 1_000_000_001] {
            let answer = operation.send(&operation.with(pointer, json!(quantity))).await;
            answer.invalid(&[(pointer, "out_of_range")]);
        }
        for quantity in [json!(1.5), json!(1.0), json!(1e30), json!("1"), json!("1e3"), json!("")] {
            operation.send(&operation.with(pointer, quantity)).await.invalid(&[(pointer, "invalid_type")]);
        }
        for quantity in [i64::MAX, i64::MIN, 1_i64 << 53, i64::from(i32::MAX), i64::from(i32::MIN)] {
            let body = operation.send(&operation.with(pointer, json!(quantity))).await.problem(422, "invalid_request");
            assert_eq!(body["errors"][0]["pointer"], pointer, "{quantity}: {body}");
            assert_eq!(body["errors"][0]["code"], "out_of_range", "{quantity}: {body}");
        }
        for quantity in ["9223372036854775808", "18446744073709551616", "1e3", "-0", "-9223372036854775809"] {
            let text = operation.with(pointer, json!("HERE")).to_string().replace("\"HERE\"", quantity);
            let body = operation.send_bytes(text).await.problem(422, "invalid_request");
            assert_eq!(body["errors"][0]["pointer"], pointer, "{quantity}: {body}");
        }
        // Larger than what most readers of JSON can hold: a fault of either kind.
        let text = operation.with(pointer, json!("HERE")).to_string().replace("\"HERE\"", "1E400");
        let answer = operation.send_bytes(text).await;
        assert!(matches!(answer.status, 400 | 422), "{answer:?}");
    }
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn quantity_times_money_stays_within_the_bounds_of_money() {
    let world = World::start().await;
    let owner = world.owner();
    let dear = owner.product("DEAR", "100000000000.00", 3).await;
    let before = footprint(&world);
    let stock = json!({"quantity": 1_000_000_000, "unit_cost": "100.01"});
    let body = json!({"sku": "A", "name": "A", "price": "1.00", "opening_stock": stock});
    owner.post("/products", &body).await.invalid(&[("/opening_stock/quantity", "too_large")]);
    let body = json!({"product_id": dear, "kind": "purchase", "quantity": 2, "unit_cost": "50000000000.01"});
    owner.post("/inventory/adjustments", &body).await.invalid(&[("/quantity", "too_large")]);
    // Each purchase is within the bounds, but not what would then lie there.
    let body = json!({"product_id": dear, "kind": "purchase", "quantity": 1, "unit_cost": "100000000000.00"});
    owner.post("/inventory/adjustments", &body).await.invalid(&[("/quantity", "too_large")]);
    owner.order(&dear, 2).await.invalid(&[("/lines/0/quantity", "too_large")]);
    let line = json!({"product_id": dear, "quantity": 1});
    owner.post("/orders", &json!({"lines": [line, line]})).await.invalid(&[("/lines", "too_large")]);
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn an_order_has_lines_that_name_products_once() {
    let world = World::start().await;
    let all = operations(&world).await;
    let orders = pick(&all, &Method::POST, "/orders");
    let owner = world.owner();
    let sold = orders.body["lines"][0]["product_id"].clone();
    let archived = owner.product("GONE", "1.00", 5).await;
    owner.delete(&format!("/products/{archived}")).await.expect(204);
    let foreign = world.caller(&world.south, "owner").product("SOUTHERN", "1.00", 5).await;
    let before = footprint(&world);
    let line = json!({"product_id": sold, "quantity": 1});
    for (lines, pointer, code) in [
        (json!([]), "/lines", "too_few"),
        (json!(vec![line.clone(); 10_000]), "/lines", "too_many"),
        (json!([{"quantity": 1}]), "/lines/0", "one_of"),
        (json!([{"product_id": null, "sku": null, "quantity": 1}]), "/lines/0", "one_of"),
        (json!([line, {"product_id": sold, "sku": "SOLD", "quantity": 1}]), "/lines/1", "one_of"),
        (json!([{"product_id": "7", "quantity": 1}]), "/lines/0/product_id", "invalid_value"),
        (json!([{"product_id": "", "quantity": 1}]), "/lines/0/product_id", "invalid_value"),
        (json!([line, {"sku": "NEVER", "quantity": 1}]), "/lines/1/sku", "not_found"),
        (json!([{"sku": "SOUTHERN", "quantity": 1}]), "/lines/0/sku", "not_found"),
        (json!([{"sku": "GONE", "quantity": 1}]), "/lines/0/sku", "archived"),
        (json!([{"product_id": archived, "quantity": 1}]), "/lines/0/product_id", "archived"),
    ] {
        orders.send(&orders.with("/lines", lines)).await.invalid(&[(pointer, code)]);
    }
    let [theirs, nobodys] =
        [foreign, uuid::Uuid::now_v7().to_string()].map(|id| json!([{"product_id": id, "quantity": 1}]));
    let theirs = orders.send(&orders.with("/lines", theirs)).await;
    let nobodys = orders.send(&orders.with("/lines", nobodys)).await;
    assert_eq!(theirs.body["errors"][0]["code"], "not_found", "{theirs:?}");
    same_but_for_request_id(theirs, nobodys);
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn all_faults_of_a_body_are_told_at_once() {
    let world = World::start().await;
    let body = json!({"sku": "", "name": "a\0", "price": "-1", "tax_rate": "101", "low_stock_threshold": -1});
    let answer = world.owner().post("/products", &body).await;
    let mut faults: Vec<(String, String)> = (answer.body["errors"].as_array().expect("errors").iter())
        .map(|fault| (fault["pointer"].as_str().unwrap().to_owned(), fault["code"].as_str().unwrap().to_owned()))
        .collect();
    faults.sort();
    let told: Vec<(&str, &str)> = faults.iter().map(|(pointer, code)| (pointer.as_str(), code.as_str())).collect();
    let expected = [
        ("/low_stock_threshold", "out_of_range"),
        ("/name", "invalid_characters"),
        ("/price", "negative"),
        ("/sku", "too_short"),
        ("/tax_rate", "invalid_rate"),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_kind_is_one_of_the_known_words() {
    let world = World::start().await;
    let all = operations(&world).await;
    let adjustments = pick(&all, &Method::POST, "/inventory");
    let before = footprint(&world);
    for kind in ["", "sale", "opening", "Purchase", "purchase ", "theft"] {
        adjustments.send(&adjustments.with("/kind", json!(kind))).await.invalid(&[("/kind", "invalid_value")]);
    }
    let as_object = adjustments.with("/kind", json!({"purchase": null}));
    adjustments.send(&as_object).await.invalid(&[("/kind", "invalid_type")]);
    assert_eq!(footprint(&world), before);
}
