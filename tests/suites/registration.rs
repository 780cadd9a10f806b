//! Clients that register themselves.

use crate::footprint::{footprint, same_but_for_request_id};
use countinghouse_tests::{Login, PASSWORD, World};
use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use serde_json::{Value, json};

fn body(slug: &str) -> Value {
    json!({
        "client": {"slug": slug, "name": "Third", "currency": "JPY", "time_zone": "Asia/Tokyo"},
        "user": {"username": "olga", "password": PASSWORD, "email": "olga@example.com"},
    })
}

#[tokio::test]
async fn whoever_registers_is_the_owner_of_a_client_of_their_own() {
    let world = World::start().await;
    let answer = world.nobody().post("/auth/register", &body("third")).await;
    assert_eq!(answer.header("location"), "/api/v1/client");
    assert!(!answer.text.contains(PASSWORD) && !answer.text.contains("argon2"), "{answer:?}");
    let made = answer.expect(201);
    let expected = json!({
        "client": {
            "id": made["client"]["id"], "slug": "third", "name": "Third", "currency": "JPY", "time_zone": "Asia/Tokyo",
            "status": "active", "suspended_reason": null, "version": 1,
            "limits": {
                "reads_per_second": null, "writes_per_second": null, "uploads_per_second": null,
                "reports_per_second": null,
            },
            "created_at": made["client"]["created_at"], "updated_at": made["client"]["created_at"],
        },
        "user": {"id": made["user"]["id"], "username": "olga", "role": "owner", "email": "olga@example.com"},
    });
    assert_eq!(made, expected);
    assert_eq!(world.superadmin().get("/admin/tenants/third").await.expect(200), expected["client"]);
    let login = json!({"client_id": "third", "username": "olga", "password": PASSWORD});
    let token = world.nobody().post("/auth/login", &login).await.expect(200)["access_token"].clone();
    let olga = world.with_token(token.as_str().unwrap());
    let profile = olga.get("/client").await.expect(200);
    assert_eq!([&profile["currency"], &profile["max_discount_pct"]], ["JPY", "100.00"]);
    let whole = json!({"sku": "A", "name": "A", "price": "1200", "opening_stock": {"quantity": 3, "unit_cost": "500"}});
    let product = olga.post("/products", &whole).await.expect(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(olga.order(&product, 1).await.expect(201)["order_number"], "SO-000001");
    assert_eq!(world.owner().get("/products").await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn where_it_is_closed_nobody_registers_and_no_body_is_looked_at() {
    let world = World::builder().config(|config| config.self_service = false).start().await;
    let before = footprint(&world);
    let nobody = world.nobody();
    nobody.post("/auth/register", &body("third")).await.problem(403, "registration_closed");
    nobody.post("/auth/register", &json!({"x": 1})).await.problem(403, "registration_closed");
    let broken = nobody.send(reqwest::Method::POST, "/auth/register", "text/plain", "{").await;
    broken.problem(403, "registration_closed");
    assert_eq!(footprint(&world), before);
}

/// The same rules as where a superadmin makes a client, and nothing remains of who breaks them.
#[tokio::test]
async fn nothing_remains_of_a_refused_registration() {
    let world = World::start().await;
    let (nobody, before) = (world.nobody(), footprint(&world));
    for (pointer, value, code) in [
        ("/client/slug", "No", "invalid_slug"),
        ("/client/name", "", "too_short"),
        ("/client/currency", "XXX", "invalid_value"),
        ("/client/time_zone", "Moon/Base", "unknown_time_zone"),
        ("/user/username", " ", "too_short"),
        ("/user/password", "short", "password_length"),
        ("/user/password", "my name is olga", "password_contains_name"),
        ("/user/email", "olga", "invalid_email"),
    ] {
        let mut wrong = body("third");
        *wrong.pointer_mut(pointer).unwrap() = json!(value);
        nobody.post("/auth/register", &wrong).await.invalid(&[(pointer, code)]);
    }
    let mut chosen = body("third");
    chosen["user"]["role"] = json!("viewer");
    nobody.post("/auth/register", &chosen).await.invalid(&[("/user/role", "unknown_field")]);
    let taken = nobody.post("/auth/register", &body("north")).await;
    same_but_for_request_id(taken, nobody.post("/auth/register", &body("north")).await);
    nobody.post("/auth/register", &body("north")).await.problem(409, "slug_taken");
    assert_eq!(footprint(&world), before);
}

#[tokio::test]
async fn of_many_who_want_a_slug_at_once_one_gets_it() {
    let world = World::builder().pool(8).workers(2).start().await;
    let nobody = world.nobody();
    let wanted = body("third");
    let answers = join_all((0..6).map(|_| nobody.post("/auth/register", &wanted))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(made.len(), 1);
    for answer in refused {
        answer.problem(409, "slug_taken");
    }
}

/// What the app's login may enter is the client that its transaction is in, active and with the
/// defaults of a new one.
#[tokio::test]
async fn the_apps_login_enters_no_client_but_the_one_it_is_in() {
    let world = World::start().await;
    let mut app = world.database(Login::App);
    let new = uuid::Uuid::now_v7();
    let insert = |id: uuid::Uuid, columns: &str, values: &str| {
        format!(
            "INSERT INTO tenants (id, slug, name, currency, time_zone, created_at, updated_at{columns}) \
             VALUES ('{id}', 'straw', 'x', 'EUR', 'UTC', now(), now(){values})"
        )
    };
    for setting in [String::new(), world.north.id.to_string(), uuid::Uuid::nil().to_string()] {
        app.batch_execute(&format!("SET app.tenant_id = '{setting}'")).unwrap();
        let refused = app.batch_execute(&insert(new, "", "")).unwrap_err().to_string();
        assert!(refused.contains("row-level security"), "{setting}: {refused}");
    }
    app.batch_execute(&format!("SET app.tenant_id = '{new}'")).unwrap();
    for (column, value) in [("status", "'suspended'"), ("rights_version", "7"), ("suspended_reason", "'x'")] {
        let refused = app.batch_execute(&insert(new, &format!(", {column}"), &format!(", {value}"))).unwrap_err();
        assert!(refused.to_string().contains("permission denied"), "{column}: {refused}");
    }
    app.batch_execute(&insert(new, "", "")).unwrap();
}
