//! What reaches the service, and what is sent a second time when the copy that had it is lost.

use super::{
    path_of,
    smuggling::answer,
    stub::{Answer, Seen, Stub},
};
use countinghouse_api::{platform::http::Repeats, routes};
use countinghouse_tests::{Answer as Answered, Nginx, own_address};
use reqwest::Method;
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Semaphore,
};

/// A change is sent again after a copy had it only where the service keeps its answer by the key, which the
/// service's own table says.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_sent_again_only_where_that_is_safe() {
    let copies = [Stub::start(Answer::HangUp).await, Stub::start(Answer::HangUp).await];
    let Some(front) = Nginx::before([copies[0].address, copies[1].address]) else { return };
    for route in routes::table() {
        // By the standard, all others may be sent twice.
        let changes = [Method::POST, Method::PATCH].contains(&route.method.as_str().parse().unwrap());
        for key in [None, Some("k")] {
            let caller = front.caller(own_address(), "");
            let mut request = caller.request(route.method.as_str().parse().unwrap(), &path_of(route.path));
            if let Some(key) = key {
                request = request.header("Idempotency-Key", key);
            }
            let kept = key.is_some() && route.repeats == Repeats::Replayed;
            let lost = if changes || route.method.as_str() != "GET" { "outcome_unknown" } else { "unavailable" };
            Answered::of(request).await.problem(503, lost);
            let sent = copies[0].take().len() + copies[1].take().len();
            assert_eq!(sent, if changes && !kept { 1 } else { 2 }, "{} {} {key:?}", route.method, route.path);
        }
    }
}

/// Nothing was sent to a copy that is not there.
#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_sent_goes_to_the_other_copy() {
    let stub = Stub::start(Answer::Ok).await;
    let nobody = SocketAddr::from((own_address(), 9));
    let Some(front) = Nginx::before([nobody, stub.address]) else { return };
    let caller = front.caller(own_address(), "");
    for _ in 0..10 {
        assert_eq!(Answered::of(caller.request(Method::POST, "/orders").body("{}")).await.status, 200);
    }
    assert_eq!(stub.take().len(), 10);
    front.place_copies([nobody; 2]);
    front.reload();
    front.until_settled();
    front.caller(own_address(), "").post("/orders", &serde_json::json!({})).await.problem(503, "unavailable");
}

async fn seen_of(front: &Nginx, stub: &Stub, headers: &[(&str, &str)]) -> Seen {
    let mut request = front.caller([127, 9, 9, 9], "").request(Method::GET, "/products?q=a%20b");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    assert_eq!(Answered::of(request).await.status, 200);
    let [seen] = stub.take().try_into().expect("one request");
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_client_says_of_its_way_is_not_passed_on() {
    let stub = Stub::start(Answer::Ok).await;
    let Some(front) = Nginx::before([stub.address; 2]) else { return };
    let made_up = [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("X-Forwarded-Proto", "http"),
        ("Forwarded", "for=203.0.113.9"),
        ("X-Real-IP", "203.0.113.9"),
        ("Connection", "X-Request-Id, close"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAMAAABkAAQAAP__"),
        ("TE", "trailers"),
        ("X_Forwarded_For", "203.0.113.9"),
        ("X-Request-Id", "mine-1"),
    ];
    let seen = seen_of(&front, &stub, &made_up).await;
    assert!(seen.head.starts_with("GET /api/v1/products?q=a%20b HTTP/1.1\r\n"), "{}", seen.head);
    assert_eq!(seen.header("x-forwarded-for"), ["127.9.9.9"]);
    assert_eq!(seen.header("x-forwarded-proto"), ["https"]);
    assert_eq!(seen.header("host"), [Nginx::NAME]);
    assert_eq!(seen.header("x-request-id"), ["mine-1"]);
    for name in ["forwarded", "x-real-ip", "upgrade", "te", "connection", "x_forwarded_for"] {
        assert_eq!(seen.header(name), Vec::<&str>::new(), "{name}");
    }
    for malformed in ["a\"b", "a b", &"x".repeat(129)] {
        let seen = seen_of(&front, &stub, &[("X-Request-Id", malformed)]).await;
        assert_eq!(seen.header("x-request-id")[0].len(), 32, "one of Nginx's own for {malformed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_arrives_before_the_next_is_sent() {
    let second = Arc::new(Semaphore::new(0));
    let stub = Stub::start(Answer::Events(Arc::clone(&second))).await;
    let Some(front) = Nginx::before([stub.address; 2]) else { return };
    let caller = front.caller(own_address(), "");
    let request = caller.request(Method::GET, "/anything").header("Accept", "text/event-stream");
    let mut response = request.send().await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "data: first\n\n");
    second.add_permits(1);
    assert_eq!(response.chunk().await.unwrap().unwrap(), "data: second\n\n");
    assert_eq!(response.chunk().await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_goes_through_both_ways() {
    let stub = Stub::start(Answer::Echo).await;
    let Some(front) = Nginx::before([stub.address; 2]) else { return };
    let mut connection = front.connect("http/1.1", Nginx::NAME).await.unwrap();
    let asked = "GET /api/v1/anything HTTP/1.1\r\nHost: countinghouse.test\r\nConnection: keep-alive, Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    connection.write_all(asked.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    for said in [b"\x81\x05hello", b"\x81\x05again"] {
        connection.write_all(said).await.unwrap();
        let mut heard = [0; 7];
        connection.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, said);
    }
    let [seen] = stub.take().try_into().expect("one request");
    assert_eq!(seen.header("upgrade"), ["websocket"]);
    assert_eq!(seen.header("connection"), ["upgrade"]);
    assert_eq!(seen.header("sec-websocket-version"), ["13"]);
}

/// Who asks for an upgrade to something else gets a plain answer.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_is_upgraded() {
    let stub = Stub::start(Answer::Ok).await;
    let Some(front) = Nginx::before([stub.address; 2]) else { return };
    let mut connection = front.connect("http/1.1", Nginx::NAME).await.unwrap();
    let asked = "GET /x HTTP/1.1\r\nHost: countinghouse.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
        HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
    connection.write_all(asked.as_bytes()).await.unwrap();
    assert!(answer(&mut connection).await.starts_with("HTTP/1.1 200 "));
    let [seen] = stub.take().try_into().expect("one request");
    assert_eq!((seen.header("upgrade"), seen.header("connection")), (Vec::new(), Vec::new()));
}
