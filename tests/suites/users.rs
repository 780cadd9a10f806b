//! A client's people and roles, run by the client.

use chrono::Duration;
use countinghouse_tests::{Caller, Login, PASSWORD, World};
use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn make(caller: &Caller, username: &str, role: &str) -> Value {
    let body = json!({"username": username, "password": PASSWORD, "role": role});
    caller.post("/users", &body).await.expect(201)
}

fn path(user: &Value) -> String {
    format!("/users/{}", user["id"].as_str().unwrap())
}

#[tokio::test]
async fn an_owner_enters_a_user_who_logs_in() {
    let world = World::start().await;
    let owner = world.owner();
    let body = json!({"username": "Ines", "password": PASSWORD, "role": "sales", "email": "ines@example.com"});
    let answer = owner.post("/users", &body).await;
    let location = answer.header("location").to_owned();
    let user = answer.expect(201);
    assert_eq!(location, format!("/api/v1{}", path(&user)));
    assert_eq!([&user["username"], &user["role"], &user["email"]], ["Ines", "sales", "ines@example.com"]);
    assert_eq!((&user["disabled"], &user["must_change_password"]), (&json!(false), &json!(false)));
    assert!(user.get("password").is_none() && user.get("password_hash").is_none());
    assert_eq!(owner.get(&path(&user)).await.expect(200), user);
    let ines = world.log_in(&world.north, "ines").await;
    assert_eq!(ines.get("/auth/me").await.expect(200)["role"], "sales");
    owner
        .post("/users", &json!({"username": "INES", "password": PASSWORD, "role": "viewer"}))
        .await
        .problem(409, "username_taken");
    world.caller(&world.south, "owner").post("/users", &body).await.expect(201);
    let listed = owner.get("/users?role=sales").await.expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    assert_eq!(listed["data"][0], user);
    let bad = json!({"username": "", "password": "short", "role": "sales", "email": "nobody"});
    owner.post("/users", &bad).await.invalid(&[
        ("/username", "too_short"),
        ("/password", "password_length"),
        ("/email", "invalid_email"),
    ]);
    let bad = json!({"username": "x", "password": PASSWORD, "role": "emperor"});
    owner.post("/users", &bad).await.invalid(&[("/role", "unknown_role")]);
}

#[tokio::test]
async fn a_change_of_role_or_state_acts_on_the_next_request() {
    let world = World::start().await;
    let owner = world.owner();
    let user = make(&owner, "ines", "sales").await;
    let ines = world.log_in(&world.north, "ines").await;
    ines.get("/orders").await.expect(200);
    let changed = owner.patch(&path(&user), &json!({"role": "technician"})).await.expect(200);
    assert_eq!([&changed["role"], &changed["version"]], [&json!("technician"), &json!(2)]);
    ines.get("/orders").await.problem(403, "permission_denied");
    owner.patch(&path(&user), &json!({"role": "viewer", "email": "i@example.com"})).await.expect(200);
    ines.get("/orders").await.expect(200);
    let stale = owner.request(reqwest::Method::PATCH, &path(&user)).header("If-Match", "\"1\"");
    let stale = stale.json(&json!({"email": null}));
    countinghouse_tests::Answer::of(stale).await.problem(412, "version_mismatch");
    owner.patch(&path(&user), &json!({"disabled": true})).await.expect(200);
    ines.get("/orders").await.problem(401, "session_ended");
    let login = json!({"client_id": "north", "username": "ines", "password": PASSWORD});
    world.nobody().post("/auth/login", &login).await.problem(401, "invalid_credentials");
    owner.patch(&path(&user), &json!({"disabled": false})).await.expect(200);
    world.nobody().post("/auth/login", &login).await.expect(200);
    let same = owner.patch(&path(&user), &json!({})).await.expect(200);
    assert_eq!(same["version"], 5);
}

/// Somebody is disabled because a session was stolen: it does not come back with them.
#[tokio::test]
async fn a_disabled_users_sessions_stay_dead_when_they_are_enabled_again() {
    let world = World::start().await;
    let owner = world.owner();
    let user = make(&owner, "ines", "manager").await;
    let login = json!({"client_id": "north", "username": "ines", "password": PASSWORD});
    let pair = world.nobody().post("/auth/login", &login).await.expect(200);
    let ines = world.with_token(pair["access_token"].as_str().unwrap());
    ines.get("/products").await.expect(200);
    owner.patch(&path(&user), &json!({"disabled": true})).await.expect(200);
    owner.patch(&path(&user), &json!({"disabled": false})).await.expect(200);
    ines.get("/products").await.problem(401, "session_ended");
    let refresh = json!({"refresh_token": pair["refresh_token"]});
    world.nobody().post("/auth/refresh", &refresh).await.problem(401, "invalid_refresh_token");
    world.nobody().post("/auth/login", &login).await.expect(200);
}

#[tokio::test]
async fn a_deleted_user_is_gone_and_what_they_made_still_names_them() {
    let world = World::start().await;
    let owner = world.owner();
    let user = make(&owner, "ines", "sales").await;
    let ines = world.log_in(&world.north, "ines").await;
    let product = owner.product("A", "1.00", 5).await;
    let order = ines.order(&product, 1).await.expect(201);
    owner.delete(&path(&user)).await.expect(204);
    ines.get("/orders").await.problem(401, "session_ended");
    owner.get(&path(&user)).await.problem(404, "not_found");
    owner.delete(&path(&user)).await.problem(404, "not_found");
    let read = owner.get(&format!("/orders/{}", order["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(read["created_by"], user["id"]);
    let again = make(&owner, "ines", "viewer").await;
    assert_ne!(again["id"], user["id"]);
    world.log_in(&world.north, "ines").await;
}

#[tokio::test]
async fn nobody_grants_what_they_do_not_hold() {
    let world = World::start().await;
    let owner = world.owner();
    let viewers = ["client:read", "products:read", "inventory:read", "orders:read", "returns:read"];
    let clerk = [["users:read", "users:write", "roles:write"].as_slice(), &viewers].concat();
    owner.post("/roles", &json!({"name": "clerk", "permissions": clerk})).await.expect(201);
    make(&owner, "carl", "clerk").await;
    let carl = world.log_in(&world.north, "carl").await;
    let viewer = make(&carl, "vera", "viewer").await;
    for role in ["owner", "manager", "sales", "warehouse"] {
        let body = json!({"username": "x", "password": PASSWORD, "role": role});
        carl.post("/users", &body).await.problem(403, "cannot_grant");
        carl.patch(&path(&viewer), &json!({"role": role})).await.problem(403, "cannot_grant");
    }
    // Not oneself either, and nobody who can do more.
    let own = json!({"id": carl.get("/auth/me").await.expect(200)["user"]["id"]});
    carl.patch(&path(&own), &json!({"role": "owner"})).await.problem(403, "cannot_grant");
    let boss = json!({"id": world.north.user("owner")});
    carl.patch(&path(&boss), &json!({"disabled": true})).await.problem(403, "cannot_grant");
    carl.patch(&path(&boss), &json!({"role": "viewer"})).await.problem(403, "cannot_grant");
    carl.delete(&path(&boss)).await.problem(403, "cannot_grant");
    carl.post(&format!("{}/reset-password", path(&boss)), &json!({})).await.problem(403, "cannot_grant");
    // Nor by way of a role.
    let more = json!({"name": "more", "permissions": ["costs:read"]});
    carl.post("/roles", &more).await.problem(403, "cannot_grant");
    let put = |permissions: Value| json!({"permissions": permissions});
    let more = put(json!(["users:write", "costs:read"]));
    carl.request(reqwest::Method::PUT, "/roles/clerk").json(&more).send().await.unwrap();
    assert!(!carl.get("/auth/me").await.expect(200)["permissions"].to_string().contains("costs"));
    owner.post("/roles", &json!({"name": "dear", "permissions": ["costs:read"]})).await.expect(201);
    carl.delete("/roles/dear").await.problem(403, "cannot_grant");
    carl.patch(&path(&viewer), &json!({"role": "dear"})).await.problem(403, "cannot_grant");
}

#[tokio::test]
async fn the_last_owner_stays_whoever_asks_and_however_many_at_once() {
    let world = World::builder().workers(2).start().await;
    let owner = world.owner();
    let first = json!({"id": world.north.user("owner")});
    for change in [json!({"role": "viewer"}), json!({"disabled": true})] {
        owner.patch(&path(&first), &change).await.problem(409, "last_owner");
    }
    owner.delete(&path(&first)).await.problem(409, "last_owner");
    let second = make(&owner, "second", "owner").await;
    let both = [path(&first), path(&second)];
    for _ in 0..3 {
        let demoted = json!({"role": "viewer"});
        let answers = join_all(both.iter().map(|user| owner.patch(user, &demoted))).await;
        let done = answers.iter().filter(|answer| answer.status == 200).count();
        assert!(done <= 1, "{answers:?}");
        let undo = "UPDATE users SET role = 'owner', version = 1 WHERE username IN ('owner', 'second')";
        world.database(Login::Owner).batch_execute(undo).unwrap();
    }
    owner.patch(&both[1], &json!({"disabled": true})).await.expect(200);
    owner.patch(&both[0], &json!({"disabled": true})).await.problem(409, "last_owner");
}

#[tokio::test]
async fn a_role_of_ones_own_acts_on_the_next_request_and_stays_while_it_is_used() {
    let world = World::start().await;
    let owner = world.owner();
    let role = owner.post("/roles", &json!({"name": "packer", "permissions": ["orders:read", "products:read"]})).await;
    assert_eq!(
        role.expect(201),
        json!({"name": "packer", "permissions": ["products:read", "orders:read"], "built_in": false})
    );
    let user = make(&owner, "paul", "packer").await;
    let paul = world.log_in(&world.north, "paul").await;
    paul.get("/orders").await.expect(200);
    paul.get("/users").await.problem(403, "permission_denied");
    let put = async |name: &str, body: Value| {
        let request = owner.request(reqwest::Method::PUT, &format!("/roles/{name}")).json(&body);
        countinghouse_tests::Answer::of(request).await
    };
    put("packer", json!({"permissions": ["users:read"]})).await.expect(200);
    paul.get("/orders").await.problem(403, "permission_denied");
    paul.get("/users").await.expect(200);
    owner.delete("/roles/packer").await.problem(409, "role_in_use");
    owner.patch(&path(&user), &json!({"role": "viewer"})).await.expect(200);
    owner.delete("/roles/packer").await.expect(204);
    owner.delete("/roles/packer").await.problem(404, "not_found");
    let listed = owner.get("/roles").await.expect(200);
    let names: Vec<&str> =
        listed["data"].as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["accountant", "manager", "owner", "sales", "technician", "viewer", "warehouse"]);
    for name in ["owner", "viewer"] {
        put(name, json!({"permissions": []})).await.problem(409, "role_built_in");
        owner.delete(&format!("/roles/{name}")).await.problem(409, "role_built_in");
        owner.post("/roles", &json!({"name": name, "permissions": []})).await.problem(409, "role_taken");
    }
    owner
        .post("/roles", &json!({"name": "Bad Name", "permissions": ["fly"]}))
        .await
        .invalid(&[("/name", "invalid_name"), ("/permissions/0", "unknown_permission")]);
    put("nobody", json!({"permissions": []})).await.problem(404, "not_found");
    put("%00", json!({"permissions": []})).await.problem(404, "not_found");
    // Roles are the client's own.
    owner.post("/roles", &json!({"name": "ours", "permissions": []})).await.expect(201);
    let south = world.caller(&world.south, "owner");
    south.delete("/roles/ours").await.problem(404, "not_found");
    let theirs = json!({"username": "x", "password": PASSWORD, "role": "ours"});
    south.post("/users", &theirs).await.invalid(&[("/role", "unknown_role")]);
}

#[tokio::test]
async fn a_one_time_password_is_good_for_changing_it_only() {
    let world = World::start().await;
    let owner = world.owner();
    let user = make(&owner, "ines", "manager").await;
    let before = world.log_in(&world.north, "ines").await;
    let reset = owner.post(&format!("{}/reset-password", path(&user)), &json!({})).await.expect(200);
    before.get("/products").await.problem(401, "session_ended");
    let login = |password: &Value| json!({"client_id": "north", "username": "ines", "password": password});
    world.nobody().post("/auth/login", &login(&json!(PASSWORD))).await.problem(401, "invalid_credentials");
    let pair = world.nobody().post("/auth/login", &login(&reset["password"])).await.expect(200);
    let ines = world.with_token(pair["access_token"].as_str().unwrap());
    ines.get("/products").await.problem(403, "password_change_required");
    assert_eq!(ines.get("/auth/me").await.expect(200)["permissions"], json!([]));
    assert_eq!(owner.get(&path(&user)).await.expect(200)["must_change_password"], true);
    // Nor where a permission is asked for inside: others' sessions are neither shown nor ended.
    let sessions = ines.get("/sessions?limit=200").await.expect(200)["data"].as_array().unwrap().clone();
    assert!(sessions.iter().all(|session| session["username"] == "ines"), "{sessions:?}");
    ines.delete(&format!("/sessions/{}", world.north.session("sales"))).await.problem(404, "not_found");
    // Whoever set it knows it: it cannot stay.
    let kept = json!({"current_password": reset["password"], "new_password": reset["password"]});
    ines.post("/auth/password", &kept).await.invalid(&[("/new_password", "password_unchanged")]);
    ines.get("/products").await.problem(403, "password_change_required");
    let change = json!({"current_password": reset["password"], "new_password": "something entirely new"});
    ines.post("/auth/password", &change).await.expect(204);
    ines.get("/products").await.expect(200);
    world.clock.advance(Duration::minutes(1));
    assert_eq!(owner.get(&path(&user)).await.expect(200)["must_change_password"], false);
}
