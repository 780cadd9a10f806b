//! Who a caller is: the address that the connection comes from, whatever the request says, for the limits
//! of the service and for those of Nginx.

use super::{
    path_of,
    stub::{Answer, Stub},
};
use countinghouse_api::{platform::limits::RateClass, routes};
use countinghouse_tests::{Answer as Answered, Nginx, PASSWORD, Process, World, own_address, patience::Patience};
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr};

#[tokio::test(flavor = "multi_thread")]
async fn the_service_counts_by_the_true_address() {
    let world = World::start().await;
    let mut environment = world.environment();
    environment.retain(|(name, _)| *name != "RATE_LOG_INS_ADDRESS");
    let own = [("RATE_LOG_INS_ADDRESS", "3".to_owned()), ("TRUSTED_PROXIES", "127.0.0.1".to_owned())];
    environment.extend(own);
    let service = Process::serve(&environment);
    let address: SocketAddr = service.base_url.trim_start_matches("http://").parse().unwrap();
    let Some(front) = Nginx::before([address; 2]) else { return };
    let log_in = async |from: Ipv4Addr, user: usize, claimed: &str| {
        let body = json!({"client_id": "north", "username": format!("nobody-{user}"), "password": PASSWORD});
        let request = front.caller(from, "").request(Method::POST, "/auth/login").json(&body);
        Answered::of(request.header("X-Forwarded-For", claimed).header("Forwarded", format!("for={claimed}"))).await
    };
    let (one, other) = (own_address(), own_address());
    for user in 0..3 {
        log_in(one, user, &format!("203.0.113.{user}")).await.problem(401, "invalid_credentials");
    }
    // Whatever it claims to be: another, a proxy, the other one.
    for claimed in ["203.0.113.77", "127.0.0.1", &other.to_string(), "127.0.0.1, 203.0.113.78"] {
        let refused = log_in(one, 4, claimed).await;
        assert!(refused.header("ratelimit-policy").contains("log-ins-of-address"), "the service's own limit");
        refused.problem(429, "rate_limited");
    }
    log_in(other, 5, "203.0.113.5").await.problem(401, "invalid_credentials");
}

/// Each class of the service's table is the same one here.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_in_its_class() {
    let stub = Stub::start(Answer::Ok).await;
    let Some(front) = Nginx::before([stub.address; 2]) else { return };
    for route in routes::table() {
        let mut request =
            front.caller(own_address(), "").request(route.method.as_str().parse().unwrap(), &path_of(route.path));
        let class = match route.rate {
            RateClass::Read => "read",
            RateClass::Write => "write",
            RateClass::Report => "report",
            RateClass::Search => "search",
            RateClass::LogIn => "log_in",
            // Known by what is sent.
            RateClass::Upload => "write",
        };
        let id = uuid::Uuid::new_v4().to_string();
        request = request.header("X-Request-Id", &id);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
        let patience = Patience::until("is it logged");
        let logged = loop {
            if let Some(line) = front.requests().into_iter().find(|line| line["request_id"] == id) {
                break line;
            }
            patience.wait().await;
        };
        assert_eq!(logged["class"], class, "{} {}", route.method, route.path);
    }
}

/// Sends until one is refused, from an address of its own.
async fn until_refused(
    front: &Nginx,
    method: Method,
    path: &str,
    content_type: &str,
    most: usize,
) -> (usize, Ipv4Addr) {
    let from = own_address();
    let caller = front.caller(from, "");
    for sent in 0..most {
        let answered = caller.send(method.clone(), path, content_type, "").await;
        if answered.status != 200 {
            assert_eq!(answered.header("retry-after"), "1");
            answered.problem(429, "rate_limited");
            return (sent, from);
        }
    }
    panic!("{most} were let through");
}

/// A flood of one class from one address stops there; other classes and other addresses go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_stopped_where_it_comes_from() {
    let stub = Stub::start(Answer::Ok).await;
    let Some(front) = Nginx::before([stub.address; 2]) else { return };
    let floods = [
        (Method::POST, "/auth/login", "application/json"),
        // However it is written.
        (Method::POST, "/auth//%6cogin", "application/json"),
        (Method::GET, "/reports/balance-sheet", ""),
        (Method::GET, "/products/x1/similar", ""),
        (Method::POST, "/imports/products", "text/csv"),
        (Method::POST, "/products/x1/images", "multipart/form-data; boundary=x"),
    ];
    for (method, path, content_type) in floods {
        let (sent, from) = until_refused(&front, method.clone(), path, content_type, 2_000).await;
        assert!(sent >= 21, "{path}: {sent} in one go");
        assert_eq!(stub.take().len(), sent, "{path}: what is refused is not passed on");
        assert_eq!(front.caller(from, "").get("/products").await.status, 200, "{path}: another class");
        let other = front.caller(own_address(), "");
        assert_eq!(other.send(method, path, content_type, "").await.status, 200, "{path}: another address");
        stub.take();
    }
}
