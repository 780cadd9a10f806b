//! Logging in, who one is, and logging out.

use chrono::Duration;
use countinghouse_tests::{Login, PASSWORD, World};
use diesel::connection::SimpleConnection;
use serde_json::json;

fn login(client: &str, username: &str, password: &str) -> serde_json::Value {
    json!({"client_id": client, "username": username, "password": password})
}

#[tokio::test]
async fn a_user_logs_in_and_is_who_they_are() {
    let world = World::start().await;
    let answer = world.nobody().post("/auth/login", &login("north", "Sales", PASSWORD)).await.expect(200);
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 900);
    assert_eq!(answer["user"], json!({"id": world.north.user("sales"), "username": "sales", "role": "sales"}));
    let me = world.with_token(answer["access_token"].as_str().unwrap()).get("/auth/me").await.expect(200);
    let held = ["client:read", "products:read", "orders:read", "orders:write", "invoices:write", "payments:write"];
    let held =
        [held.as_slice(), &["fulfilments:write", "returns:read", "returns:write", "customers:read", "customers:write"]]
            .concat();
    let held = [held.as_slice(), &["erp:view_status"]].concat();
    assert_eq!(me["permissions"], json!(held));
    assert_eq!(me["client"]["slug"], "north");
    assert_eq!(me["client"]["currency"], "EUR");
}

#[tokio::test]
async fn wrong_anything_is_the_same_answer() {
    let world = World::start().await;
    let mut bodies = Vec::new();
    for body in [
        login("north", "owner", "wrong password"),
        login("north", "nobody", PASSWORD),
        login("nowhere", "owner", PASSWORD),
        login("", "", ""),
        login("north\u{0}", "owner", PASSWORD),
        login("north", "owner\u{0}", PASSWORD),
    ] {
        let mut problem = world.nobody().post("/auth/login", &body).await.problem(401, "invalid_credentials");
        problem["request_id"] = json!("");
        bodies.push(problem.to_string());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn logging_out_is_dead_at_once_and_for_this_session_only() {
    let world = World::start().await;
    let (one, other) = (world.log_in(&world.north, "owner").await, world.log_in(&world.north, "owner").await);
    one.post("/auth/logout", &json!({})).await.expect(204);
    one.get("/products").await.problem(401, "session_ended");
    one.get("/auth/me").await.problem(401, "session_ended");
    other.get("/products").await.expect(200);
}

#[tokio::test]
async fn a_token_lives_fifteen_minutes() {
    let world = World::start().await;
    let owner = world.log_in(&world.north, "owner").await;
    world.clock.advance(Duration::seconds(899));
    owner.get("/products").await.expect(200);
    world.clock.advance(Duration::seconds(2));
    owner.get("/products").await.problem(401, "unauthenticated");
}

/// Not even whether an order exists: the number is drawn under the same check as all else.
#[tokio::test]
async fn an_ended_session_learns_nothing_by_ordering() {
    let world = World::start().await;
    let (owner, other) = (world.log_in(&world.north, "owner").await, world.owner());
    let product = owner.product("A", "1.00", 5).await;
    let body = json!({"lines": [{"product_id": product, "quantity": 1}], "external_reference": "R"});
    let first = owner.post("/orders", &body).await.expect(201);
    owner.post("/auth/logout", &json!({})).await.expect(204);
    owner.post("/orders", &body).await.problem(401, "session_ended");
    let known = other.post("/orders", &body).await.problem(409, "duplicate_reference");
    assert_eq!(known["order_id"], first["id"]);
    assert_eq!(other.order(&product, 1).await.expect(201)["order_number"], "SO-000002");
}

/// The log-in has read the old hash when the password is changed: it must not come in with it.
#[tokio::test]
async fn a_login_under_way_does_not_survive_a_password_change() {
    let changes = ["password_hash = 'another'", "disabled = true"];
    for change in changes {
        let world = World::start().await;
        let mut database = world.database(Login::Owner);
        // Uncommitted: the log-in reads what was there before, and waits for this before it comes in.
        let begin = format!("BEGIN; UPDATE users SET {change} WHERE username = 'owner'");
        database.batch_execute(&begin).unwrap();
        let (nobody, body) = (world.nobody(), login("north", "owner", PASSWORD));
        let attempt = tokio::spawn(async move { nobody.post("/auth/login", &body).await });
        world.until_one_waits().await;
        database.batch_execute("COMMIT").unwrap();
        attempt.await.unwrap().problem(401, "invalid_credentials");
    }
}
