//! Pages in a browser (CORS): who is answered, for whom, and with what.

use chrono::Duration;
use countinghouse_tests::{Answer, Caller, PASSWORD, World};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

const SHOP: &str = "https://shop.example.com";
const OTHER: &str = "https://other.example.com";
const CONSOLE: &str = "https://console.example.com";

fn from(origin: &str, request: RequestBuilder) -> RequestBuilder {
    request.header("Origin", origin)
}

async fn preflight(world: &World, origin: &str, path: &str) -> Answer {
    let request = world.nobody().request(Method::OPTIONS, path);
    let request = request.header("Access-Control-Request-Headers", "authorization,content-type");
    Answer::of(from(origin, request.header("Access-Control-Request-Method", "POST"))).await
}

async fn get(caller: &Caller, origin: &str, path: &str) -> Answer {
    Answer::of(from(origin, caller.request(Method::GET, path))).await
}

/// Every answer varies by origin; and no CORS header stands where the page may not read it.
#[track_caller]
fn readable_by(answer: &Answer, origin: Option<&str>) {
    assert_eq!(answer.header("vary"), "Origin", "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), origin.unwrap_or(""), "{answer:?}");
    assert!(answer.headers.get("access-control-allow-credentials").is_none());
    let exposed = if origin.is_some() {
        "ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
    } else {
        ""
    };
    assert_eq!(answer.header("access-control-expose-headers"), exposed);
}

async fn list_origins(caller: &Caller, origins: &[&str]) {
    caller.patch("/client", &json!({"allowed_origins": origins})).await.expect(200);
}

#[tokio::test]
async fn a_preflight_is_answered_for_origins_that_a_client_lists() {
    let world = World::start().await;
    let paths = ["/orders", "/auth/login", "/client"];
    for path in paths {
        let answer = preflight(&world, SHOP, path).await;
        readable_by(&answer, None);
        answer.problem(405, "method_not_allowed");
    }
    list_origins(&world.owner(), &[SHOP]).await;
    world.clock.advance(Duration::seconds(10));
    for path in paths {
        let answer = preflight(&world, SHOP, path).await;
        readable_by(&answer, Some(SHOP));
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        assert_eq!(answer.header("access-control-allow-methods"), "GET, POST, PUT, PATCH, DELETE");
        let allowed = answer.header("access-control-allow-headers").to_lowercase();
        for header in ["authorization", "content-type", "x-api-key", "if-match", "idempotency-key", "x-2fa-code"] {
            assert!(allowed.split(", ").any(|name| name == header), "{header} in {allowed}");
        }
        assert!(!answer.header("x-request-id").is_empty() && !answer.header("ratelimit").is_empty());
        for origin in [OTHER, "null", "https://shop.example.com:8443", "http://shop.example.com", "x", "*"] {
            readable_by(&preflight(&world, origin, path).await, None);
        }
    }
    // Other OPTIONS requests are no preflights.
    let plain = Answer::of(from(SHOP, world.nobody().request(Method::OPTIONS, "/orders"))).await;
    plain.problem(405, "method_not_allowed");
    // Superadmins' routes, and what is not of the API, are not for clients' pages.
    for path in ["/admin/tenants", "/admin/auth/login", "//health", "//ready"] {
        readable_by(&preflight(&world, SHOP, path).await, None);
    }
    // A list that got shorter is noticed too.
    list_origins(&world.owner(), &[]).await;
    world.clock.advance(Duration::seconds(10));
    readable_by(&preflight(&world, SHOP, "/orders").await, None);
}

/// The preflight let the page ask; what it gets to read is up to the client of the credential.
#[tokio::test]
async fn an_answer_is_readable_when_the_credentials_own_client_lists_the_page() {
    let world = World::start().await;
    let (north, south) = (world.owner(), world.caller(&world.south, "owner"));
    list_origins(&north, &[SHOP]).await;
    let software = world.software(&north.api_key(&["products:read"]).await);
    for caller in [&north, &software] {
        readable_by(&get(caller, SHOP, "/products").await, Some(SHOP));
        readable_by(&get(caller, OTHER, "/products").await, None);
    }
    readable_by(&get(&south, SHOP, "/products").await, None);
    // Refusals of every kind, too.
    let viewer = world.caller(&world.north, "viewer");
    for (path, status) in [("/users", 403), ("/products/x", 404), ("/products?x=1", 422)] {
        let answer = get(&viewer, SHOP, path).await;
        readable_by(&answer, Some(SHOP));
        assert_eq!(answer.status, status);
        readable_by(&get(&viewer, OTHER, path).await, None);
    }
    let denied = get(&world.caller(&world.south, "viewer"), SHOP, "/users").await;
    readable_by(&denied, None);
    denied.problem(403, "permission_denied");
    let made = from(SHOP, north.request(Method::POST, "/products"));
    let made = Answer::of(made.json(&json!({"sku": "A", "name": "A", "price": "1.00"}))).await;
    readable_by(&made, Some(SHOP));
    assert!(!made.header("etag").is_empty() && made.status == 201);
    // Without an origin it is no page: nothing is said but that it matters.
    readable_by(&north.get("/products").await, None);
}

/// Taken off the list, a page reads nothing on the next request, whatever is remembered.
#[tokio::test]
async fn a_changed_list_acts_on_the_next_request() {
    let world = World::start().await;
    let owner = world.owner();
    let viewer = world.caller(&world.north, "viewer");
    list_origins(&owner, &[SHOP]).await;
    readable_by(&get(&viewer, SHOP, "/products").await, Some(SHOP));
    list_origins(&owner, &[OTHER]).await;
    readable_by(&get(&viewer, SHOP, "/products").await, None);
    readable_by(&get(&viewer, OTHER, "/products").await, Some(OTHER));
}

/// A page has to see why it is not logged in, before anybody knows whose it is.
#[tokio::test]
async fn who_is_not_logged_in_is_answered_when_any_client_lists_the_page() {
    let world = World::start().await;
    list_origins(&world.owner(), &[SHOP]).await;
    let login = |password: &str| json!({"client_id": "north", "username": "owner", "password": password});
    let log_in = async |origin: &str, body: Value| {
        Answer::of(from(origin, world.nobody().request(Method::POST, "/auth/login")).json(&body)).await
    };
    let good = log_in(SHOP, login(PASSWORD)).await;
    readable_by(&good, Some(SHOP));
    assert_eq!(good.status, 200);
    let wrong = log_in(SHOP, login("not the one")).await;
    readable_by(&wrong, Some(SHOP));
    wrong.problem(401, "invalid_credentials");
    readable_by(&log_in(OTHER, login(PASSWORD)).await, None);
    let expired = world.owner();
    world.clock.advance(Duration::minutes(16));
    let answer = get(&expired, SHOP, "/products").await;
    readable_by(&answer, Some(SHOP));
    answer.problem(401, "unauthenticated");
    readable_by(&get(&world.nobody(), SHOP, "/nothing/here").await, Some(SHOP));
    // A suspended client's list counts for nobody.
    let suspended = world.superadmin().post("/admin/tenants/north/suspend", &json!({"reason": "x"})).await;
    suspended.expect(200);
    world.clock.advance(Duration::seconds(10));
    readable_by(&get(&expired, SHOP, "/products").await, None);
}

/// The operator's own pages read everything, and superadmins' answers are for them alone.
#[tokio::test]
async fn the_operators_pages_read_everything() {
    let config = World::builder().config(|config| config.http.cors_origins = vec![CONSOLE.to_owned()]);
    let world = config.start().await;
    list_origins(&world.owner(), &[SHOP]).await;
    let admin = world.superadmin();
    for path in ["/admin/tenants", "/orders", "//health"] {
        let answer = preflight(&world, CONSOLE, path).await;
        readable_by(&answer, Some(CONSOLE));
        assert_eq!(answer.status, 204);
    }
    readable_by(&get(&admin, CONSOLE, "/admin/tenants").await, Some(CONSOLE));
    readable_by(&get(&world.owner(), CONSOLE, "/products").await, Some(CONSOLE));
    readable_by(&get(&world.nobody(), CONSOLE, "/admin/tenants").await, Some(CONSOLE));
    for caller in [&admin, &world.nobody(), &world.owner()] {
        readable_by(&get(caller, SHOP, "/admin/tenants").await, None);
    }
    // Not by another spelling of the path either.
    readable_by(&get(&admin, SHOP, "/%61dmin/tenants").await, None);
}
