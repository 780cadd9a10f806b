//! Staying logged in, and the list and log of sessions.

use chrono::Duration;
use countinghouse_tests::{Caller, Login, PASSWORD, World};
use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn log_in(world: &World, username: &str) -> Value {
    let body = json!({"client_id": "north", "username": username, "password": PASSWORD});
    world.nobody().post("/auth/login", &body).await.expect(200)
}

async fn refresh(world: &World, token: &Value) -> countinghouse_tests::Answer {
    world.nobody().post("/auth/refresh", &json!({"refresh_token": token})).await
}

fn caller(world: &World, pair: &Value) -> Caller {
    world.with_token(pair["access_token"].as_str().unwrap())
}

#[tokio::test]
async fn a_refresh_token_gives_a_new_pair_once_and_the_same_again_within_ten_seconds() {
    let world = World::start().await;
    let first = log_in(&world, "owner").await;
    let second = refresh(&world, &first["refresh_token"]).await.expect(200);
    caller(&world, &second).get("/auth/me").await.expect(200);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    world.clock.advance(Duration::seconds(9));
    let again = refresh(&world, &first["refresh_token"]).await.expect(200);
    assert_eq!(again["refresh_token"], second["refresh_token"]);
    let third = refresh(&world, &second["refresh_token"]).await.expect(200);
    caller(&world, &third).get("/auth/me").await.expect(200);
}

#[tokio::test]
async fn a_spent_token_that_comes_back_late_ends_the_whole_family() {
    let world = World::start().await;
    let other = log_in(&world, "owner").await;
    let first = log_in(&world, "owner").await;
    let second = refresh(&world, &first["refresh_token"]).await.expect(200);
    world.clock.advance(Duration::seconds(11));
    refresh(&world, &first["refresh_token"]).await.problem(401, "invalid_refresh_token");
    for pair in [&first, &second] {
        caller(&world, pair).get("/auth/me").await.problem(401, "session_ended");
        refresh(&world, &pair["refresh_token"]).await.problem(401, "invalid_refresh_token");
    }
    // Another session of the same user is another family.
    caller(&world, &other).get("/auth/me").await.expect(200);
    refresh(&world, &other["refresh_token"]).await.expect(200);
}

#[tokio::test]
async fn many_refreshes_with_one_token_at_once_give_one_successor() {
    let world = World::builder().workers(2).start().await;
    let first = log_in(&world, "owner").await;
    let answers = join_all((0..20).map(|_| refresh(&world, &first["refresh_token"]))).await;
    let mut tokens: Vec<String> =
        answers.into_iter().map(|answer| answer.expect(200)["refresh_token"].to_string()).collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
}

#[tokio::test]
async fn what_is_no_refresh_token_of_ours_is_refused_with_the_same_bytes() {
    let world = World::start().await;
    let pair = log_in(&world, "owner").await;
    let good = pair["refresh_token"].as_str().unwrap().to_owned();
    let south = good.replace(&world.north.id.0.simple().to_string(), &world.south.id.0.simple().to_string());
    let (head, _) = good.rsplit_once('_').unwrap();
    let other_secret = format!("{head}_{}", "A".repeat(43));
    let mut bodies = Vec::new();
    for token in [&south, &other_secret, "", "chr_", "chr_x_y_z", "\u{0}", pair["access_token"].as_str().unwrap()] {
        let mut problem = refresh(&world, &json!(token)).await.problem(401, "invalid_refresh_token");
        problem["request_id"] = json!("");
        bodies.push(problem.to_string());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    refresh(&world, &json!(good)).await.expect(200);
}

#[tokio::test]
async fn logged_out_disabled_and_suspended_do_not_refresh() {
    let world = World::start().await;
    let pair = log_in(&world, "owner").await;
    caller(&world, &pair).post("/auth/logout", &json!({})).await.expect(204);
    refresh(&world, &pair["refresh_token"]).await.problem(401, "invalid_refresh_token");
    let pair = log_in(&world, "sales").await;
    let mut owner = world.database(Login::Owner);
    owner.batch_execute("UPDATE users SET disabled = true WHERE username = 'sales'").unwrap();
    refresh(&world, &pair["refresh_token"]).await.problem(401, "invalid_refresh_token");
    let pair = log_in(&world, "viewer").await;
    owner.batch_execute("UPDATE tenants SET status = 'suspended'").unwrap();
    refresh(&world, &pair["refresh_token"]).await.problem(403, "client_suspended");
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_lives_on_while_it_is_used() {
    let world = World::start().await;
    let idle = log_in(&world, "owner").await;
    let mut used = log_in(&world, "owner").await;
    for _ in 0..4 {
        world.clock.advance(Duration::hours(5));
        used = refresh(&world, &used["refresh_token"]).await.expect(200);
    }
    refresh(&world, &idle["refresh_token"]).await.problem(401, "invalid_refresh_token");
    caller(&world, &used).get("/auth/me").await.expect(200);
}

#[tokio::test]
async fn requests_keep_a_session_alive_too() {
    let world = World::builder().config(|config| config.sessions.idle = Duration::minutes(10)).start().await;
    let (used, idle) = (log_in(&world, "owner").await, log_in(&world, "owner").await);
    for _ in 0..2 {
        world.clock.advance(Duration::minutes(6));
        caller(&world, &used).get("/products").await.expect(200);
    }
    caller(&world, &used).get("/products").await.expect(200);
    caller(&world, &idle).get("/products").await.problem(401, "session_ended");
    refresh(&world, &idle["refresh_token"]).await.problem(401, "invalid_refresh_token");
}

#[tokio::test]
async fn a_session_ends_in_the_end_however_much_it_is_used() {
    let world = World::builder().config(|config| config.sessions.longest = Duration::hours(20)).start().await;
    let mut pair = log_in(&world, "owner").await;
    world.clock.advance(Duration::hours(11));
    pair = refresh(&world, &pair["refresh_token"]).await.expect(200);
    world.clock.advance(Duration::hours(10));
    refresh(&world, &pair["refresh_token"]).await.problem(401, "invalid_refresh_token");
}

/// Whoever throws a thief out does not wait for what the thief's request waits for.
#[tokio::test]
async fn a_session_is_ended_while_one_of_its_requests_waits() {
    let world = World::builder().pool(8).start().await;
    let (owner, thief) = (world.owner(), world.log_in(&world.north, "sales").await);
    let product = owner.product("A", "1.00", 5).await;
    let session = thief.get("/auth/me").await.expect(200)["session_id"].as_str().unwrap().to_owned();
    // So that the next request notes that the session is in use.
    world.clock.advance(Duration::minutes(2));
    let mut holder = world.database(Login::Owner);
    holder.batch_execute("BEGIN; SELECT * FROM stock FOR UPDATE").unwrap();
    let ordering = thief.clone();
    let order = tokio::spawn(async move { ordering.order(&product, 1).await });
    world.until_one_waits().await;
    owner.delete(&format!("/sessions/{session}")).await.expect(204);
    thief.get("/products").await.problem(401, "session_ended");
    holder.batch_execute("COMMIT").unwrap();
    // What had begun before is finished.
    order.await.unwrap().expect(201);
}

/// Yesterday's binary makes sessions without `latest_end`: use does not make them last for ever.
#[tokio::test]
async fn a_session_of_an_older_binary_ends_in_the_end_too() {
    let world = World::builder().config(|config| config.sessions.idle = Duration::minutes(60)).start().await;
    let pair = log_in(&world, "owner").await;
    world.database(Login::Owner).batch_execute("UPDATE sessions SET latest_end = NULL").unwrap();
    let owner = caller(&world, &pair);
    owner.get("/products").await.expect(200);
    world.clock.advance(Duration::minutes(10));
    owner.get("/products").await.expect(200);
    world.clock.advance(Duration::minutes(51));
    refresh(&world, &pair["refresh_token"]).await.problem(401, "invalid_refresh_token");
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let world = World::start().await;
    let (sales, owner) = (log_in(&world, "sales").await, log_in(&world, "owner").await);
    let (sales, owner) = (caller(&world, &sales), caller(&world, &owner));
    let own = sales.get("/sessions").await.expect(200)["data"].as_array().unwrap().clone();
    assert_eq!(own.len(), 2, "the new one and the one that stands in every world");
    assert!(own.iter().all(|session| session["username"] == "sales"));
    assert_eq!([&own[0]["current"], &own[1]["current"]], [true, false]);
    let all = owner.get("/sessions?limit=200").await.expect(200)["data"].as_array().unwrap().clone();
    assert_eq!(all.len(), 9);
    // Sales ends their own, not the owner's; the owner ends anybody's; nobody another client's.
    let path = |session: &Value| format!("/sessions/{}", session.as_str().unwrap());
    let of_owner = owner.get("/auth/me").await.expect(200)["session_id"].clone();
    sales.delete(&path(&of_owner)).await.problem(404, "not_found");
    let foreign = world.south.session("owner").to_string();
    owner.delete(&format!("/sessions/{foreign}")).await.problem(404, "not_found");
    sales.delete(&path(&own[1]["id"])).await.expect(204);
    sales.delete(&path(&own[1]["id"])).await.expect(204);
    world.caller(&world.north, "sales").get("/auth/me").await.problem(401, "session_ended");
    owner.delete(&path(&own[0]["id"])).await.expect(204);
    sales.get("/auth/me").await.problem(401, "session_ended");
    world.caller(&world.south, "owner").get("/auth/me").await.expect(200);
}

#[tokio::test]
async fn the_log_says_what_happened_at_the_door() {
    let world = World::start().await;
    let pair = log_in(&world, "owner").await;
    let wrong = json!({"client_id": "north", "username": "Ghost", "password": PASSWORD});
    world.nobody().post("/auth/login", &wrong).await.problem(401, "invalid_credentials");
    let wrong = json!({"client_id": "north", "username": "owner", "password": "not the one"});
    world.nobody().post("/auth/login", &wrong).await.problem(401, "invalid_credentials");
    let second = refresh(&world, &pair["refresh_token"]).await.expect(200);
    world.clock.advance(Duration::seconds(30));
    refresh(&world, &pair["refresh_token"]).await.problem(401, "invalid_refresh_token");
    drop(second);
    let owner = world.owner();
    let log = owner.get("/sessions/logs").await.expect(200)["data"].as_array().unwrap().clone();
    let kinds: Vec<&str> = log.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["refresh_reused", "refresh", "login_failed", "login_failed", "login"]);
    // What is nobody's name may be a password, typed into the wrong field.
    assert_eq!([&log[3]["username"], &log[3]["user_id"]], [&Value::Null, &Value::Null]);
    assert_eq!(log[2]["username"], "owner");
    assert_eq!(log[2]["user_id"], json!(world.north.user("owner")));
    assert_eq!(log[4]["address"], "127.0.0.1");
    let failures = owner.get("/sessions/logs?kind=login_failed").await.expect(200);
    assert_eq!(failures["data"].as_array().unwrap().len(), 2);
    let of_user = format!("/sessions/logs?user_id={}&limit=2", world.north.user("owner"));
    let page = owner.get(&of_user).await.expect(200);
    assert_eq!(page["data"].as_array().unwrap().len(), 2);
    assert!(page["next_cursor"].is_string());
    assert_eq!(owner.get("/sessions/logs?to=2001-01-01").await.expect(200)["data"], json!([]));
    owner.get("/sessions/logs?from=2001-02-01&to=2001-01-01").await.invalid(&[("/to", "out_of_range")]);
    owner.get("/sessions/logs?from=yesterday").await.invalid(&[("/from", "invalid_value")]);
    let south = world.caller(&world.south, "owner").get("/sessions/logs").await.expect(200);
    assert_eq!(south["data"], json!([]));
    world.caller(&world.north, "sales").get("/sessions/logs").await.problem(403, "permission_denied");
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    let world = World::start().await;
    let (one, other) = (log_in(&world, "owner").await, log_in(&world, "owner").await);
    let owner = caller(&world, &one);
    let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
    owner.post("/auth/password", &change("not the one", "something entirely new")).await.problem(403, "wrong_password");
    for (new, code) in [("short", "password_length"), ("the owner himself", "password_contains_name")] {
        owner.post("/auth/password", &change(PASSWORD, new)).await.invalid(&[("/new_password", code)]);
    }
    caller(&world, &other).get("/auth/me").await.expect(200);
    owner.post("/auth/password", &change(PASSWORD, "something entirely new")).await.expect(204);
    owner.get("/auth/me").await.expect(200);
    caller(&world, &other).get("/auth/me").await.problem(401, "session_ended");
    refresh(&world, &other["refresh_token"]).await.problem(401, "invalid_refresh_token");
    let old = json!({"client_id": "north", "username": "owner", "password": PASSWORD});
    world.nobody().post("/auth/login", &old).await.problem(401, "invalid_credentials");
    let new = json!({"client_id": "north", "username": "owner", "password": "something entirely new"});
    world.nobody().post("/auth/login", &new).await.expect(200);
}

#[tokio::test]
async fn superadmins_refresh_and_log_out_too() {
    let world = World::start().await;
    let first = world.nobody().post("/admin/auth/login", &world.superadmin_login()).await.expect(200);
    let refresh =
        async |token: &Value| world.nobody().post("/admin/auth/refresh", &json!({"refresh_token": token})).await;
    let second = refresh(&first["refresh_token"]).await.expect(200);
    assert_eq!(refresh(&first["refresh_token"]).await.expect(200)["refresh_token"], second["refresh_token"]);
    caller(&world, &second).get("/admin/tenants").await.expect(200);
    // A superadmin's token is none of a client's users', and the other way round.
    let body = json!({"refresh_token": second["refresh_token"]});
    world.nobody().post("/auth/refresh", &body).await.problem(401, "invalid_refresh_token");
    let user = log_in(&world, "owner").await;
    refresh(&user["refresh_token"]).await.problem(401, "invalid_refresh_token");
    caller(&world, &second).post("/admin/auth/logout", &json!({})).await.expect(204);
    caller(&world, &second).get("/admin/tenants").await.problem(401, "session_ended");
    refresh(&second["refresh_token"]).await.problem(401, "invalid_refresh_token");
    world.clock.advance(Duration::seconds(31));
    let third = world.nobody().post("/admin/auth/login", &world.superadmin_login()).await.expect(200);
    world.clock.advance(Duration::minutes(10));
    let fourth = refresh(&third["refresh_token"]).await.expect(200);
    refresh(&third["refresh_token"]).await.expect(200);
    world.clock.advance(Duration::seconds(11));
    refresh(&third["refresh_token"]).await.problem(401, "invalid_refresh_token");
    refresh(&fourth["refresh_token"]).await.problem(401, "invalid_refresh_token");
    world.clock.advance(Duration::minutes(1));
    let fifth = world.nobody().post("/admin/auth/login", &world.superadmin_login()).await.expect(200);
    world.clock.advance(Duration::minutes(31));
    refresh(&fifth["refresh_token"]).await.problem(401, "invalid_refresh_token");
}
