//! Every route × who may not: nobody, a forged and an expired token, the wrong kind of token, a
//! session that was ended, a disabled user, a suspended client, a role without the permission, and
//! another client's ids. The routes come from the service's own table, so a new one without a case
//! here fails.
//!
//! `public_routes.txt` lists the routes that anybody may call. It may only shrink: a new line has
//! to be argued for in review, and a line that is no longer needed fails.

use chrono::Duration;
use countinghouse_api::{
    platform::{
        authz::{Permission, Roles},
        http::{Access, Route},
    },
    routes,
};
use countinghouse_tests::{Answer, Caller, Login, PASSWORD, ROLES, World};
use diesel::connection::SimpleConnection;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

/// Routes that end sessions.
const ENDING: [&str; 3] = ["/auth/logout", "/auth/password", "/sessions/{id}"];
/// Routes that need a second factor to do anything; every caller here has none that is confirmed.
const PENDING: [&str; 6] = [
    "POST /auth/2fa/confirm",
    "POST /auth/2fa/recovery-codes",
    "POST /auth/2fa/disable",
    "POST /accounting/periods/{month}/reopen",
    "PATCH /orders/{id}",
    "DELETE /orders/{id}",
];
/// Nobody is there, and no worker of these tests looks.
const ENDPOINT: &str = "https://hooks.example.com/in";
const PUBLIC: &str = include_str!("public_routes.txt");

pub fn name(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

/// Things of one client that routes can be pointed at.
pub struct Things {
    product: String,
    customer: String,
    /// Invoiced.
    order: String,
    /// The line of it.
    line: String,
    /// Invoiced, paid, and returned since: the customer is owed something.
    owed: String,
    /// The return of it.
    returned: String,
    /// Placed, not invoiced.
    placed: String,
    session: String,
    user: String,
    role: String,
    api_key: String,
    entry: String,
    account: String,
    import: String,
    endpoint: String,
    delivery: String,
}

impl Things {
    /// Ids of nothing.
    pub fn none(id: &str) -> Self {
        let [
            product,
            customer,
            order,
            line,
            owed,
            returned,
            placed,
            session,
            user,
            api_key,
            entry,
            import,
            endpoint,
            delivery,
        ] = [(); 14].map(|()| id.to_owned());
        let (role, account) = (format!("r{}", id.replace('-', "")), "999999".to_owned());
        Self {
            product,
            customer,
            order,
            line,
            owed,
            returned,
            placed,
            session,
            user,
            role,
            api_key,
            entry,
            account,
            import,
            endpoint,
            delivery,
        }
    }

    pub fn with_session(self, session: String) -> Self {
        Self { session, ..self }
    }

    pub async fn of(world: &World, owner: &Caller) -> Self {
        let sku = uuid::Uuid::new_v4().simple().to_string();
        let product = owner.product(&sku, "9.99", 100).await;
        let id = |body: Value| body["id"].as_str().unwrap().to_owned();
        let customer = id(owner.post("/customers", &json!({"company": sku})).await.expect(201));
        let [order, owed] = [owner.order(&product, 1).await.expect(201), owner.order(&product, 1).await.expect(201)];
        let [line, back] = [&order, &owed].map(|order| order["lines"][0]["id"].as_str().unwrap().to_owned());
        let [order, owed] = [id(order), id(owed)];
        let payment = json!({"amount": "9.99", "method": "card"});
        owner.post(&format!("/orders/{owed}/payments"), &payment).await.expect(201);
        let returned = id(owner.post("/returns", &take_back(&owed, &back)).await.expect(201));
        owner.patch("/client", &json!({"auto_invoice": false})).await.expect(200);
        let placed = id(owner.order(&product, 1).await.expect(201));
        owner.patch("/client", &json!({"auto_invoice": true})).await.expect(200);
        let session = owner.get("/auth/me").await.expect(200)["session_id"].as_str().unwrap().to_owned();
        let role = format!("r{}", &sku[..8]);
        let body = json!({"name": role, "permissions": ["products:read"]});
        owner.post("/roles", &body).await.expect(201);
        let body = json!({"username": sku, "password": PASSWORD, "role": "viewer"});
        let user = owner.post("/users", &body).await.expect(201)["id"].as_str().unwrap().to_owned();
        let api_key = owner.api_key(&["products:read"]).await["id"].as_str().unwrap().to_owned();
        let side = |side: &str, account: &str| json!({"account": account, side: "1.00"});
        let body = json!({"date": "2026-01-31", "memo": "x", "lines": [side("debit", "6000"), side("credit", "1000")]});
        let entry = id(owner.post("/accounting/journal-entries", &body).await.expect(201));
        let account = account_code();
        let body = json!({"code": account, "name": "x", "type": "expense"});
        owner.post("/accounting/accounts", &body).await.expect(201);
        let import = id(owner.import("products", "sku,name,price\n").await.expect(201));
        // A client has 20 at most.
        let earlier = format!(
            "DELETE FROM webhook_endpoints e USING sessions s WHERE s.id = '{session}' AND s.tenant_id = e.tenant_id"
        );
        world.database(Login::Owner).batch_execute(&earlier).unwrap();
        let endpoint = id(owner.post("/webhooks/endpoints", &json!({"url": ENDPOINT})).await.expect(201));
        let delivery = id(owner.post(&format!("/webhooks/endpoints/{endpoint}/test"), &json!({})).await.expect(201));
        Self {
            product,
            customer,
            order,
            line,
            owed,
            returned,
            placed,
            session,
            user,
            role,
            api_key,
            entry,
            account,
            import,
            endpoint,
            delivery,
        }
    }
}

/// A return of one unit.
fn take_back(order: &str, line: &str) -> Value {
    json!({"order_id": order, "lines": [{"order_line_id": line, "quantity": 1, "restock": true}]})
}

/// A code of an account that no other has.
fn account_code() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(50_000);
    format!("{:06}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A call that succeeds for who may make it: the path with its id, and the body; a text is a file.
pub fn case(route: &Route, things: &Things) -> (String, Option<Value>) {
    let with = |id: &str| route.path.replace("{id}", id);
    let unique = uuid::Uuid::new_v4().simple().to_string();
    match name(route).as_str() {
        "POST /auth/logout" | "POST /admin/auth/logout" => (route.path.to_owned(), Some(json!({}))),
        "GET /auth/me" | "GET /sessions" | "GET /sessions/logs" | "GET /products" | "GET /orders"
        | "GET /customers" | "GET /admin/tenants" | "GET /audit" | "GET /admin/audit" => (route.path.to_owned(), None),
        "POST /auth/password" => {
            let body = json!({"current_password": PASSWORD, "new_password": PASSWORD});
            (route.path.to_owned(), Some(body))
        }
        "GET /api-keys" => (route.path.to_owned(), None),
        "POST /api-keys" => {
            (route.path.to_owned(), Some(json!({"name": "software", "permissions": ["products:read"]})))
        }
        "DELETE /api-keys/{id}" => (with(&things.api_key), None),
        "GET /client" => (route.path.to_owned(), None),
        "PATCH /client" => (route.path.to_owned(), Some(json!({"messenger": unique}))),
        "POST /auth/2fa/enroll" => (route.path.to_owned(), Some(json!({"current_password": PASSWORD}))),
        // Without a second factor these have nothing to do; the suites show what they do with one.
        "POST /auth/2fa/confirm" => (route.path.to_owned(), Some(json!({"code": "000000"}))),
        "POST /auth/2fa/recovery-codes" | "POST /auth/2fa/disable" => {
            (route.path.to_owned(), Some(json!({"current_password": PASSWORD, "code": "000000"})))
        }
        "POST /admin/tenants/{slug}/users/{id}/reset-2fa" => {
            (route.path.replace("{slug}", "none").replace("{id}", &unique), Some(json!({})))
        }
        "GET /users" | "GET /roles" => (route.path.to_owned(), None),
        "POST /users" => {
            let body = json!({"username": unique, "password": PASSWORD, "role": "viewer"});
            (route.path.to_owned(), Some(body))
        }
        "GET /users/{id}" | "DELETE /users/{id}" => (with(&things.user), None),
        "PATCH /users/{id}" => (with(&things.user), Some(json!({"email": "a@example.com"}))),
        "POST /users/{id}/reset-password" => (with(&things.user), Some(json!({}))),
        "POST /roles" => {
            let name = format!("n{}", &unique[..12]);
            (route.path.to_owned(), Some(json!({"name": name, "permissions": ["products:read"]})))
        }
        "PUT /roles/{name}" => {
            let path = route.path.replace("{name}", &things.role);
            (path, Some(json!({"permissions": ["orders:read"]})))
        }
        "DELETE /roles/{name}" => (route.path.replace("{name}", &things.role), None),
        "DELETE /sessions/{id}" => (with(&things.session), None),
        "POST /products" => (route.path.to_owned(), Some(json!({"sku": unique, "name": "x", "price": "1.00"}))),
        "GET /products/{id}" => (with(&things.product), None),
        "PATCH /products/{id}" => (with(&things.product), Some(json!({"name": "y"}))),
        "DELETE /products/{id}" => (with(&things.product), None),
        "GET /returns/{id}" => (with(&things.returned), None),
        "POST /returns" => (route.path.to_owned(), Some(take_back(&things.order, &things.line))),
        "GET /inventory/movements"
        | "GET /returns"
        | "GET /accounting/journal-entries"
        | "GET /accounting/accounts"
        | "GET /accounting/trial-balance"
        | "GET /accounting/periods"
        | "GET /reports/balance-sheet"
        | "GET /reports/stock-aging" => (route.path.to_owned(), None),
        "GET /exports/products"
        | "GET /exports/customers"
        | "GET /exports/orders"
        | "GET /exports/movements"
        | "GET /exports/journal"
        | "GET /imports" => (route.path.to_owned(), None),
        "POST /imports/products"
        | "POST /imports/customers"
        | "POST /imports/opening-stock"
        | "POST /imports/opening-balances"
        | "POST /imports/orders" => (route.path.to_owned(), Some(json!("sku\n"))),
        "GET /imports/{id}" | "GET /imports/{id}/errors" => (with(&things.import), None),
        "GET /reports/profit-loss" => (format!("{}?from=2026-01-01&to=2026-12-31", route.path), None),
        "POST /accounting/journal-entries" => {
            let line = |side: &str, account: &str| json!({"account": account, side: "1.00"});
            let lines = [line("debit", "6000"), line("credit", "1000")];
            (route.path.to_owned(), Some(json!({"date": "2026-01-31", "memo": "x", "lines": lines})))
        }
        "GET /accounting/journal-entries/{id}" => (with(&things.entry), None),
        "POST /accounting/journal-entries/{id}/reverse" => (with(&things.entry), Some(json!({}))),
        "POST /accounting/accounts" => {
            (route.path.to_owned(), Some(json!({"code": account_code(), "name": "x", "type": "expense"})))
        }
        "GET /accounting/accounts/{code}/entries" => (route.path.replace("{code}", &things.account), None),
        // A month that nothing here is dated in. Without a code, reopening gets as far as asking for one.
        "POST /accounting/periods/{month}/reopen" => (route.path.replace("{month}", "2025-01"), Some(json!({}))),
        "POST /accounting/periods/{month}/close" => (route.path.replace("{month}", "2025-01"), Some(json!({}))),
        "POST /inventory/adjustments" => {
            let body = json!({"product_id": things.product, "kind": "purchase", "quantity": 1, "unit_cost": "1.00"});
            (route.path.to_owned(), Some(body))
        }
        "POST /orders" => {
            (route.path.to_owned(), Some(json!({"lines": [{"product_id": things.product, "quantity": 1}]})))
        }
        "GET /orders/{id}" | "GET /orders/{id}/invoices" => (with(&things.order), None),
        // Without a code these get as far as asking for one.
        "PATCH /orders/{id}" => (with(&things.placed), Some(json!({"note": unique}))),
        "DELETE /orders/{id}" => (with(&things.placed), None),
        "POST /orders/{id}/edits/preview" => (with(&things.placed), Some(json!({"note": unique}))),
        "POST /orders/{id}/invoice" => (with(&things.placed), Some(json!({}))),
        "POST /orders/{id}/payments" => (with(&things.order), Some(json!({"amount": "1.00", "method": "card"}))),
        "POST /orders/{id}/refunds" => (with(&things.owed), Some(json!({"amount": "1.00", "method": "card"}))),
        "POST /orders/{id}/fulfilments" => {
            (with(&things.order), Some(json!({"carrier": "UPS", "tracking_number": "1Z"})))
        }
        "POST /customers" => (route.path.to_owned(), Some(json!({"company": unique}))),
        "GET /customers/{id}" | "DELETE /customers/{id}" => (with(&things.customer), None),
        "PATCH /customers/{id}" => (with(&things.customer), Some(json!({"note": "x"}))),
        "GET /webhooks/endpoints" => (route.path.to_owned(), None),
        "POST /webhooks/endpoints" => (route.path.to_owned(), Some(json!({"url": ENDPOINT}))),
        "GET /webhooks/endpoints/{id}"
        | "DELETE /webhooks/endpoints/{id}"
        | "GET /webhooks/endpoints/{id}/deliveries" => (with(&things.endpoint), None),
        "PATCH /webhooks/endpoints/{id}" => (with(&things.endpoint), Some(json!({"description": unique}))),
        "POST /webhooks/endpoints/{id}/rotate-secret" | "POST /webhooks/endpoints/{id}/test" => {
            (with(&things.endpoint), Some(json!({})))
        }
        "POST /webhooks/endpoints/{id}/replay" => {
            (with(&things.endpoint), Some(json!({"since": "2026-01-01T00:00:00Z"})))
        }
        "GET /webhooks/deliveries/{id}" => (with(&things.delivery), None),
        "POST /webhooks/deliveries/{id}/replay" => (with(&things.delivery), Some(json!({}))),
        "GET /admin/superadmins" => (route.path.to_owned(), None),
        "POST /admin/superadmins" => (route.path.to_owned(), Some(json!({"username": unique}))),
        "GET /admin/tenants/{slug}" => (route.path.replace("{slug}", "north"), None),
        "PATCH /admin/tenants/{slug}" => (route.path.replace("{slug}", "south"), Some(json!({"name": "x"}))),
        "POST /admin/tenants/{slug}/suspend" => (route.path.replace("{slug}", "none"), Some(json!({"reason": "x"}))),
        "POST /admin/tenants/{slug}/resume" => (route.path.replace("{slug}", "none"), Some(json!({}))),
        "POST /admin/tenants" => {
            let client = json!({"slug": unique, "name": "x", "currency": "EUR"});
            let owner = json!({"username": "o", "password": "long enough it is"});
            (route.path.to_owned(), Some(json!({"client": client, "owner": owner})))
        }
        unknown => panic!("{unknown} has no case here: write one"),
    }
}

/// A call that waits to be sent. A body that is a text is a file.
pub fn request(caller: &Caller, route: &Route, things: &Things) -> RequestBuilder {
    let (path, body) = case(route, things);
    let request = caller.request(route.method.as_str().parse::<Method>().unwrap(), &path);
    match body {
        Some(Value::String(file)) => request.header("content-type", "text/csv").body(file),
        Some(body) => request.json(&body),
        None => request,
    }
}

pub async fn call(caller: &Caller, route: &Route, things: &Things) -> Answer {
    Answer::of(request(caller, route, things)).await
}

pub fn guarded() -> Vec<Route> {
    routes::table().into_iter().filter(|route| route.access != Access::Public).collect()
}

pub fn of_tenants() -> Vec<Route> {
    guarded().into_iter().filter(|route| route.access != Access::Superadmin).collect()
}

#[test]
fn what_anybody_may_call_is_listed_and_the_list_only_shrinks() {
    let listed: Vec<&str> = PUBLIC.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let public: Vec<String> = routes::table().iter().filter(|route| route.access == Access::Public).map(name).collect();
    assert_eq!(public, listed, "routes of Access::Public against public_routes.txt");
    assert!(listed.len() <= 5, "the list of public routes has grown: say why in review, then raise this number");
}

#[test]
fn no_route_is_declared_twice() {
    let mut names: Vec<String> = routes::table().iter().map(name).collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[tokio::test]
async fn nobody_gets_in_with_no_forged_expired_or_ended_credential() {
    let world = World::start().await;
    let things = Things::of(&world, &world.owner()).await;
    let mut forged = world.owner().token().to_owned();
    let last = if forged.ends_with('A') { 'B' } else { 'A' };
    forged.pop();
    forged.push(last);
    let expired = [world.owner(), world.superadmin()];
    world.clock.advance(Duration::minutes(16));
    for route in guarded() {
        for caller in [world.nobody(), world.with_token(&*forged), world.with_token("x"), world.with_token("")] {
            call(&caller, &route, &things).await.problem(401, "unauthenticated");
        }
        for caller in &expired {
            call(caller, &route, &things).await.problem(401, "unauthenticated");
        }
    }
}

#[tokio::test]
async fn a_token_of_the_wrong_kind_opens_nothing() {
    let world = World::start().await;
    let things = Things::of(&world, &world.owner()).await;
    for route in guarded() {
        let wrong = match route.access {
            Access::Superadmin => world.owner(),
            _ => world.superadmin(),
        };
        call(&wrong, &route, &things).await.problem(401, "unauthenticated");
    }
}

/// Each change is made in the database while the service still remembers the session: it acts on
/// the very next request of every route.
#[tokio::test]
async fn ended_disabled_and_suspended_act_on_the_next_request() {
    let cases = [
        ("UPDATE sessions SET ended_at = now()", 401, "session_ended"),
        ("UPDATE users SET disabled = true", 401, "session_ended"),
        ("UPDATE tenants SET status = 'suspended'", 403, "client_suspended"),
        ("UPDATE sessions SET expires_at = now()", 401, "session_ended"),
    ];
    let world = World::start().await;
    for (change, status, code) in cases {
        let things = Things::of(&world, &world.caller(&world.north, "owner")).await;
        let manager = world.caller(&world.north, "owner");
        for route in of_tenants() {
            manager.get("/auth/me").await.expect(200);
            let undo = "UPDATE sessions SET ended_at = NULL, expires_at = now() + interval '1 day';
                        UPDATE users SET disabled = false; UPDATE tenants SET status = 'active';";
            world.database(Login::Owner).batch_execute(change).unwrap();
            call(&manager, &route, &things).await.problem(status, code);
            call(&manager, &route, &things).await.problem(status, code);
            world.database(Login::Owner).batch_execute(undo).unwrap();
        }
        world.database(Login::Owner).batch_execute("TRUNCATE products, orders, customers CASCADE").unwrap();
    }
}

#[tokio::test]
async fn an_ended_superadmin_session_opens_nothing() {
    let world = World::start().await;
    let things = Things::none("");
    let superadmin = world.superadmin();
    let routes: Vec<Route> = guarded().into_iter().filter(|route| route.access == Access::Superadmin).collect();
    assert!(!routes.is_empty());
    for change in ["UPDATE superadmin_sessions SET ended_at = now()", "UPDATE superadmins SET disabled = true"] {
        world.database(Login::Owner).batch_execute(change).unwrap();
        for route in &routes {
            call(&superadmin, route, &things).await.problem(401, "session_ended");
        }
        world.database(Login::Owner).batch_execute("UPDATE superadmin_sessions SET ended_at = NULL").unwrap();
    }
}

#[tokio::test]
async fn each_role_may_what_its_permissions_say_and_no_more() {
    let world = World::start().await;
    let roles = Roles::built_in().await.unwrap();
    let brings_products = |role| roles.permissions(role).holds(Permission::ProductsWrite);
    for role in ROLES {
        for route in of_tenants() {
            let things = fresh_things(&world).await;
            let caller = world.caller(&world.north, role);
            let answer = if ENDING.contains(&route.path) {
                // A session of their own, and what it ends is brought back: the other routes need it.
                let caller = world.log_in(&world.north, role).await;
                let session = caller.get("/auth/me").await.expect(200)["session_id"].as_str().unwrap().to_owned();
                let answer = call(&caller, &route, &things.with_session(session)).await;
                world.database(Login::Owner).batch_execute("UPDATE sessions SET ended_at = NULL").unwrap();
                answer
            } else {
                call(&caller, &route, &things).await
            };
            match route.access.permission() {
                Some(permission) if !roles.permissions(role).holds(permission) => {
                    answer.problem(403, "permission_denied");
                }
                // An import is there for who may bring its kind in, and for nobody else.
                None if route.path.starts_with("/imports/{id}") && !brings_products(role) => {
                    answer.problem(404, "not_found");
                }
                _ if PENDING.contains(&name(&route).as_str()) => {
                    assert!(
                        ["second_factor_not_pending", "second_factor_not_enrolled", "second_factor_invalid"]
                            .contains(&answer.body["code"].as_str().unwrap_or("")),
                        "{role} {}: {answer:?}",
                        name(&route)
                    );
                }
                _ => assert!(answer.status < 300, "{role} {}: {answer:?}", name(&route)),
            }
        }
    }
}

/// A role that loses a permission loses it on the next request, though the service remembers it.
#[tokio::test]
async fn a_changed_role_acts_on_the_next_request() {
    let world = World::start().await;
    for route in of_tenants() {
        let Some(_) = route.access.permission() else { continue };
        let things = fresh_things(&world).await;
        let owner = world.caller(&world.north, "owner");
        owner.get("/auth/me").await.expect(200);
        set_role(&world, "owner", "technician_without_rights");
        call(&owner, &route, &things).await.problem(403, "permission_denied");
        set_role(&world, "owner", "owner");
        let answer = call(&owner, &route, &things).await;
        // One that asks for a second factor besides refuses for want of it, and not of the permission.
        let asked = PENDING.contains(&name(&route).as_str()) && answer.body["code"] == "second_factor_not_enrolled";
        assert!(answer.status < 300 || asked, "{}: {answer:?}", name(&route));
    }
}

fn set_role(world: &World, username: &str, role: &str) {
    let change = format!("UPDATE users SET role = '{role}' WHERE username = '{username}'");
    world.database(Login::Owner).batch_execute(&change).unwrap();
}

async fn fresh_things(world: &World) -> Things {
    let owner = world.caller(&world.north, "owner");
    Things::of(world, &owner).await
}

/// Another client's id gives the same bytes as an id that never was, and changes nothing there.
#[tokio::test]
async fn what_is_another_clients_does_not_exist() {
    let world = World::start().await;
    let south = world.caller(&world.south, "owner");
    let theirs = Things::of(&world, &south).await;
    let never = uuid::Uuid::now_v7().to_string();
    let none = Things::none(&never);
    let before = snapshot(&south, &theirs).await;
    let mut tried = 0;
    for route in of_tenants() {
        let (path, body) = case(&route, &theirs);
        let names_a_thing = path.split('?').next() != Some(route.path)
            || body
                .is_some_and(|body| [&theirs.product, &theirs.order].iter().any(|id| body.to_string().contains(*id)));
        // A month is everybody's.
        if !names_a_thing || route.path.contains("{month}") {
            continue;
        }
        let owner = world.caller(&world.north, "owner");
        let (foreign, unknown) = (call(&owner, &route, &theirs).await, call(&owner, &route, &none).await);
        assert_eq!(foreign.status, unknown.status, "{}", name(&route));
        assert!([404, 422].contains(&foreign.status), "{} {foreign:?}", name(&route));
        assert_eq!(without_request_id(&foreign), without_request_id(&unknown), "{}", name(&route));
        tried += 1;
    }
    assert!(tried >= 6, "only {tried} routes name a thing");
    assert_eq!(snapshot(&south, &theirs).await, before);
}

async fn snapshot(owner: &Caller, things: &Things) -> [Value; 5] {
    [
        owner.get(&format!("/customers/{}", things.customer)).await.expect(200),
        owner.get(&format!("/orders/{}", things.placed)).await.expect(200),
        owner.get(&format!("/orders/{}", things.owed)).await.expect(200),
        owner.get(&format!("/products/{}", things.product)).await.expect(200),
        owner.get(&format!("/orders/{}", things.order)).await.expect(200),
    ]
}

fn without_request_id(answer: &Answer) -> String {
    answer.text.replace(answer.header("x-request-id"), "")
}

/// Lists show a client its own rows only.
#[tokio::test]
async fn lists_hold_no_row_of_another_client() {
    let world = World::start().await;
    let (north, south) = (world.owner(), world.caller(&world.south, "owner"));
    let ours = Things::of(&world, &north).await;
    Things::of(&world, &south).await;
    for (list, ids) in [
        ("/products", vec![&ours.product]),
        ("/orders", vec![&ours.placed, &ours.owed, &ours.order]),
        ("/customers", vec![&ours.customer]),
        ("/returns", vec![&ours.returned]),
        ("/webhooks/endpoints", vec![&ours.endpoint]),
    ] {
        let page = north.get(list).await.expect(200);
        let found: Vec<&str> = page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(found, ids, "{list}");
    }
}

/// Permissions exist to be asked for.
#[test]
fn every_permission_is_asked_for_by_a_route_or_a_field() {
    let of_fields =
        [Permission::CostsRead, Permission::SessionsWrite, Permission::OrdersPrice, Permission::OrdersBackdate];
    for &permission in Permission::ALL {
        let asked = routes::table().iter().any(|route| route.access.permission() == Some(permission));
        assert!(asked || of_fields.contains(&permission), "{permission}");
    }
}
