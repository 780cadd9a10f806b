//! Superadmins: how they log in, and the clients that they make and list.

use crate::footprint::{footprint, same_but_for_request_id};
use chrono::Duration;
use countinghouse_api::platform::clock::Clock;
use countinghouse_tests::{Answer, Login, PASSWORD, World};
use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn log_in(world: &World, body: &Value) -> Answer {
    world.nobody().post("/admin/auth/login", body).await
}

/// Moves the clock to just after the beginning of a step of the second factor.
fn begin_step(world: &World) {
    world.clock.advance(Duration::seconds(32 - world.clock.now().timestamp().rem_euclid(30)));
}

/// The body that makes a client with this slug.
fn client(slug: &str) -> Value {
    json!({
        "client": {"slug": slug, "name": "Third", "currency": "EUR", "time_zone": "Europe/Berlin"},
        "owner": {"username": "olga", "password": PASSWORD, "email": "olga@example.com"},
    })
}

/// The body with another value at this pointer.
fn with(pointer: &str, value: impl Into<Value>) -> Value {
    let mut body = client("third");
    *body.pointer_mut(pointer).expect("a field") = value.into();
    body
}

#[tokio::test]
async fn a_superadmin_logs_in_with_password_and_code() {
    let world = World::start().await;
    let mut body = world.superadmin_login();
    body["username"] = json!("Root");
    let answer = log_in(&world, &body).await.expect(200);
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(answer["user"]["username"], "root");
    assert!(answer["user"]["id"].is_string() && answer["user"].as_object().unwrap().len() == 2, "{answer}");
    let superadmin = world.with_token(answer["access_token"].as_str().expect("a token"));
    superadmin.get("/admin/tenants").await.expect(200);
    world.clock.advance(Duration::seconds(901));
    superadmin.get("/admin/tenants").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_superadmins_login_it_is_the_same_answer() {
    let world = World::start().await;
    begin_step(&world);
    // Wrong codes stand in the operator's log.
    let kept = || footprint(&world).into_iter().filter(|(table, _)| *table != "platform_audit_log").collect::<Vec<_>>();
    let before = kept();
    // Five wrong codes close the door, which is another test's subject.
    let forget = || {
        let forget = "UPDATE superadmins SET failures = 0, locked_until = NULL";
        world.database(Login::Owner).batch_execute(forget).unwrap();
    };
    let mut refused = Vec::new();
    for (field, wrong) in [
        ("password", "wrong password"),
        ("password", ""),
        ("username", "nobody"),
        ("username", ""),
        ("username", "owner"),
        ("username", "root\0"),
        ("username", "root "),
        ("totp_code", ""),
        ("totp_code", "12345"),
        ("totp_code", "abcdef"),
        ("totp_code", "1234567"),
        ("totp_code", "１２３４５６"),
        ("totp_code", "-12345"),
        ("totp_code", "00000\0"),
    ] {
        let mut body = world.superadmin_login();
        body[field] = json!(wrong);
        refused.push(log_in(&world, &body).await);
        forget();
    }
    let right = world.superadmin_login()["totp_code"].as_str().unwrap().to_owned();
    for code in [format!(" {right}"), format!("{right} "), format!("0{right}"), right[1..].to_owned()] {
        let mut body = world.superadmin_login();
        body["totp_code"] = json!(code);
        refused.push(log_in(&world, &body).await);
        forget();
    }
    let mut last = refused.pop().expect("answers");
    for answer in refused {
        let (one, text) = (answer.headers.clone(), answer.text.clone());
        same_but_for_request_id(last, answer);
        last = Answer { status: 401, headers: one, body: serde_json::from_str(&text).expect("JSON"), text };
    }
    last.problem(401, "invalid_credentials");
    assert_eq!(kept(), before);
    // None of it has spent the code.
    log_in(&world, &world.superadmin_login()).await.expect(200);
}

#[tokio::test]
async fn a_code_works_once() {
    let world = World::start().await;
    begin_step(&world);
    let body = world.superadmin_login();
    log_in(&world, &body).await.expect(200);
    log_in(&world, &body).await.problem(401, "invalid_credentials");
    world.clock.advance(Duration::seconds(30));
    log_in(&world, &body).await.problem(401, "invalid_credentials");
    log_in(&world, &world.superadmin_login()).await.expect(200);
}

#[tokio::test]
async fn of_many_who_bring_the_same_code_at_once_one_gets_in() {
    let world = World::builder().pool(8).workers(2).start().await;
    begin_step(&world);
    let body = world.superadmin_login();
    let answers = join_all((0..12).map(|_| log_in(&world, &body))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    for answer in lost {
        answer.problem(401, "invalid_credentials");
    }
    let session = world.with_token(won[0].body["access_token"].as_str().expect("a token"));
    session.get("/admin/tenants").await.expect(200);
}

#[tokio::test]
async fn a_code_is_good_one_step_early_and_one_step_late() {
    for (seconds, good) in [(30, true), (-30, true), (60, false), (-60, false), (3600, false)] {
        let world = World::start().await;
        begin_step(&world);
        let body = world.superadmin_login();
        world.clock.advance(Duration::seconds(seconds));
        let answer = log_in(&world, &body).await;
        if good {
            assert_eq!(answer.status, 200, "{seconds} s later: {answer:?}");
        } else {
            answer.problem(401, "invalid_credentials");
        }
    }
}

#[tokio::test]
async fn the_two_kinds_of_users_and_tokens_are_not_taken_for_one_another() {
    let world = World::start().await;
    let (owner, superadmin) = (world.owner(), world.superadmin());
    let before = footprint(&world);
    owner.get("/admin/tenants").await.problem(401, "unauthenticated");
    owner.post("/admin/tenants", &client("third")).await.problem(401, "unauthenticated");
    let id = uuid::Uuid::now_v7();
    for path in ["/auth/me", "/products", "/orders", &format!("/products/{id}"), &format!("/orders/{id}")] {
        superadmin.get(path).await.problem(401, "unauthenticated");
    }
    for path in ["/products", "/orders", "/inventory/adjustments", "/auth/logout"] {
        superadmin.post(path, &json!({})).await.problem(401, "unauthenticated");
    }
    for slug in ["north", "admin", "platform", "superadmin"] {
        let body = json!({"client_id": slug, "username": "root", "password": PASSWORD});
        world.nobody().post("/auth/login", &body).await.problem(401, "invalid_credentials");
    }
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn a_new_clients_owner_can_log_in_at_once() {
    let world = World::start().await;
    world.owner().product("NORTHERN", "1.00", 1).await;
    let answer = world.superadmin().post("/admin/tenants", &client("third")).await;
    assert_eq!(answer.header("location"), "/api/v1/admin/tenants/third");
    assert!(!answer.text.contains("password") && !answer.text.contains("argon2"), "{answer:?}");
    let made = answer.expect(201);
    let expected = json!({
        "client": {
            "id": made["client"]["id"], "slug": "third", "name": "Third", "currency": "EUR",
            "time_zone": "Europe/Berlin", "status": "active", "suspended_reason": null, "limits": no_limits(), "version": 1,
            "created_at": made["client"]["created_at"], "updated_at": made["client"]["created_at"],
        },
        "owner": {"id": made["owner"]["id"], "username": "olga", "role": "owner", "email": "olga@example.com"},
    });
    assert_eq!(made, expected);
    let body = json!({"client_id": "third", "username": "OLGA", "password": PASSWORD});
    let logged_in = world.nobody().post("/auth/login", &body).await.expect(200);
    assert_eq!(logged_in["user"], json!({"id": made["owner"]["id"], "username": "olga", "role": "owner"}));
    let olga = world.with_token(logged_in["access_token"].as_str().unwrap());
    let me = olga.get("/auth/me").await.expect(200);
    assert_eq!(me["client"]["id"], made["client"]["id"]);
    assert_eq!(me["permissions"], world.owner().get("/auth/me").await.expect(200)["permissions"]);
    assert_eq!(olga.get("/products").await.expect(200)["data"], json!([]));
    let product = olga.product("A", "9.99", 5).await;
    assert_eq!(olga.order(&product, 1).await.expect(201)["order_number"], "SO-000001");
    assert_eq!(world.owner().get("/products").await.expect(200)["data"].as_array().unwrap().len(), 1);
    for slug in ["north", "south"] {
        let body = json!({"client_id": slug, "username": "olga", "password": PASSWORD});
        world.nobody().post("/auth/login", &body).await.problem(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn what_is_left_out_of_a_client_has_its_default() {
    let world = World::start().await;
    let client = json!({"slug": "third", "name": "Größe 三", "currency": "JPY"});
    let body = json!({"client": client, "owner": {"username": "olga", "password": PASSWORD}});
    let made = world.superadmin().post("/admin/tenants", &body).await.expect(201);
    assert_eq!((&made["client"]["time_zone"], &made["owner"]["email"]), (&json!("UTC"), &Value::Null));
    assert_eq!(made["client"]["name"], "Größe 三");
}

#[tokio::test]
async fn a_slug_has_its_form() {
    let world = World::start().await;
    let superadmin = world.superadmin();
    let before = footprint(&world);
    let long = "a".repeat(41);
    for slug in [
        "",
        "a",
        "ab",
        &long,
        "Abc",
        "ABC",
        "-abc",
        "_abc",
        "a b",
        " abc",
        "abc ",
        "a.b",
        "a/b",
        "fünf",
        "ａｂｃ",
        "abc\n",
        "a%20b",
        "abc'--",
    ] {
        superadmin.post("/admin/tenants", &client(slug)).await.invalid(&[("/client/slug", "invalid_slug")]);
    }
    assert_eq!(footprint(&world), before);
    let long = "b".repeat(40);
    for slug in ["abc", "0-_", "a--", "123", &long] {
        superadmin.post("/admin/tenants", &client(slug)).await.expect(201);
    }
}

#[tokio::test]
async fn nothing_remains_of_a_refused_client() {
    let world = World::start().await;
    let superadmin = world.superadmin();
    let before = footprint(&world);
    let email = "/owner/email";
    for (pointer, value, code) in [
        ("/client/currency", "", "invalid_value"),
        ("/client/currency", "eur", "invalid_value"),
        ("/client/currency", "EU", "invalid_value"),
        ("/client/currency", "XXX", "invalid_value"),
        ("/client/currency", "BTC", "invalid_value"),
        ("/client/time_zone", "", "unknown_time_zone"),
        ("/client/time_zone", "Mars/Olympus", "unknown_time_zone"),
        ("/client/time_zone", "+01:00", "unknown_time_zone"),
        ("/client/time_zone", "../../etc/passwd", "unknown_time_zone"),
        ("/client/name", "", "too_short"),
        ("/owner/username", " ", "too_short"),
        ("/owner/password", "", "password_length"),
        ("/owner/password", "nine char", "password_length"),
        ("/owner/password", "my name is olga", "password_contains_name"),
        ("/owner/password", "my name is OLGA", "password_contains_name"),
        (email, "olga", "invalid_email"),
        (email, "olga@", "invalid_email"),
        (email, "@example.com", "invalid_email"),
    ] {
        superadmin.post("/admin/tenants", &with(pointer, value)).await.invalid(&[(pointer, code)]);
    }
    let long = with("/owner/password", "x".repeat(129));
    superadmin.post("/admin/tenants", &long).await.invalid(&[("/owner/password", "password_length")]);
    superadmin.post("/admin/tenants", &client("north")).await.problem(409, "slug_taken");
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn a_password_may_be_of_any_script_and_128_characters() {
    let world = World::start().await;
    for (slug, password) in
        [("one", "🧦1🧥2🧢3🥾4".repeat(16)), ("two", "мой пароль".to_owned()), ("three", " a b c d  ".to_owned())]
    {
        let mut body = client(slug);
        body["owner"]["password"] = json!(password);
        world.superadmin().post("/admin/tenants", &body).await.expect(201);
        let body = json!({"client_id": slug, "username": "olga", "password": password});
        world.nobody().post("/auth/login", &body).await.expect(200);
    }
}

#[tokio::test]
async fn of_many_who_want_a_slug_at_once_one_gets_it() {
    let world = World::builder().pool(8).workers(2).start().await;
    let superadmin = world.superadmin();
    let (before, body) = (footprint(&world), client("third"));
    let answers = join_all((0..8).map(|_| superadmin.post("/admin/tenants", &body))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(made.len(), 1);
    for answer in refused {
        answer.problem(409, "slug_taken");
    }
    let after = footprint(&world);
    for (table, more) in [("tenants", 1), ("users", 1), ("sessions", 0)] {
        let rows = |state: &str| state.split(' ').next().unwrap().parse::<u64>().unwrap();
        assert_eq!(rows(&after[table]), rows(&before[table]) + more, "{table}");
    }
}

#[tokio::test]
async fn clients_are_listed_newest_first_and_page_by_page() {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Text)]
        slug: String,
    }
    let world = World::start().await;
    let superadmin = world.superadmin();
    let mut made = Vec::new();
    for at in 0..5 {
        let answer = superadmin.post("/admin/tenants", &client(&format!("client-{at}"))).await.expect(201);
        made.push(answer["client"].clone());
    }
    let rows: Vec<Row> = sql_query("SELECT slug FROM tenants ORDER BY created_at DESC, id DESC")
        .load(&mut world.database(Login::Owner))
        .expect("clients");
    let all: Vec<String> = rows.into_iter().map(|row| row.slug).collect();
    assert_eq!(all[..5], ["client-4", "client-3", "client-2", "client-1", "client-0"]);
    let slugs = |page: &Value| -> Vec<String> {
        page["data"].as_array().unwrap().iter().map(|row| row["slug"].as_str().unwrap().to_owned()).collect()
    };
    let whole = superadmin.get("/admin/tenants").await.expect(200);
    assert_eq!((slugs(&whole), &whole["next_cursor"]), (all.clone(), &Value::Null));
    assert_eq!(whole["data"][0], made[4]);
    for limit in [1, 2, 3, 7, 200] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        while found.len() < 7 {
            let page = superadmin.get(&format!("/admin/tenants?limit={limit}{cursor}")).await.expect(200);
            assert!(slugs(&page).len() <= limit && !slugs(&page).is_empty());
            found.extend(slugs(&page));
            assert_eq!(page["next_cursor"].is_null(), found.len() == 7);
            cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap_or(""));
        }
        assert_eq!(found, all, "limit={limit}");
    }
    let page = superadmin.get("/admin/tenants?limit=3").await.expect(200);
    superadmin.post("/admin/tenants", &client("meanwhile")).await.expect(201);
    let next = page["next_cursor"].as_str().unwrap();
    let rest = superadmin.get(&format!("/admin/tenants?limit=3&cursor={next}")).await.expect(200);
    assert_eq!(slugs(&rest), all[3..6]);
}

/// As a client has them with which nothing was agreed.
fn no_limits() -> Value {
    json!({
        "reads_per_second": null, "writes_per_second": null, "uploads_per_second": null, "reports_per_second": null,
    })
}

#[tokio::test]
async fn limits_are_agreed_client_by_client() {
    let world = World::start().await;
    let superadmin = world.superadmin();
    let change = async |limits: Value| superadmin.patch("/admin/tenants/north", &json!({"limits": limits})).await;
    let mut expected = no_limits();
    expected["writes_per_second"] = json!(7);
    expected["reports_per_second"] = json!(100_000);
    let changed = change(json!({"writes_per_second": 7, "reports_per_second": 100_000})).await.expect(200);
    assert_eq!(changed["limits"], expected);
    // What is not named stays.
    expected["reads_per_second"] = json!(1);
    assert_eq!(change(json!({"reads_per_second": 1})).await.expect(200)["limits"], expected);
    expected["writes_per_second"] = Value::Null;
    assert_eq!(change(json!({"writes_per_second": null})).await.expect(200)["limits"], expected);
    let read = superadmin.get("/admin/tenants/north").await.expect(200);
    assert_eq!((&read["limits"], &read["version"]), (&expected, &json!(4)));
    assert_eq!(change(json!({})).await.expect(200)["version"], 4);

    let faults = json!({
        "reads_per_second": 0, "writes_per_second": 100_001, "uploads_per_second": 4_294_967_295_u32,
        "reports_per_second": 0,
    });
    change(faults).await.invalid(&[
        ("/limits/reads_per_second", "out_of_range"),
        ("/limits/writes_per_second", "out_of_range"),
        ("/limits/uploads_per_second", "out_of_range"),
        ("/limits/reports_per_second", "out_of_range"),
    ]);
    change(json!({"reads_per_second": -1})).await.invalid(&[("/limits/reads_per_second", "invalid_value")]);
    change(json!({"reads_per_second": 4_294_967_296_u64}))
        .await
        .invalid(&[("/limits/reads_per_second", "invalid_value")]);
    change(json!({"reads": 1})).await.invalid(&[("/limits/reads", "unknown_field")]);
    assert_eq!(superadmin.get("/admin/tenants/north").await.expect(200), read);
    assert_eq!(superadmin.get("/admin/tenants/south").await.expect(200)["limits"], no_limits());
    assert_eq!(change(Value::Null).await.expect(200)["limits"], no_limits());
}
