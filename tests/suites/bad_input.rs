//! Bodies that are not what an operation takes: bytes that are no JSON, and JSON of another shape.
//! Each has its clear problem and changes nothing. What fields may hold is in `bad_values`, the
//! rest of a request in `bad_requests`.

use crate::{
    footprint::footprint,
    operations::{everything_in, operations, pick},
    wire::exchange,
};
use countinghouse_tests::{Answer, World};
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

/// The body whose first text that is a value begins with these bytes; where there is none, its first name.
fn spoiled(body: &Value, with: &[u8]) -> Vec<u8> {
    let text = body.to_string();
    let member = text.find(r#"":""#).map(|at| at + 3);
    let at = member.or(text.find(r#"["#).or(text.find('{')).map(|at| at + 2)).expect("a text");
    [&text.as_bytes()[..at], with, &text.as_bytes()[at..]].concat()
}

#[tokio::test]
async fn what_is_not_json_is_malformed() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    for operation in &all {
        let good = operation.body.to_string();
        let cut = good.len() - 1;
        let broken: Vec<Vec<u8>> = vec![
            b"".to_vec(),
            b" \n".to_vec(),
            b"{".to_vec(),
            b"nul".to_vec(),
            b"NaN".to_vec(),
            b"\x00".to_vec(),
            b"<xml/>".to_vec(),
            good.as_bytes()[..cut].to_vec(),
            format!("{},}}", &good[..cut]).into_bytes(),
            format!("{good} x").into_bytes(),
            format!("{good}{good}").into_bytes(),
            format!("\u{feff}{good}").into_bytes(),
            good.replace('"', "'").into_bytes(),
            good.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            spoiled(&operation.body, b"\xff"),
            spoiled(&operation.body, b"\xc0\xaf"),
            spoiled(&operation.body, b"\xed\xa0\x80"),
            spoiled(&operation.body, br"\ud800"),
            spoiled(&operation.body, br"\udc00\ud800"),
            spoiled(&operation.body, br"\u12-"),
            spoiled(&operation.body, b"\x00"),
            spoiled(&operation.body, b"\n"),
            b"{\"\xff\":1}".to_vec(),
        ];
        for body in broken {
            let said = format!("{} {}", operation.name(), String::from_utf8_lossy(&body));
            let answer = operation.send_bytes(body).await;
            assert_eq!(answer.status, 400, "{said}: {answer:?}");
            answer.problem(400, "malformed_request");
        }
    }
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn another_media_type_or_none_is_not_supported() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    for operation in &all {
        for media_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "application/problem+json",
            "application/xml",
            "json",
            "*/*",
            "",
        ] {
            let body = operation.body.to_string();
            let answer = operation.caller.send(operation.method.clone(), &operation.path, media_type, body).await;
            answer.problem(415, "unsupported_media_type");
        }
        let request = operation.caller.request(operation.method.clone(), &operation.path);
        Answer::of(request.body(operation.body.to_string())).await.problem(415, "unsupported_media_type");
        let request = operation.caller.request(operation.method.clone(), &operation.path);
        Answer::of(request).await.problem(415, "unsupported_media_type");
    }
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn the_media_type_may_have_parameters_and_capitals() {
    let world = World::start().await;
    let owner = world.owner();
    for (at, media_type) in
        ["application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"].iter().enumerate()
    {
        let body = json!({"sku": format!("A-{at}"), "name": "A", "price": "1.00"}).to_string();
        let answer = owner.send(Method::POST, "/products", media_type, body).await;
        assert_eq!(answer.status, 201, "{media_type}: {answer:?}");
    }
}

#[tokio::test]
async fn a_field_that_nobody_knows_is_refused_wherever_it_stands() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    for operation in &all {
        let objects = everything_in(&operation.body).into_iter().filter(|(_, value)| value.is_object());
        let places = objects.map(|(pointer, _)| pointer).filter(|pointer| !pointer.ends_with("/attributes"));
        for place in std::iter::once(String::new()).chain(places) {
            for name in ["colour", "id", "tenant_id", "Sku", "~a/b"] {
                let mut body = operation.body.clone();
                let object = body.pointer_mut(&place).expect("an object");
                // A line that stays when an order is edited is named by its id.
                if object.get(name).is_some() {
                    continue;
                }
                object[name] = json!("x");
                let pointer = format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
                operation.send(&body).await.invalid(&[(&pointer, "unknown_field")]);
            }
        }
    }
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn a_field_that_must_be_there_is_missed() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    for operation in &all {
        for pointer in operation.required {
            operation.send(&operation.without(pointer)).await.invalid(&[(pointer, "missing_field")]);
            operation.send(&operation.with(pointer, Value::Null)).await.invalid(&[(pointer, "invalid_type")]);
        }
    }
    for path in ["/products", "/orders"] {
        let first = pick(&all, &Method::POST, path).required[0];
        pick(&all, &Method::POST, path).send(&json!({})).await.invalid(&[(first, "missing_field")]);
    }
    assert_eq!(footprint(&world), before);
}

/// A value of every JSON type but this one's. Whether an array may stand for an object is asked by
/// a test of its own.
fn other_types(value: &Value) -> Vec<Value> {
    let all =
        [json!("x"), json!(1), json!(1.5), json!(-1), json!(true), json!([]), json!({}), json!([1]), json!({"a": 1})];
    let same = |other: &Value| match value {
        Value::String(_) => other.is_string(),
        Value::Number(_) => other.is_i64(),
        Value::Bool(_) => other.is_boolean(),
        Value::Array(_) => other.is_array(),
        Value::Object(_) => other.is_object() || other.is_array(),
        Value::Null => false,
    };
    all.into_iter().filter(|other| !same(other)).collect()
}

#[tokio::test]
async fn a_value_of_another_type_is_named_with_its_place() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    let mut wrong = Vec::new();
    for operation in &all {
        for (pointer, value) in everything_in(&operation.body) {
            for other in other_types(&value) {
                let answer = operation.send(&operation.with(&pointer, other.clone())).await;
                let fault = &answer.body["errors"][0];
                let got = (answer.status, fault["pointer"].as_str(), fault["code"].as_str());
                if got != (422, Some(pointer.as_str()), Some("invalid_type")) {
                    wrong.push(format!("{} {pointer}: {other} → {answer:?}", operation.name()));
                }
            }
        }
    }
    assert_eq!(footprint(&world), before);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_body_is_an_object_and_nothing_else() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    let mut wrong = Vec::new();
    for operation in &all {
        for body in [json!(null), json!(true), json!(1), json!(1.5), json!("x")] {
            operation.send(&body).await.invalid(&[("", "invalid_type")]);
        }
        for body in [json!([]), json!([[]]), json!([operation.body]), json!([{}])] {
            let answer = operation.send(&body).await;
            if answer.status != 422 {
                wrong.push(format!("{}: {body} → {answer:?}", operation.name()));
            }
        }
    }
    // The fields by position, as some decoders would take them.
    let product = json!(["POSITIONAL", "Name", null, null, "1.00", null, null, null, null]);
    let line = json!({"sku": "SOLD", "quantity": 1});
    for (method, path, body) in [
        (Method::POST, "/products", product),
        (Method::POST, "/products", json!({"sku": "P", "name": "P", "price": "1.00", "opening_stock": [2, "4.00"]})),
        (Method::PATCH, "/products/", json!(["POSITIONAL"])),
        (Method::POST, "/orders", json!([[line]])),
        (Method::POST, "/orders", json!({"lines": [[null, "SOLD", 1]]})),
        (Method::POST, "/auth/login", json!(["north", "owner", "correct horse battery"])),
    ] {
        let answer = pick(&all, &method, path).send(&body).await;
        if answer.status != 422 {
            wrong.push(format!("{method} {path}: {body} → {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn a_key_given_twice_is_refused() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    for operation in &all {
        let text = operation.body.to_string();
        for (name, value) in operation.body.as_object().expect("an object") {
            let body = format!("{{{}:{value},{}", json!(name), &text[1..]);
            operation.send_bytes(body).await.invalid(&[(&format!("/{name}"), "duplicate_field")]);
        }
    }
    let twice = r#"{"sku":"D","name":"D","price":"1.00","opening_stock":{"quantity":1,"quantity":2,"unit_cost":"1"}}"#;
    let products = pick(&all, &Method::POST, "/products");
    products.send_bytes(twice).await.invalid(&[("/opening_stock/quantity", "duplicate_field")]);
    let twice = r#"{"lines":[{"sku":"SOLD","quantity":1,"sku":"SOLD"}]}"#;
    pick(&all, &Method::POST, "/orders").send_bytes(twice).await.invalid(&[("/lines/0/sku", "duplicate_field")]);
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn an_attribute_given_twice_is_refused() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    for method in [Method::POST, Method::PATCH] {
        let products = pick(&all, &method, "/products");
        let twice = products.with("/attributes", json!("HERE")).to_string().replace("\"HERE\"", r#"{"a":"1","a":"2"}"#);
        products.send_bytes(twice).await.invalid(&[("/attributes/a", "duplicate_field")]);
    }
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn deep_nesting_is_refused_before_it_costs_anything() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    let deep = 100_000;
    for operation in &all {
        let first = operation.body.as_object().expect("an object").keys().next().expect("a field").clone();
        for body in [
            "[".repeat(deep),
            format!("{}{}", "[".repeat(deep), "]".repeat(deep)),
            r#"{"a":"#.repeat(deep),
            format!("{{\"{first}\":{}{}}}", "[".repeat(deep), "]".repeat(deep)),
            format!("{{\"{first}\":{}1{}}}", r#"{"a":"#.repeat(deep), "}".repeat(deep)),
            format!("{{\"unknown\":{}{}}}", "[".repeat(deep), "]".repeat(deep)),
        ] {
            let answer = operation.send_bytes(body).await;
            match answer.status {
                400 => answer.problem(400, "malformed_request"),
                _ => answer.problem(422, "invalid_request"),
            };
        }
    }
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn too_large_a_body_is_refused_unread() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    for operation in &all {
        let token = operation.caller.token();
        let head = format!(
            "{} /api/v1{} HTTP/1.1\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}",
            operation.method, operation.path
        );
        // Refused by its announced length alone: not a byte of it is sent.
        let announced = format!("{head}\r\nContent-Length: 20000000");
        exchange(&world.base_url, &announced, Vec::new(), false).await.problem(413, "body_too_large");
        // Without an announced length, in chunks that never end.
        let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
        let chunked = format!("{head}\r\nTransfer-Encoding: chunked");
        exchange(&world.base_url, &chunked, chunk.repeat(64), false).await.problem(413, "body_too_large");
    }
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn a_body_that_breaks_off_changes_nothing() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    for operation in &all {
        let (token, body) = (operation.caller.token(), operation.body.to_string());
        let head = format!(
            "{} /api/v1{} HTTP/1.1\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}",
            operation.method, operation.path
        );
        let longer = format!("{head}\r\nContent-Length: {}", body.len() + 10);
        let chunked = format!("{head}\r\nTransfer-Encoding: chunked");
        let chunk = format!("{:x}\r\n{body}\r\n", body.len());
        let both = format!("{head}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked");
        let nonsense = format!("{head}\r\nContent-Length: -1");
        for (head, body) in [(longer, body), (chunked, chunk.clone()), (both, chunk), (nonsense, String::new())] {
            let reply = exchange(&world.base_url, &head, body.into_bytes(), true).await;
            assert!(matches!(reply.status, 0 | 400..=499), "{head}: {}", reply.head);
        }
    }
    assert_eq!(footprint(&world), before);
    world.owner().get("/products").await.expect(200);
}

#[tokio::test]
async fn who_may_not_call_learns_nothing_about_the_body() {
    let world = World::start().await;
    let all = operations(&world).await;
    let before = footprint(&world);
    for operation in all.iter().filter(|operation| !operation.caller.token().is_empty()) {
        let request = world.nobody().request(operation.method.clone(), &operation.path);
        Answer::of(request.header(CONTENT_TYPE, "text/plain").body("{")).await.problem(401, "unauthenticated");
        // What is under /auth is everybody's own.
        if !operation.path.starts_with("/admin") && !operation.path.starts_with("/auth/") {
            let request = world.caller(&world.north, "viewer").request(operation.method.clone(), &operation.path);
            Answer::of(request.header(CONTENT_TYPE, "text/plain").body("{")).await.problem(403, "permission_denied");
        }
    }
    assert_eq!(footprint(&world), before);
}
