//! Headers that are not what they should be: ignored where they say nothing, refused where they
//! should have let somebody in.

use countinghouse_tests::{Answer, World};
use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderValue},
};
use serde_json::json;

#[tokio::test]
async fn a_request_id_is_kept_when_it_is_well_formed() {
    let world = World::start().await;
    let send = async |id: HeaderValue| {
        let request = world.owner().request(Method::GET, "/products/7").header("x-request-id", id);
        let answer = Answer::of(request).await;
        assert!(!answer.header("x-request-id").is_empty(), "{answer:?}");
        assert_eq!(answer.body["request_id"], answer.header("x-request-id"));
        answer.header("x-request-id").to_owned()
    };
    for id in ["a", "order-4711", "0191e2a4-7b1c-7e3d-9f00-0123456789ab"] {
        assert_eq!(send(HeaderValue::from_static(id)).await, id);
    }
    let long = "a".repeat(5000);
    for id in [
        b"".as_slice(),
        b" ",
        b"a b",
        b"a\"b",
        b"<script>",
        b"a,b",
        b"{}",
        b"a\tb",
        b"\xff",
        b"\xc3\xa9",
        long.as_bytes(),
    ] {
        let made = send(HeaderValue::from_bytes(id).expect("a header")).await;
        assert_ne!(made.as_bytes(), id);
        assert!(made.len() <= 64 && made.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{made}");
    }
    let [one, other] = [world.owner().get("/products").await, world.owner().get("/products").await];
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
}

#[tokio::test]
async fn an_authorization_that_is_none_is_not_let_in() {
    let world = World::start().await;
    let token = world.owner().token().to_owned();
    let (unsigned, huge) = (token.rsplit_once('.').unwrap().0.to_owned() + ".", "x".repeat(30_000));
    let texts = [
        "",
        " ",
        "Bearer",
        "Bearer ",
        "Bearer  ",
        "bearer x",
        "Bearer null",
        "Bearer a.b.c",
        "Bearer ..",
        "Basic b3duZXI6eA==",
        "Digest x",
        "Bearer \"x\"",
        &token,
        &format!("Token {token}"),
        &format!("Bearer {token}x"),
        &format!("Bearer x{token}"),
        &format!("Bearer {token},{token}"),
        &format!("Bearer {unsigned}"),
        &format!("Bearer {huge}"),
        &format!("{huge} {token}"),
    ];
    let mut values: Vec<HeaderValue> =
        texts.iter().map(|text| HeaderValue::from_str(text).expect("a header")).collect();
    values.extend(
        [b"Bearer \xff".as_slice(), b"\xff\xfe", b"Bearer \xc3\xa9"].map(|b| HeaderValue::from_bytes(b).unwrap()),
    );
    for value in values {
        for path in ["/auth/me", "/products", "/admin/tenants"] {
            let request = world.nobody().request(Method::GET, path).header(AUTHORIZATION, value.clone());
            let answer = Answer::of(request).await;
            assert_eq!(answer.status, 401, "{path} {value:?}: {answer:?}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            answer.problem(401, "unauthenticated");
        }
    }
    let lower_case = world.nobody().request(Method::GET, "/auth/me").header(AUTHORIZATION, format!("bearer {token}"));
    Answer::of(lower_case).await.expect(200);
}

#[tokio::test]
async fn odd_headers_do_no_harm() {
    let world = World::start().await;
    for (name, value) in [
        ("traceparent", b"nonsense".as_slice()),
        ("traceparent", b"\xff"),
        ("accept", b"text/html"),
        ("accept-encoding", b"nonsense;q=9"),
        ("user-agent", b"\xff\xfe"),
        ("x-forwarded-for", b"' OR 1=1"),
        ("if-none-match", b"\xff"),
        ("range", b"bytes=0-1"),
        ("content-type", b"\xff"),
        ("cookie", b"\xff"),
    ] {
        let request = world.owner().request(Method::GET, "/products");
        let answer = Answer::of(request.header(name, HeaderValue::from_bytes(value).expect("a header"))).await;
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
    }
    let odd_agent = world.nobody().request(Method::POST, "/auth/login").header("user-agent", "a".repeat(20_000));
    let body = json!({"client_id": "north", "username": "owner", "password": countinghouse_tests::PASSWORD});
    Answer::of(odd_agent.json(&body)).await.expect(200);
}
