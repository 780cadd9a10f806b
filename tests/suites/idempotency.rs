//! Idempotency keys: one effect and one answer, however often a request comes.

use chrono::Duration;
use countinghouse_api::{platform::http::Repeats, routes};
use countinghouse_tests::{Answer, Caller, Cluster, Cut, Login, Process, World, patience::Patience};
use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::BigInt};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

async fn send(caller: &Caller, method: Method, path: &str, key: &str, body: &Value) -> Answer {
    Answer::of(caller.request(method, path).header("idempotency-key", key).json(body)).await
}

async fn post(caller: &Caller, path: &str, key: &str, body: &Value) -> Answer {
    send(caller, Method::POST, path, key, body).await
}

fn count(world: &World, table: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let query = format!("SELECT count(*) AS count FROM {table}");
    sql_query(query).get_result::<Count>(&mut world.database(Login::Owner)).unwrap().count
}

/// Checks that this is the first answer again.
#[track_caller]
fn replays(first: &Answer, again: &Answer) {
    assert_eq!(again.header("idempotency-replayed"), "true", "{again:?}");
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    for name in ["etag", "location", "content-type"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
}

#[tokio::test]
async fn the_same_request_gets_the_first_answer_again() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 2).await;
    let body = json!({"lines": [{"product_id": product, "quantity": 1}], "external_reference": "R-1"});
    let first = post(&owner, "/orders", "k-1", &body).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""));
    // Whether quoted or not; before the reference is found taken, and when the goods have run out.
    for key in ["k-1", "\"k-1\""] {
        replays(&first, &post(&owner, "/orders", key, &body).await);
    }
    owner.order(&product, 1).await.expect(201);
    replays(&first, &post(&owner, "/orders", "k-1", &body).await);
    assert_eq!(count(&world, "orders"), 2);
    post(&owner, "/orders", "k-2", &body).await.problem(409, "duplicate_reference");
}

#[tokio::test]
async fn another_body_is_refused_whatever_is_wrong_with_it() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 9).await;
    let body = json!({"lines": [{"product_id": product, "quantity": 1}]});
    post(&owner, "/orders", "k", &body).await.expect(201);
    for other in [json!({"lines": [{"product_id": product, "quantity": 2}]}), json!({"lines": []}), json!({"x": 1})] {
        post(&owner, "/orders", "k", &other).await.problem(422, "idempotency_key_reused");
    }
    let broken = owner.request(Method::POST, "/orders").header("idempotency-key", "k");
    let broken = broken.header("content-type", "application/json").body("{");
    Answer::of(broken).await.problem(422, "idempotency_key_reused");
    assert_eq!(count(&world, "orders"), 1);
}

#[tokio::test]
async fn a_key_is_of_its_client_caller_method_and_path() {
    let world = World::start().await;
    let owner = world.owner();
    let body = json!({"sku": "A", "name": "A", "price": "1.00"});
    let first = post(&owner, "/products", "k", &body).await.expect(201);
    post(&world.caller(&world.south, "owner"), "/products", "k", &body).await.expect(201);
    post(&world.caller(&world.north, "manager"), "/products", "k", &body).await.problem(409, "sku_taken");
    // An API key is another caller than its maker.
    let software = world.software(&owner.api_key(&["products:write"]).await);
    post(&software, "/products", "k", &body).await.problem(409, "sku_taken");
    let path = format!("/products/{}", first["id"].as_str().unwrap());
    let patch = json!({"name": "B"});
    let changed = send(&owner, Method::PATCH, &path, "k", &patch).await;
    assert_eq!((changed.status, changed.header("etag")), (200, "\"2\""));
    let deleted = send(&owner, Method::DELETE, &path, "k", &json!(null)).await;
    assert_eq!(deleted.status, 204);
    replays(&deleted, &send(&owner, Method::DELETE, &path, "k", &json!(null)).await);
    // The first answer, though it has been archived since, and a stale If-Match was sent with it.
    let again = owner.request(Method::PATCH, &path).header("idempotency-key", "k").header("if-match", "\"1\"");
    replays(&changed, &Answer::of(again.json(&patch)).await);
    assert_eq!(owner.get(&path).await.expect(200)["version"], 3);
}

#[tokio::test]
async fn who_lost_the_permission_or_the_session_gets_no_replay() {
    let world = World::start().await;
    let sales = world.caller(&world.north, "sales");
    let product = world.owner().product("A", "9.99", 9).await;
    let body = json!({"lines": [{"product_id": product, "quantity": 1}]});
    post(&sales, "/orders", "k", &body).await.expect(201);
    let role = |role: &str| format!("/users/{}", world.north.user(role));
    world.owner().patch(&role("sales"), &json!({"role": "viewer"})).await.expect(200);
    post(&sales, "/orders", "k", &body).await.problem(403, "permission_denied");
    world.owner().patch(&role("sales"), &json!({"disabled": true})).await.expect(200);
    post(&sales, "/orders", "k", &body).await.problem(401, "session_ended");
}

#[tokio::test]
async fn what_was_refused_is_not_kept() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 1).await;
    let body = json!({"lines": [{"product_id": product, "quantity": 2}]});
    post(&owner, "/orders", "k", &body).await.problem(409, "insufficient_stock");
    let more = json!({"product_id": product, "kind": "purchase", "quantity": 5, "unit_cost": "1.00"});
    post(&owner, "/inventory/adjustments", "k", &more).await.expect(201);
    post(&owner, "/orders", "k", &body).await.expect(201);
    assert_eq!(count(&world, "idempotency_keys"), 2);
}

/// A key is no way around the count of wrong codes, which outlives the refusal.
#[tokio::test]
async fn wrong_codes_are_counted_under_a_key_too() {
    let world = World::start().await;
    world.clock.stop();
    let owner = world.owner();
    let (secret, _) = world.enrol(&owner).await;
    let month = (world.today() - chrono::Months::new(1)).format("%Y-%m").to_string();
    owner.post(&format!("/accounting/periods/{month}/close"), &json!({})).await.expect(200);
    let path = format!("/accounting/periods/{month}/reopen");
    let with_code = async |code: &str| {
        let request =
            world.owner().request(Method::POST, &path).header("idempotency-key", "k").header("x-2fa-code", code);
        Answer::of(request).await
    };
    let wrong = if world.code(&secret) == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        with_code(wrong).await.problem(401, "second_factor_invalid");
    }
    with_code(&world.code(&secret)).await.problem(429, "second_factor_locked");
    assert_eq!(count(&world, "idempotency_keys"), 0);
    world.clock.advance(Duration::minutes(15));
    let opened = with_code(&world.code(&secret)).await;
    assert_eq!((opened.status, opened.header("idempotency-replayed")), (200, ""));
    // The answer of a code that is spent by now.
    replays(&opened, &with_code(&world.code(&secret)).await);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let world = World::start().await;
    let owner = world.owner();
    let body = json!({"sku": "A", "name": "A", "price": "1.00"});
    for key in ["", "\"\"", &"x".repeat(256), "a\"b"] {
        let answer = post(&owner, "/products", key, &body).await;
        answer.invalid(&[("/Idempotency-Key", "invalid_idempotency_key")]);
    }
    let two = owner.request(Method::POST, "/products").header("idempotency-key", "a").header("idempotency-key", "b");
    Answer::of(two.json(&body)).await.invalid(&[("/Idempotency-Key", "invalid_idempotency_key")]);
    post(&owner, "/products", &"x".repeat(255), &body).await.expect(201);
}

#[tokio::test]
async fn after_a_day_the_key_is_free() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 9).await;
    // A session would have ended meanwhile.
    let software = world.software(&owner.api_key(&["orders:write"]).await);
    let body = json!({"lines": [{"product_id": product, "quantity": 1}]});
    let first = post(&software, "/orders", "k", &body).await;
    world.clock.advance(Duration::hours(24) - Duration::minutes(1));
    replays(&first, &post(&software, "/orders", "k", &body).await);
    world.clock.advance(Duration::minutes(2));
    let second = post(&software, "/orders", "k", &body).await;
    assert_eq!((second.status, second.header("idempotency-replayed")), (201, ""));
    assert_ne!(second.body["id"], first.body["id"]);
    replays(&second, &post(&software, "/orders", "k", &body).await);
    assert_eq!(count(&world, "idempotency_keys"), 1);
}

#[tokio::test]
async fn one_key_twenty_times_at_once_is_one_order() {
    let world = World::builder().workers(2).pool(8).start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 1_000).await;
    for round in 0..5 {
        let key = format!("k-{round}");
        let body = json!({"lines": [{"product_id": product, "quantity": 1}]});
        let answers = join_all((0..20).map(|_| post(&owner, "/orders", &key, &body))).await;
        let made: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
        let fresh = made.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count();
        assert_eq!(fresh, 1);
        assert!(made.iter().all(|answer| answer.text == made[0].text));
        for answer in answers.into_iter().filter(|answer| answer.status != 201) {
            answer.problem(409, "idempotency_in_progress");
        }
        assert_eq!(count(&world, "orders"), round + 1);
    }
}

/// Who comes while the first is under way does not wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_use_is_refused_at_once() {
    let world = World::builder().pool(4).start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 9).await;
    let body = json!({"lines": [{"product_id": product, "quantity": 1}]});
    let mut holder = world.database(Login::Owner);
    holder.batch_execute("BEGIN; SELECT FROM stock FOR UPDATE").unwrap();
    let (first, sent) = (owner.clone(), body.clone());
    let first = tokio::spawn(async move { post(&first, "/orders", "k", &sent).await });
    world.until_one_waits().await;
    post(&owner, "/orders", "k", &body).await.problem(409, "idempotency_in_progress");
    assert!(!first.is_finished());
    holder.batch_execute("COMMIT").unwrap();
    let first = first.await.unwrap();
    assert_eq!(first.status, 201);
    replays(&first, &post(&owner, "/orders", "k", &body).await);
}

/// The caller is gone before the answer: it was not done, or it is there to be had.
#[tokio::test]
async fn who_hangs_up_and_asks_again_has_ordered_once() {
    let world = World::builder().workers(2).pool(4).start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 1_000).await;
    let body = json!({"lines": [{"product_id": product, "quantity": 1}]});
    for round in 0..40_u64 {
        let key = format!("k-{round}");
        let patience = std::time::Duration::from_micros(round * 400);
        let hung_up = tokio::time::timeout(patience, post(&owner, "/orders", &key, &body)).await;
        drop(hung_up);
        let mut again = post(&owner, "/orders", &key, &body).await;
        let patience = Patience::until("is the first one over");
        while again.status == 409 {
            patience.wait().await;
            again = post(&owner, "/orders", &key, &body).await;
        }
        again.expect(201);
    }
    assert_eq!(count(&world, "orders"), 40);
    assert_eq!(owner.get(&format!("/products/{product}")).await.expect(200)["on_hand"], 960);
}

/// A refusal says that nothing was done. Where it can not be looked up whether the key was answered,
/// it is not given: here the reference of the lost order is its own.
#[tokio::test]
async fn nobody_is_refused_while_it_is_not_known_what_was_done() {
    let wire = Cluster::get().wire();
    let world = World::builder().wire(&wire).start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 9).await;
    let body = json!({"lines": [{"product_id": product, "quantity": 1}], "external_reference": "R-1"});
    wire.cut_at(Cut::AfterCommit);
    post(&owner, "/orders", "k", &body).await.problem(503, "outcome_unknown");
    assert_eq!(count(&world, "orders"), 1);
    wire.cut_at(Cut::BeforeCommit);
    post(&owner, "/orders", "k", &body).await.problem(503, "outcome_unknown");
    let again = post(&owner, "/orders", "k", &body).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(count(&world, "orders"), 1);
}

/// The service is killed after the commit of an order whose answer is lost.
#[tokio::test]
async fn a_lost_answer_is_replayed_after_a_crash() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 1_000).await;
    let token = owner.token().to_owned();
    let body = json!({"lines": [{"product_id": product, "quantity": 1}]});
    let mut process = Process::serve(&world.environment());
    let first = post(&process.caller(&token), "/orders", "answered", &body).await;
    let lost = process.caller(&token);
    let request = lost.request(Method::POST, "/orders").header("idempotency-key", "lost").json(&body);
    let sent = tokio::spawn(request.send());
    // As soon as it is there to be replayed, whoever it was answered to.
    let patience = Patience::until("is the second answer kept");
    while count(&world, "idempotency_keys") < 2 {
        patience.wait().await;
    }
    process.signal("KILL");
    process.wait();
    let _lost = sent.await;
    let process = Process::serve(&world.environment());
    let caller = process.caller(&token);
    replays(&first, &post(&caller, "/orders", "answered", &body).await);
    let again = post(&caller, "/orders", "lost", &body).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(count(&world, "orders"), 2);
}

/// A body may hold a password: what is kept of it must not be what anybody can make of a guess.
#[tokio::test]
async fn nobody_can_guess_at_a_body_from_what_is_kept() {
    let world = World::start().await;
    let owner = world.owner();
    let body = json!({"username": "nils", "password": "a long enough secret", "role": "sales"}).to_string();
    let send = || {
        let request = owner.request(Method::POST, "/users").header("idempotency-key", "k");
        Answer::of(request.header("content-type", "application/json").body(body.clone()))
    };
    replays(&send().await, &send().await);
    let plain = format!("idempotency_keys WHERE request_sha256 = sha256('{body}') OR scope_sha256 = request_sha256");
    assert_eq!((count(&world, "idempotency_keys"), count(&world, &plain)), (1, 0));
}

/// Others have the connection while a password is hashed, also of a request with a key.
#[tokio::test]
async fn nobody_waits_for_a_connection_until_a_password_is_hashed() {
    let world = World::builder().pool(1).config(|config| config.passwords.threads = 1).start().await;
    let owner = world.owner();
    let busy = join_all((0..16).map(|_| world.state.passwords.hash("a long enough secret".to_owned())));
    let body = json!({"username": "nils", "password": "a long enough secret", "role": "sales"});
    let made = async {
        post(&owner, "/users", "k", &body).await.expect(201);
        "made"
    };
    let read = async {
        for _ in 0..20 {
            owner.get("/products").await.expect(200);
        }
        "read"
    };
    let first = async {
        tokio::pin!(made, read);
        let first = tokio::select! { done = &mut made => done, done = &mut read => done };
        if first == "read" {
            made.await
        } else {
            read.await
        };
        first
    };
    let (_, first) = tokio::join!(busy, first);
    assert_eq!(first, "read");
}

/// A transaction that is held open for its answer needs no second connection.
#[tokio::test]
async fn one_connection_is_enough_for_many_requests_with_keys() {
    let world = World::builder().workers(2).pool(1).start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 1_000).await;
    let order = json!({"lines": [{"product_id": product, "quantity": 1}]});
    let (owner, order) = (&owner, &order);
    let one = async |at: usize| {
        let user = json!({"username": format!("u{at}"), "password": "a long enough secret", "role": "sales"});
        let (path, body) = if at < 3 { ("/users", &user) } else { ("/orders", order) };
        let first = post(owner, path, &format!("k-{at}"), body).await;
        assert_eq!(first.status, 201, "{first:?}");
        replays(&first, &post(owner, path, &format!("k-{at}"), body).await);
    };
    join_all((0..12).map(one)).await;
    assert_eq!((count(&world, "orders"), count(&world, "idempotency_keys")), (9, 12));
}

/// What is given no longer is kept no longer: it may tell of people.
#[tokio::test]
async fn answers_are_purged_after_a_day() {
    let world = World::start().await;
    let owner = world.owner();
    for key in ["old", "new"] {
        post(&owner, "/customers", key, &json!({"company": key})).await.expect(201);
    }
    let job = format!(
        "UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 minute'
             WHERE convert_from(body, 'UTF8') LIKE '%\"old\"%';
         INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, unique_key, run_at, max_attempts, created_at)
             VALUES ('{}', gen_random_uuid(), 'purge', 1, '{{}}', 'test', now(), 12, now())",
        world.north.id
    );
    world.database(Login::Owner).batch_execute(&job).unwrap();
    let _process = Process::work(&world.environment());
    let patience = Patience::until("is the job done");
    while count(&world, "jobs WHERE unique_key = 'test' AND state = 'done'") < 1 {
        patience.wait().await;
    }
    let left = "idempotency_keys WHERE convert_from(body, 'UTF8') LIKE '%\"new\"%'";
    assert_eq!((count(&world, "idempotency_keys"), count(&world, left)), (1, 1));
}

/// Every change of a client's data takes a key, but for what is listed here with its reason.
#[test]
fn routes_that_take_no_key_are_few() {
    let ignored: Vec<String> = (routes::table().iter())
        .filter(|route| !route.path.starts_with("/auth/"))
        .filter_map(|route| match route.repeats {
            Repeats::Ignored(Some(reason)) => Some(format!("{} {}: {reason}", route.method, route.path)),
            _ => None,
        })
        .collect();
    let showing = [
        "POST /users/{id}/reset-password: shows a password",
        "POST /api-keys: shows a key",
        "POST /products/image-search: it changes nothing",
        "POST /orders/{id}/edits/preview: it changes nothing",
        "POST /webhooks/endpoints: shows a secret",
        "POST /webhooks/endpoints/{id}/rotate-secret: shows a secret",
        "POST /erp/config/test: it shows how the ERP answers now",
    ];
    assert_eq!(ignored, showing);
    for route in routes::table().iter().filter(|route| route.path.starts_with("/auth/")) {
        assert_ne!(route.repeats, Repeats::Replayed, "{}", route.path);
    }
}
