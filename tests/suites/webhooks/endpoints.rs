//! Endpoints and their secrets: who may set them, and to what.

use super::*;
use crate::jobs::count;
use countinghouse_tests::{Answer, Login, Received};
use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use reqwest::Method;

#[tokio::test]
async fn an_endpoint_is_made_shown_changed_and_deleted() {
    let world = World::start().await;
    let owner = world.owner();
    let body = json!({
        "url": "https://hooks.example.com/in?token=canary", "description": "Shop",
        "event_types": ["stock.low", "order.created", "stock.low"],
    });
    let made = owner.post("/webhooks/endpoints", &body).await;
    let location = made.header("location").to_owned();
    let made = made.expect(201);
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"), "{made}");
    let path = format!("/webhooks/endpoints/{}", made["id"].as_str().unwrap());
    assert_eq!(location, format!("/api/v1{path}"));
    let shown = owner.get(&path).await;
    assert_eq!(shown.header("etag"), "\"1\"");
    assert!(!shown.text.contains("secret"), "{shown:?}");
    let shown = shown.expect(200);
    assert_eq!(shown["event_types"], json!(["order.created", "stock.low"]));
    assert_eq!((&shown["disabled_at"], &shown["disabled_by"]), (&Value::Null, &Value::Null));
    let listed = owner.get("/webhooks/endpoints").await.expect(200);
    assert_eq!(listed["data"], json!([shown]));

    let changed =
        owner.patch(&path, &json!({"description": null, "event_types": [], "disabled": true})).await.expect(200);
    assert_eq!((&changed["description"], &changed["event_types"]), (&Value::Null, &json!([])));
    assert_eq!((&changed["disabled_by"], &changed["version"]), (&json!("user"), &json!(2)));
    assert_eq!(owner.patch(&path, &json!({"disabled": true})).await.expect(200), changed);
    let stale = owner.request(Method::PATCH, &path).header("if-match", "\"1\"").json(&json!({"disabled": false}));
    Answer::of(stale).await.problem(412, "version_mismatch");
    let enabled = owner.patch(&path, &json!({"disabled": false})).await.expect(200);
    assert_eq!((&enabled["disabled_at"], &enabled["disabled_by"]), (&Value::Null, &Value::Null));

    owner.delete(&path).await.expect(204);
    owner.delete(&path).await.problem(404, "not_found");
    for gone in ["", "/deliveries"] {
        owner.get(&format!("{path}{gone}")).await.problem(404, "not_found");
    }
    assert_eq!(owner.get("/webhooks/endpoints").await.expect(200)["data"], json!([]));
    assert_eq!(count(&world, "webhook_secrets"), 0);
    let log = owner.get("/audit?resource=webhook_endpoint").await.expect(200).to_string();
    for action in ["created", "changed", "deleted"] {
        assert!(log.contains(&format!("webhook_endpoint.{action}")), "{action}: {log}");
    }
    assert!(log.contains("https://hooks.example.com") && !log.contains("canary"), "{log}");
}

#[tokio::test]
async fn what_can_not_be_reached_from_the_internet_is_refused() {
    let world =
        World::builder().config(|config| config.outbound.listed = vec!["127.0.0.7/32".parse().unwrap()]).start().await;
    let owner = world.owner();
    for (url, code) in [
        ("", "too_short"),
        ("hooks.example.com", "invalid_url"),
        ("ftp://hooks.example.com/", "invalid_url"),
        ("file:///etc/passwd", "invalid_url"),
        ("https://user:pass@hooks.example.com/", "invalid_url"),
        ("https://hooks.example.com/#part", "invalid_url"),
        ("https://127.0.0.1/", "address_not_allowed"),
        ("https://2130706433/", "address_not_allowed"),
        ("https://0x7f.1/", "address_not_allowed"),
        ("https://[::1]/", "address_not_allowed"),
        ("https://[::ffff:10.0.0.1]/", "address_not_allowed"),
        ("https://[64:ff9b::a9fe:a9fe]/", "address_not_allowed"),
        ("https://169.254.169.254/latest/meta-data", "address_not_allowed"),
        ("https://100.100.100.200/", "address_not_allowed"),
        ("https://192.168.1.1:8443/", "address_not_allowed"),
        // Without TLS no further than to what the operator lists.
        ("http://1.1.1.1/", "address_not_allowed"),
    ] {
        let answer = owner.post("/webhooks/endpoints", &json!({"url": url})).await;
        let found = answer.problem(422, "invalid_request")["errors"].clone();
        assert!(
            found.as_array().unwrap().iter().any(|fault| fault["code"] == code && fault["pointer"] == "/url"),
            "{url}: {found}"
        );
    }
    for url in ["http://127.0.0.7:8080/in", "https://1.1.1.1/in", "https://hooks.example.com", "http://inside.example/"]
    {
        let made = owner.post("/webhooks/endpoints", &json!({"url": url})).await.expect(201);
        let path = format!("/webhooks/endpoints/{}", made["id"].as_str().unwrap());
        owner.patch(&path, &json!({"url": "https://10.0.0.1/"})).await.invalid(&[("/url", "address_not_allowed")]);
    }
    owner
        .post("/webhooks/endpoints", &json!({"url": "https://a.example", "event_types": ["order.eaten"]}))
        .await
        .invalid(&[("/event_types/0", "invalid_value")]);
}

/// The operator lists nothing.
#[tokio::test]
async fn without_a_list_everything_is_sent_by_tls() {
    let world = World::builder().config(|config| config.outbound.listed.clear()).start().await;
    let plain = json!({"url": "http://hooks.example.com/"});
    world.owner().post("/webhooks/endpoints", &plain).await.invalid(&[("/url", "invalid_url")]);
}

#[tokio::test]
async fn a_client_has_twenty_endpoints_at_most_however_many_ask_at_once() {
    let world = World::start().await;
    let owner = world.owner();
    let body = json!({"url": "https://hooks.example.com/"});
    let made = join_all((0..30).map(|_| owner.post("/webhooks/endpoints", &body))).await;
    assert_eq!(made.iter().filter(|answer| answer.status == 201).count(), 20);
    made.into_iter()
        .filter(|answer| answer.status != 201)
        .for_each(|answer| drop(answer.problem(409, "too_many_endpoints")));
    world.caller(&world.south, "owner").post("/webhooks/endpoints", &body).await.expect(201);
}

/// Sends a test, which is the last of so many deliveries, and answers how it came.
async fn sent(world: &World, endpoint: &Endpoint, receiver: &Receiver, deliveries: i64) -> Received {
    let owner = world.owner();
    owner.post(&format!("{}/test", endpoint.path()), &json!({})).await.expect(201);
    in_state(world, "delivered", deliveries).await;
    receiver.received("/in").pop().expect("a message")
}

async fn rotate(world: &World, endpoint: &Endpoint, body: Value) -> (String, Value) {
    let path = format!("{}/rotate-secret", endpoint.path());
    let made = world.owner().post(&path, &body).await.expect(200);
    (made["secret"].as_str().expect("a secret").to_owned(), made["previous_expires_at"].clone())
}

#[tokio::test]
async fn a_new_secret_signs_beside_the_one_before_for_a_time() {
    let world = patient().await;
    let receiver = Receiver::start();
    let endpoint = Endpoint::at(&world.owner(), &receiver.url("/in"), &[]).await;
    let worker = start_with(&world, handlers().unwrap());
    let mut secrets = vec![endpoint.secret.clone()];
    let signs = |message: &Received, secrets: &[String]| -> Vec<bool> {
        secrets.iter().map(|secret| message.is_signed_with(secret)).collect()
    };
    let first = sent(&world, &endpoint, &receiver, 1).await;
    first.verify(&secrets[0]);
    assert_eq!(first.header("webhook-signature").split(' ').count(), 1);
    secrets.push(rotate(&world, &endpoint, json!({})).await.0);
    let both = sent(&world, &endpoint, &receiver, 2).await;
    secrets.iter().for_each(|secret| both.verify(secret));
    // A third takes the place of the first.
    secrets.push(rotate(&world, &endpoint, json!({"keep_previous_hours": 1})).await.0);
    assert_eq!(signs(&sent(&world, &endpoint, &receiver, 3).await, &secrets), [false, true, true]);
    world.clock.advance(chrono::Duration::minutes(61));
    assert_eq!(signs(&sent(&world, &endpoint, &receiver, 4).await, &secrets), [false, false, true]);
    // One that leaked is dropped at once.
    let (last, previous) = rotate(&world, &endpoint, json!({"keep_previous_hours": 0})).await;
    assert_eq!(previous, Value::Null);
    secrets.push(last);
    assert_eq!(signs(&sent(&world, &endpoint, &receiver, 5).await, &secrets), [false, false, false, true]);
    assert_eq!(count(&world, "webhook_secrets"), 1);
    let path = format!("{}/rotate-secret", endpoint.path());
    let long = world.owner().post(&path, &json!({"keep_previous_hours": 169})).await;
    long.invalid(&[("/keep_previous_hours", "out_of_range")]);
    stop(worker).await;
}

/// What was on its way is cancelled, and after that nothing comes; what happened meanwhile can be replayed.
#[tokio::test]
async fn a_disabled_or_deleted_endpoint_is_told_nothing() {
    let world = World::start().await;
    let (owner, receiver) = (world.owner(), Receiver::start());
    let [disabled, deleted] =
        [Endpoint::at(&owner, &receiver.url("/a"), &[]).await, Endpoint::at(&owner, &receiver.url("/b"), &[]).await];
    owner.product("A", "1.00", 1).await;
    world.database(Login::Owner).batch_execute("UPDATE jobs SET run_at = run_at + interval '1 hour'").unwrap();
    owner.patch(&disabled.path(), &json!({"disabled": true})).await.expect(200);
    owner.delete(&deleted.path()).await.expect(204);
    owner.product("B", "1.00", 1).await;
    let worker = start_with(&world, handlers().unwrap());
    world.clock.advance(chrono::Duration::hours(2));
    settled(&world).await;
    assert_eq!(count(&world, "webhook_deliveries"), 0);
    for path in ["test", "replay"] {
        let body = json!({"since": "2026-01-01T00:00:00Z"});
        let owner = world.owner();
        owner.post(&format!("{}/{path}", disabled.path()), &body).await.problem(409, "endpoint_disabled");
    }
    assert_eq!(receiver.received("/a").len() + receiver.received("/b").len(), 0);
    stop(worker).await;
}

#[tokio::test]
async fn what_waits_for_an_endpoint_that_is_disabled_is_cancelled() {
    let world = World::start().await;
    let (owner, receiver) = (world.owner(), Receiver::start());
    receiver.reply("/in", Reply::status(500));
    let [disabled, deleted] =
        [Endpoint::at(&owner, &receiver.url("/in"), &[]).await, Endpoint::at(&owner, &receiver.url("/in"), &[]).await];
    world.clock.stop();
    let worker = start_with(&world, handlers().unwrap());
    owner.product("A", "1.00", 1).await;
    until(&world, "webhook_attempts", 2).await;
    settled(&world).await;
    owner.patch(&disabled.path(), &json!({"disabled": true})).await.expect(200);
    owner.delete(&deleted.path()).await.expect(204);
    in_state(&world, "cancelled", 2).await;
    // What it was sent can be seen, and sent again when it listens again.
    let cancelled = disabled.deliveries(&owner).await.remove(0);
    let path = format!("/webhooks/deliveries/{}/replay", cancelled["id"].as_str().unwrap());
    owner.post(&path, &json!({})).await.problem(409, "endpoint_disabled");
    owner.patch(&disabled.path(), &json!({"disabled": false})).await.expect(200);
    receiver.reply("/in", Reply::status(200));
    owner.post(&path, &json!({})).await.expect(201);
    in_state(&world, "delivered", 1).await;
    settled(&world).await;
    assert_eq!(receiver.received("/in").len(), 3);
    stop(worker).await;
}
