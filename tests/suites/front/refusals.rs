//! What Nginx refuses or answers by itself, in the words of the service; who is too slow; what is logged.

use super::{
    smuggling::answer,
    stub::{Answer, Stub},
};
use countinghouse_api::platform::http::{MAX_BODY, MAX_UPLOAD};
use countinghouse_contract::images::MAX_PICTURE;
use countinghouse_tests::{Answer as Answered, Nginx, World, own_address, patience::Patience};
use reqwest::Method;
use std::{net::SocketAddr, time::Instant};
use tokio::io::AsyncWriteExt;

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_not_passed_on() {
    let stub = Stub::start(Answer::Ok).await;
    let Some(front) = Nginx::before([stub.address; 2]) else { return };
    let caller = front.caller(own_address(), "");
    let send = async |size: usize| caller.send(Method::POST, "/products", "application/json", vec![b' '; size]).await;
    assert_eq!(send(MAX_BODY).await.status, 200);
    assert_eq!(stub.take()[0].body.len(), MAX_BODY);
    let refused = send(MAX_BODY + 1).await.problem(413, "body_too_large");
    assert_eq!(refused["detail"], format!("At most {MAX_BODY} bytes."));
    let file = vec![b' '; usize::try_from(MAX_UPLOAD).unwrap() + 1];
    let refused = caller.send(Method::POST, "/imports/products", "text/csv", file).await.problem(413, "body_too_large");
    assert_eq!(refused["detail"], format!("At most {MAX_UPLOAD} bytes."));

    // A form with a picture, with or without a key.
    let form = usize::try_from(MAX_PICTURE).unwrap() + 64 * 1024;
    for path in ["/products/0199aaaa-1111-7222-8333-444455556666/images", "/products/image-search"] {
        let send = async |size: usize| {
            let request = caller.request(Method::POST, path).header("idempotency-key", "one");
            let request = request.header("content-type", "multipart/form-data; boundary=x");
            Answered::of(request.body(vec![b' '; size])).await
        };
        assert_eq!(send(form).await.status, 200);
        assert_eq!(stub.take()[0].body.len(), form);
        let refused = send(form + 1).await.problem(413, "body_too_large");
        assert_eq!(refused["detail"], format!("At most {form} bytes."));
    }
    let other = caller.send(Method::POST, "/products/x/images/y", "text/plain", vec![b' '; MAX_BODY + 1]).await;
    other.problem(413, "body_too_large");

    let mut chunked = front.connect("http/1.1", Nginx::NAME).await.unwrap();
    let head = "POST /api/v1/products HTTP/1.1\r\nHost: countinghouse.test\r\nTransfer-Encoding: chunked\r\n\r\n";
    chunked.write_all(format!("{head}{:x}\r\n", MAX_BODY + 1).as_bytes()).await.unwrap();
    // It is not read to its end, so that the last of it may meet a closed door.
    let _ = chunked.write_all(&vec![b' '; MAX_BODY + 1]).await;
    assert!(answer(&mut chunked).await.starts_with("HTTP/1.1 413 "));
    assert_eq!(stub.take().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_large_is_refused() {
    let stub = Stub::start(Answer::Ok).await;
    let Some(front) = Nginx::before([stub.address; 2]) else { return };
    let caller = front.caller(own_address(), "");
    caller.get(&format!("/products?q={}", "x".repeat(9_000))).await.problem(400, "malformed_request");
    let long = caller.request(Method::GET, "/products").header("X-Long", "x".repeat(9_000));
    Answered::of(long).await.problem(400, "malformed_request");
    Answered::of(caller.request(Method::TRACE, "/products")).await.problem(405, "method_not_allowed");
    assert_eq!(stub.take().len(), 0);
}

/// Ten seconds for a head, however busily it trickles; and the connection is closed.
#[tokio::test(flavor = "multi_thread")]
async fn who_trickles_a_head_is_hung_up_on() {
    let stub = Stub::start(Answer::Ok).await;
    let Some(front) = Nginx::before([stub.address; 2]) else { return };
    let mut connection = front.connect("http/1.1", Nginx::NAME).await.unwrap();
    let begun = Instant::now();
    connection.write_all(b"GET /api/v1/products HTTP/1.1\r\nHost: countinghouse.test\r\n").await.unwrap();
    let (mut hears, mut says) = tokio::io::split(connection);
    let mut beat = tokio::time::interval(std::time::Duration::from_millis(500));
    let said = tokio::select! {
        said = answer(&mut hears) => said,
        () = async { loop { beat.tick().await; let _ = says.write_all(b"X: y\r\n").await; } } => String::new(),
    };
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 408 "), "{said}");
    assert!((9..15).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    assert_eq!(stub.take().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_keeps_a_body_back_is_hung_up_on() {
    let stub = Stub::start(Answer::Ok).await;
    let Some(front) = Nginx::before([stub.address; 2]) else { return };
    let mut connection = front.connect("http/1.1", Nginx::NAME).await.unwrap();
    let begun = Instant::now();
    let head = "POST /api/v1/products HTTP/1.1\r\nHost: countinghouse.test\r\nContent-Length: 100\r\n\r\n{";
    connection.write_all(head.as_bytes()).await.unwrap();
    let said = answer(&mut connection).await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 408 "), "{said}");
    assert!((9..15).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    assert_eq!(stub.take().len(), 0, "the service never hears of it");
}

/// One of each of these headers, on the service's answers as on Nginx's own.
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_its_headers() {
    let world = World::start().await;
    let address: SocketAddr = world.base_url.trim_start_matches("http://").parse().unwrap();
    let Some(front) = Nginx::before([address; 2]) else { return };
    let owner = front.caller(own_address(), world.owner().token());
    let answers = [
        owner.get("/products").await,
        owner.get("/nowhere").await,
        owner.send(Method::POST, "/products", "application/json", vec![b' '; MAX_BODY + 1]).await,
        owner.get(&format!("/products?q={}", "x".repeat(9_000))).await,
    ];
    assert_eq!(answers.each_ref().map(|answer| answer.status), [200, 404, 413, 400]);
    let expected = [
        ("strict-transport-security", "max-age=31536000"),
        ("content-security-policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("server", "nginx"),
    ];
    for answer in answers {
        for (name, value) in expected {
            let values: Vec<_> = answer.headers.get_all(name).iter().collect();
            assert_eq!(values, [value], "{name} of {answer:?}");
        }
        assert_eq!(answer.headers.get_all("x-request-id").iter().count(), 1, "{answer:?}");
    }
}

/// Paths and queries name things of clients, also where something goes wrong.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_request_is_logged() {
    let nobody = SocketAddr::from((own_address(), 9));
    let Some(front) = Nginx::before([nobody; 2]) else { return };
    let caller = front.caller(own_address(), "canary-token");
    caller.get("/products/canary-path?q=canary-query").await.problem(503, "unavailable");
    caller.get(&format!("/products?q=canary-{}", "x".repeat(9_000))).await.problem(400, "malformed_request");
    let canary =
        caller.request(Method::GET, "/canary").header("Referer", "https://canary").header("User-Agent", "canary");
    Answered::of(canary).await.problem(503, "unavailable");
    for _ in 0..60 {
        caller.get("/reports/balance-sheet?canary").await;
    }
    let patience = Patience::until("are all of them logged");
    while front.requests().len() < 63 {
        patience.wait().await;
    }
    let logged = format!("{}{:?}", front.said(), front.requests());
    assert!(!logged.contains("canary"), "{logged}");
    assert!(front.requests().iter().any(|line| line["status"] == 429));
}
