//! `countinghouse mock-erp`, the real program: what it takes, what it refuses, and each of its faults.

use countinghouse_tests::{MockErp, Process, Receiver, patience::Patience};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

fn order(number: &str, total: &str) -> Value {
    let total: serde_json::Number = total.parse().unwrap();
    json!({
        "order_increment_id": number, "order_id": "01", "order_version": 1, "currency": "EUR", "status": "invoiced", "customer_email": "customer@example.com",
        "items": [{"sku": "A", "name": "A", "qty": 2, "price": 5, "row_total": 10}],
        "totals": {"subtotal": 10, "tax": 0, "shipping": 0, "discount": 0, "grand_total": total},
        "created_at": "2026-03-01 10:00:00", "updated_at": "2026-03-01 10:00:00"
    })
}

/// Status and body; a body that is not JSON is a text.
async fn send(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[tokio::test]
async fn an_order_comes_once_however_often_it_is_sent_and_a_later_version_changes_it() {
    let erp = MockErp::process(&[]);
    let first = order("SO-1", "10.25");
    let (status, accepted) = send(erp.order("K1", &first)).await;
    assert_eq!((status, &accepted["status"]), (200, &json!("accepted")), "{accepted}");
    let reference = accepted["erp_reference"].as_str().unwrap();
    assert!(reference.starts_with("ERP-"), "{reference}");
    // Side by side too.
    for answer in futures_util::future::join_all((0..8).map(|_| send(erp.order("K1", &first)))).await {
        assert_eq!(answer, (200, accepted.clone()));
    }
    let (status, reused) = send(erp.order("K1", &order("SO-1", "10.11"))).await;
    assert_eq!((status, &reused["code"]), (409, &json!("KEY_REUSED")));

    assert_eq!(send(erp.order("K2", &order("SO-1", "7"))).await, (200, accepted.clone()));
    let (_, other) = send(erp.order("K3", &order("SO-2", "1"))).await;
    assert_ne!(other["erp_reference"], accepted["erp_reference"]);

    let orders = erp.orders().await;
    assert_eq!(orders.iter().map(|order| &order["order_increment_id"]).collect::<Vec<_>>(), ["SO-2", "SO-1"]);
    let kept = erp.get(&format!("/mock/orders/{reference}")).await;
    assert_eq!([&kept["created"], &kept["received"], &kept["grand_total"]], [&json!(1), &json!(10), &json!("7")]);
    let keys: Vec<_> = kept["versions"].as_array().unwrap().iter().map(|version| &version["idempotency_key"]).collect();
    assert_eq!(keys, ["K1", "K2"]);
    let history: Vec<_> = kept["history"].as_array().unwrap().iter().map(|event| &event["what"]).collect();
    assert_eq!(
        (history.len(), history[0], history[1], history[9]),
        (10, &json!("created"), &json!("repeated"), &json!("updated"))
    );
    assert_eq!(kept["payloads"], json!([first, order("SO-1", "7")]));
    let calls = erp.get("/mock/calls?order=SO-1").await["calls"].clone();
    assert_eq!(calls.as_array().unwrap().len(), 11);
    assert_eq!([&calls[0]["idempotency_key"], &calls[1]["end"]], [&json!("K2"), &json!({"answered": 409})]);

    let forgotten = erp.request(Method::DELETE, "/mock").send().await.unwrap();
    assert_eq!((forgotten.status().as_u16(), erp.orders().await.len()), (204, 0));
    let (_, anew) = send(erp.order("K1", &first)).await;
    assert_ne!(anew["erp_reference"], accepted["erp_reference"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_said() {
    let erp = MockErp::process(&[]);
    let body = order("SO-1", "1").to_string();
    let sync = |change: &dyn Fn(RequestBuilder) -> RequestBuilder| {
        let request = erp.request(Method::POST, "/orders/sync").header("content-type", "application/json");
        send(change(request.body(body.clone())))
    };
    let (key, signature) = (MockErp::API_KEY, MockErp::signature(body.as_bytes()));
    let wrong = MockErp::signature(b"something else");
    type Changed<'a> = &'a dyn Fn(RequestBuilder) -> RequestBuilder;
    let cases: [(Changed<'_>, u16, &str); 8] = [
        (&|request| request, 401, "API_KEY_MISSING"),
        (&|request| request.header("x-api-key", "the-key-of-another"), 401, "WRONG_API_KEY"),
        (&|request| request.header("x-api-key", key), 401, "SIGNATURE_MISSING"),
        (&|request| request.header("x-api-key", key).header("x-signature", "%"), 401, "WRONG_SIGNATURE"),
        (&|request| request.header("x-api-key", key).header("x-signature", &wrong), 401, "WRONG_SIGNATURE"),
        (&|request| request.header("x-api-key", key).header("x-signature", &signature), 400, "KEY_MISSING"),
        (
            &|request| {
                let request = request.header("x-api-key", key).header("x-signature", &signature);
                request.header("x-idempotency-key", "a key")
            },
            400,
            "BAD_KEY",
        ),
        (&|request| request.header("content-type", "text/plain"), 401, "API_KEY_MISSING"),
    ];
    for (change, status, code) in cases {
        let (answered, body) = sync(change).await;
        assert_eq!((answered, body["code"].as_str()), (status, Some(code)), "{body}");
        assert!(body["error"].as_str().is_some_and(|error| !error.is_empty()));
    }
    for wrong in [
        json!([]),
        json!({"order_increment_id": "SO-1"}),
        json!({"order_increment_id": "SO-1", "items": [], "totals": {"grand_total": "1"}}),
    ] {
        let (status, body) = send(erp.order("K", &wrong)).await;
        assert_eq!((status, body["code"].as_str()), (400, Some("INVALID_PAYLOAD")), "{body}");
    }
    let mut large = order("SO-1", "1");
    large["note"] = json!("x".repeat(1 << 20));
    assert_eq!(send(erp.order("K", &large)).await.0, 413);
    let plain = erp.request(Method::POST, "/orders/sync").header("content-type", "text/plain").body("{}");
    assert_eq!(send(plain).await.0, 415);
    assert_eq!(send(erp.request(Method::GET, "/orders")).await.0, 404);
    assert_eq!(send(erp.request(Method::PUT, "/mock/faults").json(&json!({"rules": [{"fault": "x"}]}))).await.0, 400);
    assert_eq!(erp.orders().await, [] as [Value; 0]);
}

#[tokio::test]
async fn orders_are_looked_up_by_their_key_unless_the_erp_cannot() {
    let erp = MockErp::process(&[]);
    let (_, accepted) = send(erp.order("K1", &order("SO-1", "1"))).await;
    assert_eq!(send(erp.look_up("K1")).await, (200, accepted));
    let (status, body) = send(erp.look_up("K2")).await;
    assert_eq!((status, &body["code"]), (404, &json!("NOT_FOUND")));
    let unsigned = erp.request(Method::GET, "/orders/by-key/K1").header("x-api-key", MockErp::API_KEY);
    assert_eq!(send(unsigned).await.1["code"], "SIGNATURE_MISSING");

    let erp = MockErp::process(&["--look-up", "no-page"]);
    send(erp.order("K1", &order("SO-1", "1"))).await;
    let (status, page) = send(erp.look_up("K1")).await;
    assert!(status == 404 && page.is_string(), "{page}");
    let erp = MockErp::process(&["--look-up", "not-allowed"]);
    assert_eq!(send(erp.look_up("K1")).await, (405, json!("")));
}

/// What the connector must not do to such an ERP shows.
#[tokio::test]
async fn an_erp_that_ignores_keys_makes_an_order_of_each_call() {
    let erp = MockErp::process(&["--ignore-keys"]);
    for _ in 0..3 {
        assert_eq!(send(erp.order("K1", &order("SO-1", "1"))).await.0, 200);
    }
    assert_eq!(erp.order_of("SO-1").await.unwrap()["created"], 3);
    assert_eq!(send(erp.look_up("K1")).await.0, 200);
}

#[tokio::test]
async fn stock_is_kept_and_an_update_that_comes_again_sets_nothing_back() {
    let erp = MockErp::process(&[]);
    let update = |key: &str, qty: u32| {
        let body = json!({"items": [{"sku": "A", "qty": qty}], "orderIncrementId": "SO-1", "idempotencyKey": key});
        send(erp.request(Method::POST, "/mock-update-stock").json(&body))
    };
    let told = |qty: u32| (200, json!({"success": true, "items": [{"sku": "A", "qty": qty}]}));
    assert_eq!(update("K1", 5).await, told(5));
    assert_eq!(update("K2", 3).await, told(3));
    assert_eq!(update("K1", 5).await, told(3));
    assert_eq!(erp.get("/mock/stock").await, json!({"A": 3}));
    let bad = erp
        .request(Method::POST, "/mock-update-stock")
        .json(&json!({"items": [{"sku": "", "qty": 1}], "idempotencyKey": "K3"}));
    assert_eq!(send(bad).await.0, 400);
}

#[tokio::test]
async fn callbacks_are_signed_and_go_by_hand_and_by_themselves() {
    let service = Receiver::start();
    let url = service.url("/hook");
    let erp =
        MockErp::process(&["--callback-url", &url, "--callback-status", "accepted,shipped", "--callback-delay", "1"]);
    let (_, accepted) = send(erp.order("K1", &order("SO-1", "1"))).await;
    let reference = accepted["erp_reference"].as_str().unwrap();
    let patience = Patience::until("called back twice");
    while service.received("/hook").len() < 2 {
        patience.wait().await;
    }
    let by_hand = format!("/mock/orders/{reference}/callback");
    let (status, answered) = send(erp.request(Method::POST, &by_hand).json(&json!({"status": "invoiced"}))).await;
    assert_eq!((status, &answered["status"]), (200, &json!(200)));
    let received = service.received("/hook");
    let statuses: Vec<_> = received.iter().map(|call| call.json()["status"].clone()).collect();
    assert_eq!(statuses, ["accepted", "shipped", "invoiced"]);
    assert_eq!(received[0].json()["idempotencyKey"], "K1");
    for call in &received {
        assert_eq!(call.header("x-signature"), MockErp::signature(&call.body));
        assert_eq!(
            (&call.json()["orderIncrementId"], &call.json()["erpReference"]),
            (&json!("SO-1"), &json!(reference))
        );
    }
    assert_eq!(erp.order_of("SO-1").await.unwrap()["status"], "invoiced");
    assert_eq!(send(erp.look_up("K1")).await.1["status"], "invoiced");
    // A repeat is no news, and gets the answer of the first time.
    assert_eq!(send(erp.order("K1", &order("SO-1", "1"))).await, (200, accepted.clone()));
    assert_eq!(service.received("/hook").len(), 3);
    assert_eq!(
        send(erp.request(Method::POST, "/mock/orders/ERP-0/callback").json(&json!({"status": "x"}))).await.0,
        404
    );

    let deaf = MockErp::process(&[]);
    let (_, accepted) = send(deaf.order("K1", &order("SO-1", "1"))).await;
    let by_hand = format!("/mock/orders/{}/callback", accepted["erp_reference"].as_str().unwrap());
    assert_eq!(
        send(deaf.request(Method::POST, &by_hand).json(&json!({"status": "x"}))).await.1["code"],
        "NO_CALLBACK_URL"
    );
}

#[tokio::test]
async fn each_fault_is_what_it_says() {
    let erp = MockErp::process(&[]);
    let faults = json!({"rules": [
        {"path": "/orders/sync", "times": 1, "fault": {"status": 400}},
        {"path": "/orders/sync", "times": 1, "fault": {"status": 503}},
        {"path": "/orders/sync", "times": 1, "fault": {"plain_status": 502}},
        {"path": "/orders/sync", "times": 1, "fault": {"retry_after_seconds": 7}},
        {"path": "/orders/sync", "times": 1, "fault": {"retry_after_date": 60}},
        {"path": "/orders/sync", "times": 1, "fault": {"redirect": "http://127.0.0.1:1/"}},
        {"path": "/orders/by-key", "times": 1, "fault": {"status": 500}}
    ]});
    erp.faults(&faults).await;
    let mut answers = Vec::new();
    for _ in 0..6 {
        let unfollowed =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        let (_, request) = erp.order("K1", &order("SO-1", "1")).build_split();
        answers.push(unfollowed.execute(request.unwrap()).await.unwrap());
    }
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    assert_eq!(statuses, [400, 503, 502, 429, 429, 307]);
    let header = |at: usize, name: &str| answers[at].headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header(3, "retry-after").as_str(), header(5, "location").as_str()), ("7", "http://127.0.0.1:1/"));
    let until = chrono::DateTime::parse_from_rfc2822(&header(4, "retry-after")).unwrap().with_timezone(&chrono::Utc);
    let wait = (until - chrono::Utc::now()).num_seconds();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(header(2, "content-type").starts_with("text/html"));
    assert_eq!(send(erp.look_up("K1")).await.0, 500);
    assert_eq!(erp.get("/mock/faults").await["used"], json!([1, 1, 1, 1, 1, 1, 1]));
    // None of them stored it.
    assert_eq!(send(erp.look_up("K1")).await.0, 404);
    assert_eq!(send(erp.order("K1", &order("SO-1", "1"))).await.0, 200);
    let calls = erp.get("/mock/calls").await["calls"].clone();
    assert_eq!([&calls[8]["fault"], &calls[8]["end"]], [&json!({"status": 400}), &json!({"answered": 400})]);
}

#[tokio::test]
async fn answers_are_slow_cut_off_or_lack_their_reference_though_the_order_is_stored() {
    let erp = MockErp::process(&[]);
    erp.faults(&json!({"rules": [{"order": "SO-1", "fault": "wrong_json"}, {"order": "SO-2", "fault": "no_reference"},
        {"order": "SO-3", "fault": {"slow_body_ms": 5}}, {"order": "SO-4", "latency_ms": 200}]}))
        .await;
    assert!(send(erp.order("K1", &order("SO-1", "1"))).await.1.is_string());
    assert_eq!(send(erp.order("K2", &order("SO-2", "1"))).await, (200, json!({"status": "accepted"})));
    for number in ["3", "4"] {
        let began = Instant::now();
        let (status, accepted) = send(erp.order(&format!("K{number}"), &order(&format!("SO-{number}"), "1"))).await;
        assert!(status == 200 && accepted["erp_reference"].is_string(), "{accepted}");
        assert!(began.elapsed() >= Duration::from_millis(200), "{:?}", began.elapsed());
    }
    assert_eq!(erp.orders().await.len(), 4);
}

/// The bytes of a request, to be sent on a bare connection.
fn bare(erp: &MockErp, key: &str, order: &Value) -> (TcpStream, Vec<u8>) {
    let body = order.to_string();
    let head = format!(
        "POST /orders/sync HTTP/1.1\r\nHost: mock\r\nContent-Type: application/json\r\nX-API-KEY: {}\r\n\
         X-Idempotency-Key: {key}\r\nX-Signature: {}\r\nContent-Length: {}\r\n\r\n",
        MockErp::API_KEY,
        MockErp::signature(body.as_bytes()),
        body.len()
    );
    let address = erp.base_url.strip_prefix("http://").unwrap();
    (TcpStream::connect(address).unwrap(), [head, body].concat().into_bytes())
}

#[tokio::test]
async fn a_reset_comes_before_or_after_the_order_is_stored() {
    let erp = MockErp::process(&[]);
    let faults = json!({"rules": [{"path": "sync", "order": "SO-1", "fault": "reset"}, {"path": "sync", "order": "SO-2", "fault": "reset", "stores": true}]});
    erp.faults(&faults).await;
    for (number, key, stored) in [("SO-1", "K1", 404), ("SO-2", "K2", 200)] {
        let (mut connection, request) = bare(&erp, key, &order(number, "1"));
        connection.write_all(&request).unwrap();
        let mut answer = Vec::new();
        let ended = connection.read_to_end(&mut answer);
        assert_eq!(answer, b"");
        if cfg!(target_os = "linux") {
            assert_eq!(ended.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
        }
        assert_eq!(send(erp.look_up(key)).await.0, stored);
    }
    let calls = erp.get("/mock/calls?order=SO-2").await["calls"].clone();
    assert_eq!([&calls[0]["end"], &calls[1]["end"]], [&json!({"answered": 200}), &json!("reset")]);
    // Sent again it is the same order.
    erp.end_faults().await;
    assert_eq!(send(erp.order("K2", &order("SO-2", "1"))).await.0, 200);
    assert_eq!(erp.order_of("SO-2").await.unwrap()["created"], 1);
}

/// The caller is gone; the ERP does what it was asked all the same.
#[tokio::test]
async fn what_was_begun_is_done_when_nobody_waits_any_more() {
    let erp = MockErp::process(&[]);
    erp.faults(&json!({"rules": [{"times": 1, "latency_ms": 300}]})).await;
    let impatient = erp.order("K1", &order("SO-1", "1")).timeout(Duration::from_millis(50));
    assert!(impatient.send().await.unwrap_err().is_timeout());
    assert_eq!(send(erp.look_up("K1")).await.0, 404);
    let patience = Patience::until("stored");
    while send(erp.look_up("K1")).await.0 != 200 {
        patience.wait().await;
    }
}

#[tokio::test]
async fn the_page_lists_what_came_and_shows_it_as_text() {
    let erp = MockErp::process(&[]);
    let canary = "<script>alert('x')</script>";
    assert_eq!(send(erp.order("K1", &order(canary, "12.75"))).await.0, 200);
    assert_eq!(send(erp.order("K2", &order("SO-2", "7"))).await.0, 200);
    let page = erp.request(Method::GET, "/").send().await.unwrap();
    let header = |name: &str| page.headers()[name].to_str().unwrap().to_owned();
    assert!(header("content-security-policy").starts_with("default-src 'none'; style-src 'self';"));
    assert_eq!((header("cache-control").as_str(), header("x-content-type-options").as_str()), ("no-store", "nosniff"));
    let text = page.text().await.unwrap();
    assert!(text.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;") && !text.contains("<script"), "{text}");
    assert!(text.contains("12.75 EUR") && text.contains("http-equiv=\"refresh\""), "{text}");
    assert!(text.find("SO-2").unwrap() < text.find("&lt;script").unwrap(), "the newest comes first");
    let style = erp.request(Method::GET, "/mock/page.css").send().await.unwrap();
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
}

#[test]
fn it_asks_for_its_secrets_and_says_that_it_is_a_mock() {
    let without = Process::run(&[], &["mock-erp"], "");
    let told = String::from_utf8(without.stderr).unwrap();
    assert!(!without.status.success() && told.contains("--api-key") && told.contains("--hmac-secret"), "{told}");
    let secret = |name| (name, "not-to-be-seen".to_owned());
    let environment = [secret("MOCK_ERP_API_KEY"), secret("MOCK_ERP_HMAC_SECRET")];
    let help = String::from_utf8(Process::run(&environment, &["mock-erp", "--help"], "").stdout).unwrap();
    assert!(help.contains("/mock/faults") && !help.contains("not-to-be-seen"), "{help}");
    let mut process = Process::start(&environment, &["mock-erp", "--listen", "127.0.0.1:0"]);
    process.wait_for("this is a mock ERP");
    process.wait_for("listening");
    let said = process.all_it_said().join("\n");
    assert!(said.contains("stopped") && !said.contains("not-to-be-seen"), "{said}");
}
