//! The log: each line is one JSON object that says what happened, and none says what somebody sent.
//!
//! The real binary runs with everything logged. Whatever is secret or somebody's own has a canary in
//! it, a text that stands nowhere else, and the log is searched for it.

use countinghouse_tests::{Answer, Caller, Cluster, Login, PASSWORD, Process, ValkeyWay, World};
use diesel::connection::SimpleConnection;
use reqwest::Method;
use serde_json::{Value, json};

/// Texts that must not be found.
#[derive(Default)]
struct Canaries {
    texts: Vec<String>,
}

impl Canaries {
    /// One that says where it was put.
    fn put(&mut self, place: &str) -> String {
        let text = format!("canary{}x{}", self.texts.len(), place.replace(' ', ""));
        self.keep(&text)
    }

    /// A secret that the service made.
    fn keep(&mut self, text: &str) -> String {
        assert!(text.len() >= 6, "{text} may stand anywhere");
        self.texts.push(text.to_owned());
        text.to_owned()
    }

    fn address(&mut self) -> Value {
        let [name, street, city, phone] = ["name", "street", "city", "phone"].map(|part| self.put(part));
        json!({"name": name, "street1": street, "city": city, "postal_code": "0150", "country": "NO", "phone": phone})
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// Logging in and out, with everything that can be wrong about it.
async fn log_in(world: &World, process: &Process, birds: &mut Canaries) {
    let nobody = process.caller("");
    birds.keep(PASSWORD);
    let wrong =
        json!({"client_id": birds.put("client"), "username": birds.put("user"), "password": birds.put("password")});
    nobody.post("/auth/login", &wrong).await.expect(401);
    let wrong = json!({"client_id": "north", "username": "owner", "password": birds.put("password")});
    nobody.post("/auth/login", &wrong).await.expect(401);
    let right = json!({"client_id": "north", "username": "manager", "password": PASSWORD});
    let pair = nobody.post("/auth/login", &right).await.expect(200);
    let manager = process.caller(birds.keep(text(&pair["access_token"])));
    let refresh = birds.keep(text(&pair["refresh_token"]));
    let next = nobody.post("/auth/refresh", &json!({"refresh_token": refresh})).await.expect(200);
    birds.keep(text(&next["refresh_token"]));
    nobody.post("/auth/refresh", &json!({"refresh_token": birds.put("refresh")})).await.expect(401);
    let secret = manager.post("/auth/2fa/enroll", &json!({"current_password": PASSWORD})).await.expect(200);
    let secret = birds.keep(text(&secret["secret"]));
    manager.post("/auth/2fa/confirm", &json!({"code": birds.put("code")})).await.problem(401, "second_factor_invalid");
    let code = world.code(&secret);
    let codes = manager.post("/auth/2fa/confirm", &json!({"code": code})).await.expect(200);
    let codes = codes["recovery_codes"].as_array().unwrap().clone();
    codes.iter().for_each(|code| drop(birds.keep(text(code))));
    let with_code =
        |code: &str| json!({"client_id": "north", "username": "manager", "password": PASSWORD, "totp_code": code});
    nobody.post("/auth/login", &with_code(&birds.put("code"))).await.problem(401, "totp_required");
    nobody.post("/auth/login", &with_code(text(&codes[0]))).await.expect(200);
    let change = json!({"current_password": PASSWORD, "new_password": birds.put("new password")});
    manager.post("/auth/password", &change).await.expect(204);
    let superadmin = world.superadmin_login();
    let pair = nobody.post("/admin/auth/login", &superadmin).await.expect(200);
    birds.keep(text(&pair["access_token"]));
    birds.keep(text(&pair["refresh_token"]));
    for token in [birds.put("token"), format!("{}.{}.{}", birds.put("head"), birds.put("claims"), birds.put("mac"))] {
        process.caller(&token).get("/products").await.expect(401);
    }
    forged(process, birds).await;
}

/// A token of the right form, whose every part holds something.
async fn forged(process: &Process, birds: &mut Canaries) {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let head = json!({"alg": birds.put("alg"), "kid": birds.put("kid"), "typ": "JWT"}).to_string();
    let claims = json!({"sub": birds.put("sub"), "exp": birds.put("exp")}).to_string();
    for head in [head, json!({"alg": "HS256", "kid": "jwt-test"}).to_string()] {
        let token = [head.as_str(), claims.as_str(), "x"].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        process.caller(&token).get("/products").await.expect(401);
    }
}

/// People, keys and clients.
async fn people(process: &Process, owner: &Caller, birds: &mut Canaries) {
    let email = format!("{}@example.com", birds.put("email"));
    let user =
        json!({"username": birds.put("name"), "password": birds.put("secret"), "role": "viewer", "email": email});
    let user = owner.post("/users", &user).await.expect(201);
    let reset = owner.post(&format!("/users/{}/reset-password", text(&user["id"])), &json!({})).await.expect(200);
    birds.keep(text(&reset["password"]));
    let key = json!({"name": birds.put("key name"), "permissions": ["products:read", "orders:write"]});
    let key = owner.post("/api-keys", &key).await.expect(201);
    let key = birds.keep(text(&key["key"]));
    process.caller("").with_key(key).get("/products").await.expect(200);
    process.caller("").with_key(birds.put("key")).get("/products").await.expect(401);
    let client = json!({"slug": "wrens", "name": birds.put("client name"), "currency": "EUR"});
    let founder = json!({"username": birds.put("founder"), "password": birds.put("password")});
    process.caller("").post("/auth/register", &json!({"client": client, "user": founder})).await.expect(201);
}

/// Customers and orders, with a key, and once more.
async fn sell(owner: &Caller, birds: &mut Canaries) {
    let email = format!("{}@example.com", birds.put("email"));
    let customer = json!({"email": email, "first_name": birds.put("first"), "last_name": birds.put("last"),
        "company": birds.put("company"), "phone": birds.put("phone"), "note": birds.put("note"),
        "billing_address": birds.address(), "shipping_address": birds.address()});
    let made = owner.post("/customers", &customer).await.expect(201);
    birds.texts.extend(["73418.97".to_owned(), "7341897".to_owned()]);
    let product = json!({"sku": birds.put("SKU"), "name": birds.put("product"), "price": "73418.97",
        "opening_stock": {"quantity": 9, "unit_cost": "4.00"}});
    let product = owner.post("/products", &product).await.expect(201);
    let who = json!({"first_name": birds.put("buyer"), "email": format!("{}@example.com", birds.put("buyer"))});
    for customer in [json!({"customer_id": made["id"]}), json!({"customer": who, "billing_address": birds.address()})] {
        let mut order = json!({"lines": [{"product_id": product["id"], "quantity": 1}], "note": birds.put("note"),
            "external_reference": birds.put("reference")});
        order.as_object_mut().unwrap().extend(customer.as_object().unwrap().clone());
        let key = birds.put("idempotency key");
        for _ in 0..2 {
            let request = owner.request(Method::POST, "/orders").header("idempotency-key", &key).json(&order);
            Answer::of(request).await.expect(201);
        }
        order["lines"][0]["quantity"] = json!(2);
        let other = owner.request(Method::POST, "/orders").header("idempotency-key", &key).json(&order);
        Answer::of(other).await.problem(422, "idempotency_key_reused");
        order["lines"][0]["quantity"] = json!(100);
        order["external_reference"] = json!(birds.put("reference"));
        owner.post("/orders", &order).await.problem(409, "insufficient_stock");
    }
}

/// What nobody should send, wherever a request has room for it.
async fn nonsense(owner: &Caller, birds: &mut Canaries) {
    let mut canary = |place: &str| birds.put(place);
    owner.get(&format!("/orders/{}", canary("path"))).await.expect(404);
    owner.get(&format!("/{}", canary("path"))).await.expect(404);
    owner.get(&format!("//{}", canary("path"))).await.expect(404);
    owner.get(&format!("/products?{}={}", canary("query"), canary("query"))).await.expect(422);
    owner.get(&format!("/products?q={}&cursor={}", canary("search"), canary("cursor"))).await.expect(422);
    owner.post("/products", &json!({canary("field"): canary("value"), "price": canary("price")})).await.expect(422);
    for broken in [format!("{{\"sku\": \"{}", canary("json")), canary("json"), format!("[{}]", canary("json"))] {
        let answer = owner.send(Method::POST, "/products", "application/json", broken).await;
        assert!([400, 422].contains(&answer.status), "{answer:?}");
    }
    owner.send(Method::POST, "/products", &format!("text/{}", canary("type")), "x").await.expect(415);
    let strange = Method::from_bytes(canary("METHOD").as_bytes()).unwrap();
    Answer::of(owner.request(strange, "/products")).await.expect(405);
    let mut request = owner.request(Method::GET, "/products");
    for header in
        ["cookie", "user-agent", "referer", "origin", "x-forwarded-for", "forwarded", "x-custom", "traceparent"]
    {
        request = request.header(header, canary(header));
    }
    Answer::of(request.header("x-request-id", format!("{} {}", canary("id"), "is not well-formed"))).await.expect(200);
    let stale = owner.request(Method::PATCH, "/client").header("if-match", format!("\"{}\"", canary("tag")));
    assert!(Answer::of(stale.json(&json!({}))).await.status >= 400);
}

/// The database refuses a row for a reason that nobody foresaw, and quotes it.
async fn break_the_database(world: &World, owner: &Caller, birds: &mut Canaries) {
    let check = "ALTER TABLE customers ADD CONSTRAINT unforeseen CHECK (note IS NULL) NOT VALID";
    world.database(Login::Owner).batch_execute(check).unwrap();
    let customer = json!({"first_name": birds.put("first"), "note": birds.put("note")});
    owner.post("/customers", &customer).await.problem(500, "internal_error");
    world.database(Login::Owner).batch_execute("ALTER TABLE customers RENAME note TO gone").unwrap();
    owner.post("/customers", &customer).await.problem(500, "internal_error");
    let quotes =
        "CREATE FUNCTION quote() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM NEW.name::int; RETURN NEW; END';
        CREATE TRIGGER quote BEFORE INSERT ON products FOR EACH ROW EXECUTE FUNCTION quote()";
    world.database(Login::Owner).batch_execute(quotes).unwrap();
    let product = json!({"sku": "Q", "name": birds.put("name"), "price": "1.00"});
    owner.post("/products", &product).await.problem(500, "internal_error");
}

/// Nothing of what nobody may see, in lines that a program can read.
#[track_caller]
fn check(lines: &[String], canaries: &[String]) -> Vec<Value> {
    let mut leaks = Vec::new();
    for line in lines {
        let low = line.to_lowercase();
        let found = canaries.iter().find(|canary| low.contains(&canary.to_lowercase()));
        leaks.extend(found.map(|canary| format!("{canary} in {line}")));
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
    let read = |line: &String| match serde_json::from_str::<Value>(line) {
        Ok(entry) if entry.is_object() => entry,
        _ => panic!("not one JSON object: {line}"),
    };
    let entries: Vec<Value> = lines.iter().map(read).collect();
    for entry in &entries {
        assert!(entry["timestamp"].is_string() && entry["level"].is_string(), "{entry}");
        if entry["message"] == "request" {
            for member in ["request_id", "method", "route"] {
                assert!(entry[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {entry}");
            }
            assert!(entry["status"].as_u64().is_some() && entry["micros"].as_u64().is_some(), "{entry}");
        }
    }
    entries
}

#[tokio::test(flavor = "multi_thread")]
async fn no_canary_is_in_the_log() {
    let world = World::start().await;
    let mut environment = world.environment();
    environment.push(("LOG", "trace".to_owned()));
    let mut birds = Canaries::default();
    for (name, value) in &environment {
        if name.starts_with("DATABASE_URL") {
            let password = value.split(['@', ':']).nth(2).expect("a password");
            birds.keep(password);
        }
        if name.ends_with("_KEYS") {
            birds.keep(value.split(':').nth(1).expect("a key"));
        }
    }
    let process = Process::serve_with(&environment, &["--with-worker"]);
    let owner = process.caller(world.owner().token());
    birds.keep(owner.token());
    log_in(&world, &process, &mut birds).await;
    people(&process, &owner, &mut birds).await;
    sell(&owner, &mut birds).await;
    nonsense(&owner, &mut birds).await;
    break_the_database(&world, &owner, &mut birds).await;
    let entries = check(&process.all_it_said(), &birds.texts);
    let said = |message: &str| entries.iter().filter(|entry| entry["message"] == message).count();
    assert!(said("request") > 40 && birds.texts.len() > 100, "{} requests", said("request"));
    assert!(said("token refused") >= 4, "everything is logged");
    assert_eq!(said("request failed"), 3);
}

/// What cannot be reached is complained of without the password that would have opened it.
#[tokio::test(flavor = "multi_thread")]
async fn passwords_of_servers_are_not_in_the_log() {
    let world = World::start().await;
    let mut birds = Canaries::default();
    let right = Cluster::get().url(Login::App, &world.database);
    let password = right.split(['@', ':']).nth(2).expect("a password").to_owned();
    let wrong = right.replace(&password, &birds.put("database"));
    let mut environment = world.environment();
    environment.retain(|(name, _)| !["DATABASE_URL", "REDIS_URL"].contains(name));
    let mut way = ValkeyWay::default();
    way.open();
    let redis = format!("{}?pass={}", way.url().split('?').next().unwrap(), birds.put("redis"));
    environment.extend([("LOG", "trace".to_owned()), ("DATABASE_URL", wrong), ("REDIS_URL", redis)]);
    let process = Process::serve(&environment);
    process.caller(world.owner().token()).get("/products").await.problem(503, "unavailable");
    let entries = check(&process.all_it_said(), &birds.texts);
    for complaint in ["no connection to the database", "Redis is away: each process limits by itself"] {
        assert!(entries.iter().any(|entry| entry["message"] == complaint), "{complaint}");
    }
}
