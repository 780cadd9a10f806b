//! Forged access tokens: whatever is changed about a good one, it opens nothing.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chrono::Duration;
use countinghouse_tests::World;
use serde_json::{Value, json};

/// The key of every test's service (`harness/template.rs`).
const KEY: [u8; 32] = [0; 32];

fn sign(header: &Value, claims: &Value, algorithm: hmac::Algorithm, key: &[u8]) -> String {
    let part = |value: &Value| BASE64.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = hmac::sign(&hmac::Key::new(algorithm, key), signed.as_bytes());
    format!("{signed}.{}", BASE64.encode(signature.as_ref()))
}

fn header() -> Value {
    json!({"alg": "HS256", "typ": "JWT", "kid": "jwt-test"})
}

/// The claims of a good token of the first client's owner.
fn claims(world: &World) -> Value {
    let now = chrono::Utc::now().timestamp();
    json!({"iss": "countinghouse", "aud": "countinghouse-api", "kind": "user", "iat": now, "exp": now + 900,
        "sub": world.north.user("owner"), "sid": world.north.session("owner"), "tid": world.north.id})
}

fn with(mut value: Value, name: &str, other: Value) -> Value {
    match other {
        Value::Null => value.as_object_mut().unwrap().remove(name),
        other => value.as_object_mut().unwrap().insert(name.to_owned(), other),
    };
    value
}

async fn is_refused(world: &World, token: String) {
    let said = token.clone();
    let answer = world.with_token(token).get("/auth/me").await;
    assert_eq!(answer.status, 401, "{said}: {answer:?}");
    answer.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_token_made_like_ours_is_good_and_so_the_others_fail_for_their_own_reason() {
    let world = World::start().await;
    let token = sign(&header(), &claims(&world), hmac::HMAC_SHA256, &KEY);
    world.with_token(token).get("/auth/me").await.expect(200);
}

#[tokio::test]
async fn another_algorithm_or_none_is_refused() {
    let world = World::start().await;
    let claims = claims(&world);
    for alg in ["none", "None", "NONE", "", "HS384", "HS512", "RS256", "ES256", "EdDSA", "PS256"] {
        let header = with(header(), "alg", json!(alg));
        let token = sign(&header, &claims, hmac::HMAC_SHA256, &KEY);
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        is_refused(&world, token).await;
        is_refused(&world, unsigned).await;
    }
    let header = with(header(), "alg", json!("HS512"));
    is_refused(&world, sign(&header, &claims, hmac::HMAC_SHA512, &KEY)).await;
    is_refused(&world, sign(&with(header, "alg", Value::Null), &claims, hmac::HMAC_SHA256, &KEY)).await;
}

#[tokio::test]
async fn only_our_keys_count_by_their_name_and_nothing_the_token_brings() {
    let world = World::start().await;
    let (claims, other) = (claims(&world), [7; 32]);
    is_refused(&world, sign(&header(), &claims, hmac::HMAC_SHA256, &other)).await;
    for kid in [json!("another"), json!(""), json!("../jwt-test"), json!("JWT-TEST"), json!(1), Value::Null] {
        let header = with(header(), "kid", kid);
        is_refused(&world, sign(&header, &claims, hmac::HMAC_SHA256, &KEY)).await;
    }
    // The master key is a key of ours too, and none for tokens.
    let master = BASE64.decode("E".repeat(43)).unwrap();
    is_refused(&world, sign(&header(), &claims, hmac::HMAC_SHA256, &master)).await;
    let jwk = json!({"kty": "oct", "k": BASE64.encode(other)});
    for (name, value) in [
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!("http://127.0.0.1:1/keys")),
        ("jwk", jwk),
        ("x5c", json!(["AAAA"])),
    ] {
        let header = with(with(header(), name, value), "kid", json!("theirs"));
        is_refused(&world, sign(&header, &claims, hmac::HMAC_SHA256, &other)).await;
    }
}

#[tokio::test]
async fn every_claim_has_to_be_right() {
    let world = World::start().await;
    let good = claims(&world);
    let changes = [
        ("iss", vec![Value::Null, json!("somebody"), json!("")]),
        ("aud", vec![Value::Null, json!("another-api"), json!([])]),
        ("kind", vec![Value::Null, json!("superadmin"), json!("root")]),
        ("sub", vec![Value::Null, json!("1"), json!(1)]),
        ("sid", vec![Value::Null, json!("1")]),
        ("tid", vec![Value::Null, json!("1")]),
        ("exp", vec![Value::Null, json!("tomorrow"), json!(0), json!(-1)]),
        ("iat", vec![Value::Null, json!(4_000_000_000_u64)]),
    ];
    for (name, values) in changes {
        for value in values {
            let claims = with(good.clone(), name, value);
            is_refused(&world, sign(&header(), &claims, hmac::HMAC_SHA256, &KEY)).await;
        }
    }
    // A session of one client does not exist in the other: the look-up is under the tenant.
    let crossed = with(good, "tid", json!(world.south.id));
    let token = sign(&header(), &crossed, hmac::HMAC_SHA256, &KEY);
    world.with_token(token).get("/auth/me").await.problem(401, "session_ended");
}

#[tokio::test]
async fn a_token_ends_on_its_second() {
    let world = World::start().await;
    let now = chrono::Utc::now().timestamp();
    let ending = with(claims(&world), "exp", json!(now + 300));
    let token = sign(&header(), &ending, hmac::HMAC_SHA256, &KEY);
    world.clock.advance(Duration::seconds(290));
    world.with_token(&*token).get("/auth/me").await.expect(200);
    world.clock.advance(Duration::seconds(11));
    is_refused(&world, token).await;
}

#[tokio::test]
async fn pieces_of_a_token_are_no_token() {
    let world = World::start().await;
    let token = sign(&header(), &claims(&world), hmac::HMAC_SHA256, &KEY);
    let parts: Vec<&str> = token.split('.').collect();
    let huge = format!("{}.{}.{}", parts[0], "A".repeat(6000), parts[2]);
    for broken in [
        parts[0].to_owned(),
        parts[..2].join("."),
        format!("{token}."),
        format!("{token}.{}", parts[2]),
        format!("..{}", parts[2]),
        [parts[1], parts[0], parts[2]].join("."),
        format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
        huge,
    ] {
        is_refused(&world, broken).await;
    }
}
