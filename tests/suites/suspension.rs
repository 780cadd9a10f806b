//! Superadmins change, suspend and resume a client.

use countinghouse_tests::{Answer, PASSWORD, World};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_suspended_client_stops_on_the_next_request_and_goes_on_when_resumed() {
    let world = World::start().await;
    let (admin, owner) = (world.superadmin(), world.owner());
    let pair = json!({"client_id": "north", "username": "owner", "password": PASSWORD});
    let pair = world.nobody().post("/auth/login", &pair).await.expect(200);
    owner.get("/products").await.expect(200);
    let suspended = admin.post("/admin/tenants/north/suspend", &json!({"reason": "unpaid"})).await.expect(200);
    assert_eq!([&suspended["status"], &suspended["suspended_reason"]], ["suspended", "unpaid"]);
    owner.get("/products").await.problem(403, "client_suspended");
    owner.post("/auth/logout", &json!({})).await.problem(403, "client_suspended");
    let refresh = json!({"refresh_token": pair["refresh_token"]});
    world.nobody().post("/auth/refresh", &refresh).await.problem(403, "client_suspended");
    // Who does not know the password learns nothing of it.
    let login = |password: &str| json!({"client_id": "north", "username": "owner", "password": password});
    world.nobody().post("/auth/login", &login("not the one")).await.problem(401, "invalid_credentials");
    world.nobody().post("/auth/login", &login(PASSWORD)).await.problem(403, "client_suspended");
    world.caller(&world.south, "owner").get("/products").await.expect(200);
    let resumed = admin.post("/admin/tenants/north/resume", &json!({})).await.expect(200);
    assert_eq!([&resumed["status"], &resumed["suspended_reason"]], [&json!("active"), &Value::Null]);
    owner.get("/products").await.expect(200);
    world.nobody().post("/auth/refresh", &refresh).await.expect(200);
    // Doing it again changes nothing.
    let again = admin.post("/admin/tenants/north/resume", &json!({})).await.expect(200);
    assert_eq!(again, resumed);
}

#[tokio::test]
async fn name_and_time_zone_change_and_nothing_is_overwritten_unseen() {
    let world = World::start().await;
    let admin = world.superadmin();
    let seen = admin.get("/admin/tenants/north").await;
    let tag = seen.header("etag").to_owned();
    let before = seen.expect(200);
    let patch = |tag: &str, body: Value| {
        admin.request(Method::PATCH, "/admin/tenants/north").header("If-Match", tag).json(&body)
    };
    let change = json!({"name": "North & Sons", "time_zone": "America/New_York"});
    let after = Answer::of(patch(&tag, change.clone())).await.expect(200);
    assert_eq!([&after["name"], &after["time_zone"]], ["North & Sons", "America/New_York"]);
    assert_eq!(after["version"], json!(before["version"].as_i64().unwrap() + 1));
    Answer::of(patch(&tag, change)).await.problem(412, "version_mismatch");
    let me = world.owner().get("/auth/me").await.expect(200);
    assert_eq!(me["client"]["time_zone"], "America/New_York");
    admin
        .patch("/admin/tenants/north", &json!({"name": null, "time_zone": "Moon/Base"}))
        .await
        .invalid(&[("/name", "required"), ("/time_zone", "unknown_time_zone")]);
    for method in ["", "/suspend", "/resume"] {
        let verb = if method.is_empty() { Method::PATCH } else { Method::POST };
        let body = if method == "/suspend" { json!({"reason": "x"}) } else { json!({}) };
        for slug in ["nowhere", "%00", "NORTH"] {
            let request = admin.request(verb.clone(), &format!("/admin/tenants/{slug}{method}")).json(&body);
            Answer::of(request).await.problem(404, "not_found");
        }
    }
    assert_eq!(admin.get("/admin/tenants/north").await.expect(200), after);
}
