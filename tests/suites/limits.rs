//! How much anybody may ask for: the classes, who is counted together, and what the headers say.
//! The clock stands still, so that nothing flows back but what a test lets.

use actix_web::HttpResponse;
use chrono::Duration;
use countinghouse_api::platform::{
    http::{Access, Route, no_content},
    limits::RateClass,
};
use countinghouse_tests::{Answer, Caller, PASSWORD, World, patience::Patience};
use reqwest::Method;
use serde_json::{Value, json};
use std::future::ready;

const UPLOAD: &str = "/test/uploads";
const REPORT: &str = "/test/reports";
const SEARCH: &str = "/test/searches";

/// A world whose limits are low, and whose clock stands.
async fn strict_world() -> World {
    let done = || ready::<HttpResponse>(no_content());
    let routes = vec![
        Route::post(UPLOAD, Access::LoggedIn, done).rate(RateClass::Upload),
        Route::get(REPORT, Access::LoggedIn, done).rate(RateClass::Report),
        Route::get(SEARCH, Access::LoggedIn, done).rate(RateClass::Search),
    ];
    let builder = World::builder().routes(routes).config(|config| {
        let rates = &mut config.rates;
        (rates.reads, rates.writes, rates.uploads, rates.reports) = (40, 4, 2, 1);
        (rates.log_ins, rates.log_ins_address) = (3, 1000);
    });
    let world = builder.start().await;
    world.clock.stop();
    world
}

/// A request of each class, the name of its quota, and what that is in [`strict_world`].
const CLASSES: [(&str, &str, &str, u32); 5] = [
    ("GET", "/auth/me", "reads", 40),
    ("POST", "/roles", "writes", 4),
    ("POST", UPLOAD, "uploads", 2),
    ("GET", REPORT, "reports", 1),
    ("GET", SEARCH, "searches", 4),
];

async fn call(caller: &Caller, method: &str, path: &str) -> Answer {
    Answer::of(caller.request(method.parse().unwrap(), path)).await
}

#[track_caller]
fn limited(answer: Answer, name: &str, retry: u32) {
    assert_eq!(answer.header("ratelimit"), format!("\"{name}\";r=0;t={retry}"), "{answer:?}");
    assert_eq!(answer.header("retry-after"), retry.to_string());
    answer.problem(429, "rate_limited");
}

#[tokio::test]
async fn each_class_has_its_quota_and_gets_it_back() {
    let world = strict_world().await;
    let (owner, south) = (world.owner(), world.caller(&world.south, "owner"));
    for (method, path, name, quota) in CLASSES {
        for left in (0..quota).rev() {
            let answer = call(&owner, method, path).await;
            assert_ne!(answer.status, 429, "{path}");
            assert_eq!(answer.header("ratelimit-policy"), format!("\"{name}\";q={quota};w=1"));
            assert_eq!(answer.header("ratelimit"), format!("\"{name}\";r={left};t=1"));
        }
        limited(call(&owner, method, path).await, name, 1);
        // All of a client's users together, and nobody else.
        limited(call(&world.caller(&world.north, "manager"), method, path).await, name, 1);
        assert_ne!(call(&south, method, path).await.status, 429, "{path}");
    }
    world.clock.advance(Duration::seconds(1));
    for (method, path, ..) in CLASSES {
        assert_ne!(call(&owner, method, path).await.status, 429, "{path}");
    }
}

#[tokio::test]
async fn what_flows_back_flows_back_evenly() {
    let world = strict_world().await;
    let owner = world.owner();
    let spent = async || {
        let (mut through, patience) = (0, Patience::until("is one too many"));
        while call(&owner, "POST", "/roles").await.status != 429 {
            patience.wait().await;
            through += 1;
        }
        through
    };
    assert_eq!(spent().await, 4);
    world.clock.advance(Duration::milliseconds(249));
    assert_eq!(spent().await, 0);
    world.clock.advance(Duration::milliseconds(1));
    assert_eq!(spent().await, 1);
    world.clock.advance(Duration::milliseconds(500));
    assert_eq!(spent().await, 2);
    world.clock.advance(Duration::hours(1));
    assert_eq!(call(&world.with_token(""), "GET", "/auth/me").await.status, 401);
}

/// Every route, as nobody and as somebody; and what no route answers.
#[tokio::test]
async fn every_answer_under_the_api_says_what_is_left() {
    let world = World::start().await;
    for route in countinghouse_api::routes::table() {
        let method: Method = route.method.as_str().parse().unwrap();
        let path = route.path.replace("{id}", "x").replace("{slug}", "x").replace("{name}", "x");
        let own = if route.access == Access::Superadmin { world.superadmin() } else { world.owner() };
        // Whoever logged out or changed the password would not be the caller of the next route, and what a superadmin
        // is told of events has no end.
        let ends = path.ends_with("/logout") || path.ends_with("/admin/events");
        for caller in [world.nobody(), own].iter().take(if ends { 1 } else { 2 }) {
            let answer = caller.send(method.clone(), &path, "application/json", "{").await;
            says_what_is_left(&answer);
            let policy = answer.header("ratelimit-policy");
            let name = match (route.rate, caller.token().is_empty() || route.access == Access::Public) {
                (RateClass::Read, _) => "reads",
                (RateClass::Write, _) => "writes",
                (RateClass::LogIn, true) => "log-ins-of-address",
                (RateClass::LogIn, false) => "log-ins",
                (RateClass::Upload, _) => "uploads",
                (RateClass::Report, _) => "reports",
                (RateClass::Search, _) => "searches",
            };
            assert!(policy.starts_with(&format!("\"{name}\";")), "{method} {path}: {policy}");
        }
    }
    let owner = world.owner();
    owner.product("A", "1.00", 1).await;
    for (method, path, status) in [
        (Method::GET, "/products", 200),
        (Method::GET, "/nowhere", 404),
        (Method::GET, "/products/%ff", 404),
        (Method::DELETE, "/products", 405),
        (Method::OPTIONS, "/products", 405),
        (Method::GET, "/products?limit=0", 422),
        (Method::GET, "/auth/me?x=1", 422),
        (Method::POST, "/orders", 415),
    ] {
        let answer = Answer::of(owner.request(method.clone(), path)).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        says_what_is_left(&answer);
    }
    let logged_out = world.log_in(&world.north, "sales").await.post("/auth/logout", &json!({})).await;
    says_what_is_left(&logged_out);
    logged_out.expect(204);
    let created = owner.post("/roles", &json!({"name": "packer", "permissions": []})).await;
    says_what_is_left(&created);
}

/// `"reads";q=200;w=1` and `"reads";r=199;t=1`.
#[track_caller]
fn says_what_is_left(answer: &Answer) {
    for (header, first, second) in [("ratelimit-policy", "q", "w"), ("ratelimit", "r", "t")] {
        let parts: Vec<&str> = answer.header(header).split(';').collect();
        let [name, one, two] = parts.as_slice() else { panic!("{header} of {answer:?}") };
        assert!(name.starts_with('"') && name.ends_with('"') && name.len() > 2, "{name}");
        for (part, key) in [(one, first), (two, second)] {
            let value = part.strip_prefix(&format!("{key}=")).map(str::parse::<u32>);
            assert!(matches!(value, Some(Ok(_))), "{header}: {part}");
        }
    }
    assert_eq!(answer.headers.get_all("ratelimit").iter().count(), 1);
}

#[tokio::test]
async fn who_is_not_let_in_is_counted_by_address_and_not_on_the_client() {
    let world = strict_world().await;
    let (owner, nobody) = (world.owner(), world.nobody());
    owner.get("/auth/me").await.expect(200);
    for path in ["/auth/me", "/nowhere"].iter().cycle().take(39) {
        let answer = nobody.get(path).await;
        assert!([401, 404].contains(&answer.status), "{answer:?}");
    }
    for path in ["/auth/me", "/nowhere", "/products"] {
        limited(nobody.get(path).await, "reads", 1);
    }
    limited(world.with_token("x").get("/products").await, "reads", 1);
    limited(world.superadmin().get("/products").await, "reads", 1);
    limited(Answer::of(nobody.request(Method::PUT, "/products")).await, "reads", 1);
    owner.get("/auth/me").await.expect(200);
}

#[tokio::test]
async fn superadmins_are_counted_too() {
    let world = strict_world().await;
    for _ in 0..4 {
        world.superadmin().post("/admin/tenants", &json!({})).await.problem(422, "invalid_request");
    }
    limited(world.superadmin().post("/admin/tenants", &json!({})).await, "writes", 1);
    world.superadmin().get("/admin/tenants").await.expect(200);
}

fn credentials(client: &str, username: &str) -> Value {
    json!({"client_id": client, "username": username, "password": "not this one, no"})
}

/// Known and unknown names, clients and superadmins: the same number of tries, the same answers.
#[tokio::test]
async fn log_ins_are_throttled_by_name_whether_anybody_has_it_or_not() {
    let world = strict_world().await;
    let mut seen = Vec::new();
    for (client, name) in [("north", "owner"), ("north", "nobody"), ("nowhere", "owner"), ("south", "owner")] {
        let mut answers = Vec::new();
        for name in [name, &name.to_uppercase(), name, name, name] {
            let mut answer = world.nobody().post("/auth/login", &credentials(client, name)).await;
            answer.body["request_id"] = Value::Null;
            answers.push((answer.status, answer.body.to_string(), answer.header("retry-after").to_owned()));
        }
        seen.push(answers);
    }
    let statuses: Vec<u16> = seen[0].iter().map(|(status, ..)| *status).collect();
    assert_eq!(statuses, [401, 401, 401, 429, 429]);
    assert!(seen.iter().all(|answers| *answers == seen[0]), "{seen:?}");
    // The right password does not help, another user's does.
    let mut right = credentials("north", "owner");
    right["password"] = json!(PASSWORD);
    limited(world.nobody().post("/auth/login", &right).await, "log-ins", 20);
    world.log_in(&world.north, "sales").await;
    world.clock.advance(Duration::seconds(20));
    world.nobody().post("/auth/login", &right).await.expect(200);
    limited(world.nobody().post("/auth/login", &right).await, "log-ins", 20);
}

#[tokio::test]
async fn log_ins_of_superadmins_are_throttled_by_name() {
    let world = strict_world().await;
    for username in ["root", "nobody"] {
        let body = json!({"username": username, "password": "wrong it is", "totp_code": "000000"});
        for _ in 0..3 {
            world.nobody().post("/admin/auth/login", &body).await.problem(401, "invalid_credentials");
        }
        limited(world.nobody().post("/admin/auth/login", &body).await, "log-ins", 20);
    }
    // A client's user of the same name is somebody else.
    world.nobody().post("/auth/login", &credentials("", "root")).await.problem(401, "invalid_credentials");
}

#[tokio::test]
async fn log_ins_are_throttled_by_address() {
    let builder = World::builder().config(|config| config.rates.log_ins_address = 3);
    let world = builder.start().await;
    world.clock.stop();
    for n in 0..3 {
        let answer = world.nobody().post("/auth/login", &credentials("north", &n.to_string())).await;
        answer.problem(401, "invalid_credentials");
    }
    let body = credentials("south", "owner");
    limited(world.nobody().post("/auth/login", &body).await, "log-ins-of-address", 20);
    let admin = json!({"username": "root", "password": "x", "totp_code": "000000"});
    limited(world.nobody().post("/admin/auth/login", &admin).await, "log-ins-of-address", 20);
    world.owner().get("/products").await.expect(200);
}

/// Whoever sits before an open screen does not guess its owner's password.
#[tokio::test]
async fn guesses_at_ones_own_password_are_throttled_by_user() {
    let world = strict_world().await;
    let body = json!({"current_password": "not this one, no", "new_password": "twelve wise monkeys"});
    let owner = world.owner();
    for _ in 0..3 {
        owner.post("/auth/password", &body).await.problem(403, "wrong_password");
    }
    limited(owner.post("/auth/password", &body).await, "log-ins", 20);
    // A second gives the client its writes back.
    world.clock.advance(Duration::seconds(1));
    let other = world.caller(&world.north, "sales");
    other.post("/auth/password", &body).await.problem(403, "wrong_password");
}

/// 127.0.0.1 is a trusted proxy in one world and nobody in the other.
#[tokio::test]
async fn the_address_comes_from_the_header_only_behind_trusted_proxies() {
    let log_in = async |world: &World, lines: &[&str]| {
        let mut request = world.nobody().request(Method::POST, "/auth/login").json(&credentials("north", "owner"));
        for line in lines {
            request = request.header("x-forwarded-for", *line);
        }
        Answer::of(request).await.status
    };
    let one_try = |proxies: &'static str| {
        World::builder().config(move |config| {
            config.rates.log_ins_address = 1;
            config.http.proxies = if proxies.is_empty() { vec![] } else { vec![proxies.parse().unwrap()] };
        })
    };
    let world = one_try("127.0.0.0/8").start().await;
    world.clock.stop();
    for (lines, status) in [
        (&["198.51.100.1"][..], 401),
        (&["198.51.100.1"], 429),
        (&["198.51.100.2"], 401),
        // What stands before the last entry is made up.
        (&["198.51.100.3, 198.51.100.2"], 429),
        (&["198.51.100.3", "198.51.100.2"], 429),
        (&["198.51.100.4", "127.0.0.7"], 401),
        (&["198.51.100.4:1234"], 429),
        (&["2001:db8::1"], 401),
        (&["2001:db8::ffff:2"], 429),
        (&["garbage"], 401),
        (&[], 429),
    ] {
        assert_eq!(log_in(&world, lines).await, status, "{lines:?}");
    }
    let seen = ["127.0.0.1", "198.51.100.1", "198.51.100.2", "198.51.100.4", "2001:db8::1"];
    assert_eq!(noted_addresses(&world).await, seen);
    let world = one_try("").start().await;
    world.clock.stop();
    assert_eq!(log_in(&world, &["198.51.100.1"]).await, 401);
    assert_eq!(log_in(&world, &["198.51.100.2"]).await, 429);
    assert_eq!(noted_addresses(&world).await, ["127.0.0.1"]);
}

/// The session log, sorted: in a moment that stands still, nothing is first.
async fn noted_addresses(world: &World) -> Vec<String> {
    let log = world.owner().get("/sessions/logs").await.expect(200);
    let addresses = log["data"].as_array().unwrap().iter().map(|event| event["address"].as_str().unwrap().to_owned());
    let mut addresses: Vec<String> = addresses.collect();
    addresses.sort();
    addresses
}

/// What is agreed with a client holds on its next requests, and for nobody else.
#[tokio::test]
async fn a_clients_own_limits_are_in_force_on_the_next_requests() {
    let world = strict_world().await;
    let (owner, south) = (world.owner(), world.caller(&world.south, "owner"));
    let agree = async |limits: Value| {
        let changed = world.superadmin().patch("/admin/tenants/north", &json!({"limits": limits})).await;
        changed.expect(200);
        // The request that finds out is still counted by what was remembered.
        owner.get("/auth/me").await.expect(200);
    };
    let policy = async |caller: &Caller| caller.get("/auth/me").await.header("ratelimit-policy").to_owned();
    assert_eq!(policy(&owner).await, "\"reads\";q=40;w=1");
    agree(json!({"reads_per_second": 90, "uploads_per_second": 1})).await;
    assert_eq!(policy(&owner).await, "\"reads\";q=90;w=1");
    assert_eq!(policy(&south).await, "\"reads\";q=40;w=1");
    assert_eq!(call(&owner, "GET", SEARCH).await.header("ratelimit-policy"), "\"searches\";q=9;w=1");
    call(&owner, "POST", UPLOAD).await.expect(204);
    limited(call(&owner, "POST", UPLOAD).await, "uploads", 1);
    agree(json!({"reads_per_second": 2})).await;
    world.clock.advance(Duration::seconds(1));
    assert_eq!(owner.get("/auth/me").await.header("ratelimit"), "\"reads\";r=1;t=1");
    owner.get("/auth/me").await.expect(200);
    limited(owner.get("/auth/me").await, "reads", 1);
    assert_ne!(south.get("/auth/me").await.status, 429);
    world.clock.advance(Duration::seconds(1));
    agree(Value::Null).await;
    assert_eq!(policy(&owner).await, "\"reads\";q=40;w=1");
}
