//! Callbacks of nobody knows whom: whatever is wrong, the answer is one and the same, and nothing changes.

use super::{standing::*, *};
use base64::{Engine, engine::general_purpose::STANDARD};
use countinghouse_tests::World;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::json;

async fn send(world: &World, slug: &str, signatures: &[&str], body: &str) -> Answer {
    let mut headers = HeaderMap::new();
    for signature in signatures {
        headers.append("x-signature", HeaderValue::from_str(signature).expect("a header"));
    }
    let request = world.nobody().request(Method::POST, &format!("/erp/webhook/{slug}"));
    Answer::of(request.headers(headers).body(body.to_owned())).await
}

/// The whole answer but for the request's id.
fn seen(answer: &Answer) -> (u16, String) {
    (answer.status, answer.text.replace(answer.header("x-request-id"), ""))
}

#[tokio::test]
async fn unknown_unsigned_wrongly_signed_suspended_and_unlinked_are_one_answer() {
    let world = linked().await;
    let owner = world.owner();
    let sync = stands(&world, &world.north, &invoiced(&owner).await, 1, &UNKNOWN);
    let before = sync.show(&owner).await;
    let body = json!({"order_number": sync.number, "erp_reference": "E-1", "status": "accepted"}).to_string();
    let right = signature(SECRET, body.as_bytes());
    let refused = send(&world, "north", &[], &body).await;
    let expected = seen(&refused);
    refused.problem(401, "invalid_signature");
    let of_other = signature(SECRET, body.replace("E-1", "E-2").as_bytes());
    let raw = STANDARD.decode(&right).unwrap();
    let hex: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
    let url_safe = base64::engine::general_purpose::URL_SAFE.encode(&raw).replace('-', "_");
    let mut wrong = vec![of_other, signature("another", body.as_bytes()), hex, String::new(), "=".to_owned()];
    wrong.extend([right.trim_end_matches('=').to_owned(), format!("{right}="), format!("sha256={right}")]);
    wrong.extend([format!("{right},{right}"), right.to_lowercase(), format!("{right} x"), "A".repeat(6000)]);
    // The last character of 32 bytes in base64 has two bits to spare.
    let spare = right.replace("=", "");
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let at = alphabet.find(spare.chars().last().unwrap()).unwrap();
    wrong.push(format!("{}{}=", &spare[..42], &alphabet[at + 1..=at + 1]));
    wrong.extend(Some(url_safe).filter(|text| *text != right));
    for signature in &wrong {
        assert_eq!(seen(&send(&world, "north", &[signature], &body).await), expected, "{signature}");
    }
    assert_eq!(seen(&send(&world, "north", &[&right, &right], &body).await), expected);
    assert_eq!(seen(&send(&world, "north", &[&right], &format!("{body} ")).await), expected);
    assert_eq!(seen(&send(&world, "north", &[&right], "").await), expected);
    // South has no secret; nobody has the others.
    let long = "x".repeat(3000);
    for slug in ["south", "nobody", "NORTH", "%00", "north%00", "north%20", "%F0%9F%90%88", "..%2Fnorth", &long] {
        assert_eq!(seen(&send(&world, slug, &[&right], &body).await), expected, "{slug}");
    }
    world.superadmin().post("/admin/tenants/north/suspend", &json!({"reason": "unpaid"})).await.expect(200);
    assert_eq!(seen(&send(&world, "north", &[&right], &body).await), expected);
    world.superadmin().post("/admin/tenants/north/resume", &json!({})).await.expect(200);
    assert_eq!(sync.show(&owner).await, before);
    send(&world, "north", &[&right], &body).await.expect(200);
}

/// Neither a media type nor a query keeps an ERP out, nor gets anybody in.
#[tokio::test]
async fn only_the_bytes_and_their_signature_count() {
    let world = linked().await;
    let sync = stands(&world, &world.north, &invoiced(&world.owner()).await, 1, &ARRIVED);
    let body = json!({"order_number": sync.number, "status": "shipped"}).to_string();
    let request = || world.nobody().request(Method::POST, "/erp/webhook/north?source=erp&x=%zz").body(body.clone());
    let signed = || request().header("x-signature", signature(SECRET, body.as_bytes()));
    Answer::of(request()).await.problem(401, "invalid_signature");
    Answer::of(signed().header("content-type", "text/plain")).await.expect(200);
    Answer::of(signed().header("authorization", "Bearer x").header("x-api-key", "x")).await.expect(200);
    let big = format!("{}{}", " ".repeat(70_000), body);
    let request = world.nobody().request(Method::POST, "/erp/webhook/north");
    let request = request.header("x-signature", signature(SECRET, big.as_bytes())).body(big);
    Answer::of(request).await.problem(413, "body_too_large");
}

#[tokio::test]
async fn the_secret_before_is_good_for_an_hour() {
    let world = linked().await;
    let owner = world.owner();
    let sync = stands(&world, &world.north, &invoiced(&owner).await, 1, &ARRIVED);
    let body = json!({"order_number": sync.number, "status": "shipped"}).to_string();
    set(&owner, &json!({"enabled": false, "hmac_secret": "a new one"})).await.expect(200);
    for secret in [SECRET, "a new one"] {
        send(&world, "north", &[&signature(secret, body.as_bytes())], &body).await.expect(200);
    }
    world.clock.advance(chrono::Duration::minutes(59));
    send(&world, "north", &[&signature(SECRET, body.as_bytes())], &body).await.expect(200);
    world.clock.advance(chrono::Duration::minutes(2));
    send(&world, "north", &[&signature(SECRET, body.as_bytes())], &body).await.problem(401, "invalid_signature");
    send(&world, "north", &[&signature("a new one", body.as_bytes())], &body).await.expect(200);
}

/// Those of another client are not known here, whoever signs.
#[tokio::test]
async fn an_erp_tells_of_its_own_clients_orders_only() {
    let world = linked().await;
    let south = world.caller(&world.south, "owner");
    let theirs = stands(&world, &world.south, &invoiced(&south).await, 1, &ARRIVED);
    // North's own order of that number was never sent.
    let body = json!({"order_number": theirs.number, "status": "shipped", "idempotency_key": theirs.key});
    tell(&world, "north", &body).await.problem(404, "not_found");
    assert_eq!(theirs.show(&south).await["erp_status"], "accepted");
}

/// Who floods a client's door unsigned takes nothing from its ERP, and the ERP nothing from the client's users.
#[tokio::test]
async fn callbacks_are_counted_by_address_and_by_client_once_they_are_signed() {
    let few = |config: &mut countinghouse_api::config::Config| {
        config.rates.writes = 5;
        config.http.proxies = vec!["127.0.0.1/32".parse().unwrap()];
    };
    let world = World::builder().config(few).start().await;
    let owner = world.owner();
    set(&owner, &json!({"enabled": false, "hmac_secret": SECRET})).await.expect(200);
    world.clock.stop();
    let body = json!({"order_number": "SO-1", "status": "a"}).to_string();
    let tell_from = async |address: String, signature: String| {
        let request = world.nobody().request(Method::POST, "/erp/webhook/north").header("x-forwarded-for", address);
        Answer::of(request.header("x-signature", signature).body(body.clone())).await
    };
    for address in 1..=20 {
        tell_from(format!("192.0.2.{address}"), String::new()).await.problem(401, "invalid_signature");
    }
    for _ in 0..5 {
        tell_from("198.51.100.1".to_owned(), String::new()).await.problem(401, "invalid_signature");
    }
    tell_from("198.51.100.1".to_owned(), String::new()).await.problem(429, "rate_limited");
    for address in 1..=5 {
        tell_from(format!("203.0.113.{address}"), signature(SECRET, body.as_bytes())).await.problem(404, "not_found");
    }
    let refused = tell_from("203.0.113.6".to_owned(), signature(SECRET, body.as_bytes())).await;
    assert_ne!(refused.header("retry-after"), "");
    refused.problem(429, "rate_limited");
    set(&owner, &json!({"enabled": false, "max_attempts": 3})).await.expect(200);
}
