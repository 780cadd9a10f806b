//! Redis is emptied, goes away, falls silent and comes back: whoever was shut out stays out, and
//! whoever may come in does.

use countinghouse_api::platform::crypto::Secret;
use countinghouse_tests::{Caller, PASSWORD, ValkeyWay, World};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Somebody who may not come in, and the answer that they get.
struct Out {
    who: &'static str,
    caller: Caller,
    path: &'static str,
    answer: (u16, &'static str),
}

fn log_in(username: &str, password: &str) -> Value {
    json!({"client_id": "north", "username": username, "password": password})
}

/// Those who were in once, which is checked, and then were not; and those who never were.
async fn shut_out(world: &World) -> Vec<Out> {
    let owner = world.owner();
    let mut out = Vec::new();
    let mut add = |who, caller: &Caller, path, answer| out.push(Out { who, caller: caller.clone(), path, answer });
    let left = world.log_in(&world.north, "manager").await;
    left.get("/products").await.expect(200);
    left.post("/auth/logout", &json!({})).await.expect(204);
    add("logged out", &left, "/products", (401, "session_ended"));
    let (changed, elsewhere) =
        (world.log_in(&world.north, "manager").await, world.log_in(&world.north, "manager").await);
    elsewhere.get("/products").await.expect(200);
    let change = json!({"current_password": PASSWORD, "new_password": "quite another secret"});
    changed.post("/auth/password", &change).await.expect(204);
    add("logged in before the password was changed", &elsewhere, "/products", (401, "session_ended"));
    let disabled = world.caller(&world.north, "sales");
    disabled.get("/products").await.expect(200);
    let user = format!("/users/{}", world.north.user("sales"));
    owner.patch(&user, &json!({"disabled": true})).await.expect(200);
    add("disabled", &disabled, "/products", (401, "session_ended"));
    let key = owner.api_key(&["products:read"]).await;
    let software = world.software(&key);
    software.get("/products").await.expect(200);
    owner.delete(&format!("/api-keys/{}", key["id"].as_str().unwrap())).await.expect(204);
    add("revoked key", &software, "/products", (401, "api_key_ended"));
    let south = world.caller(&world.south, "owner");
    south.get("/products").await.expect(200);
    world.superadmin().post("/admin/tenants/south/suspend", &json!({"reason": "unpaid"})).await.expect(200);
    add("suspended", &south, "/products", (403, "client_suspended"));
    let root = world.nobody().post("/admin/auth/login", &world.superadmin_login()).await.expect(200);
    let root = world.with_token(root["access_token"].as_str().unwrap());
    root.get("/admin/tenants").await.expect(200);
    root.post("/admin/auth/logout", &json!({})).await.expect(204);
    add("superadmin who logged out", &root, "/admin/tenants", (401, "session_ended"));
    add("nobody", &world.nobody(), "/products", (401, "unauthenticated"));
    add("made-up token", &world.with_token("x.y.z"), "/products", (401, "unauthenticated"));
    add("made-up key", &world.nobody().with_key("ch_x"), "/products", (401, "unauthenticated"));
    out
}

/// With the patience that the service has.
async fn behind(way: &ValkeyWay) -> World {
    let url = Secret::new(way.url());
    let builder = World::builder().config(move |config| {
        (config.redis.url, config.redis.patience) = (url, Duration::from_millis(100));
    });
    builder.start().await
}

/// Who is out stays out, who is in goes on, and leaving still works.
async fn check(world: &World, out: &[Out], when: &str) {
    for Out { who, caller, path, answer } in out {
        let got = caller.get(path).await;
        assert_eq!((got.status, got.body["code"].as_str().unwrap_or_default()), *answer, "{who}, Redis {when}");
    }
    let nobody = world.nobody();
    for (username, password) in [("owner", "not the password"), ("manager", PASSWORD), ("sales", PASSWORD)] {
        nobody.post("/auth/login", &log_in(username, password)).await.problem(401, "invalid_credentials");
    }
    world.owner().get("/products").await.expect(200);
    world.caller(&world.north, "viewer").post("/products", &json!({})).await.problem(403, "permission_denied");
    let guest = world.log_in(&world.north, "accountant").await;
    guest.get("/products").await.expect(200);
    guest.post("/auth/logout", &json!({})).await.expect(204);
    guest.get("/products").await.problem(401, "session_ended");
}

async fn redis_is(world: &World, state: &str) -> bool {
    let ready = world.nobody().get("//ready").await.expect(200);
    assert_eq!(ready["status"] == "ok", ready["parts"]["redis"] == "ok");
    ready["parts"] == json!({"database": "ok", "redis": state, "image_model": "none"})
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_let_in_by_what_redis_forgets() {
    let mut way = ValkeyWay::default();
    way.open();
    let world = behind(&way).await;
    let out = shut_out(&world).await;
    check(&world, &out, "is there").await;
    assert!(redis_is(&world, "ok").await && !world.keys_in_valkey().await.is_empty());
    world.flush_valkey().await;
    check(&world, &out, "was emptied").await;
    way.close().await;
    check(&world, &out, "is away").await;
    assert!(redis_is(&world, "away").await);
    way.open_in_silence();
    check(&world, &out, "is silent").await;
    assert!(redis_is(&world, "away").await);
    way.close().await;
    way.open();
    let back = Instant::now();
    while world.state.limits.alone() || !redis_is(&world, "ok").await {
        assert!(back.elapsed() < Duration::from_secs(5), "Redis is not found again");
    }
    assert!(back.elapsed() < Duration::from_secs(5), "it took {:?}", back.elapsed());
    check(&world, &out, "is back").await;
}

/// The first request finds out; the others do not wait for what does not answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_redis_costs_one_short_wait() {
    let mut way = ValkeyWay::default();
    way.open_in_silence();
    let world = behind(&way).await;
    let owner = world.owner();
    let begun = Instant::now();
    for _ in 0..50 {
        owner.get("/products").await.expect(200);
    }
    assert!(world.state.limits.alone());
    assert!(begun.elapsed() < Duration::from_secs(4), "50 requests took {:?}", begun.elapsed());
}
