//! Where a client's ERP is: what can be set, and that secrets are written and never shown.

use super::*;
use countinghouse_tests::{Login, World};
use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use futures_util::future::join_all;
use serde_json::json;

fn whole() -> Value {
    json!({
        "enabled": true, "immediate_sync": false, "debug": true, "cron_enabled": false, "cron_schedule": "30 6 * * 1-5",
        "base_url": "https://erp.example.com/canary/api", "api_key": "canary-key", "hmac_secret": SECRET,
        "timeout_seconds": 120, "max_attempts": 20, "base_delay_seconds": 1,
    })
}

#[derive(QueryableByName, PartialEq, Debug)]
struct Kept {
    #[diesel(sql_type = sql_types::Binary)]
    secret: Vec<u8>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Integer>)]
    minutes_left: Option<i32>,
}

/// The secrets of signatures, the one of now first.
fn secrets(world: &World) -> Vec<Kept> {
    let query = format!(
        "SELECT secret, (extract(epoch FROM expires_at - '{}') / 60)::int AS minutes_left FROM erp_secrets
         WHERE tenant_id = '{}' ORDER BY expires_at NULLS FIRST",
        world.state.ids.now(),
        world.north.id
    );
    sql_query(query).load(&mut world.database(Login::Owner)).unwrap()
}

#[tokio::test]
async fn it_is_as_by_default_until_it_is_set() {
    let world = World::start().await;
    let owner = world.owner();
    let before = owner.get("/erp/config").await;
    assert_eq!(before.header("etag"), "\"0\"");
    let defaults = json!({
        "enabled": false, "immediate_sync": true, "debug": false, "cron_enabled": true, "cron_schedule": "0 * * * *",
        "base_url": null, "api_key": null, "hmac_secret": null, "timeout_seconds": 30, "max_attempts": 5,
        "base_delay_seconds": 60, "version": 0,
    });
    assert_eq!(before.expect(200), defaults);
    let mut shown = whole();
    for (name, value) in [("api_key", json!("***")), ("hmac_secret", json!("***")), ("version", json!(1))] {
        shown[name] = value;
    }
    let answer = set(&owner, &whole()).await;
    assert_eq!(answer.header("etag"), "\"1\"");
    assert_eq!(answer.expect(200), shown);
    assert_eq!(owner.get("/erp/config").await.expect(200), shown);
    // What is left out is as by default again; the secret stays, and the key of no address is forgotten.
    let after = set(&owner, &json!({"enabled": false})).await.expect(200);
    let mut expected = defaults.clone();
    for (name, value) in [("hmac_secret", json!("***")), ("version", json!(2))] {
        expected[name] = value;
    }
    assert_eq!(after, expected);
    assert_eq!(world.caller(&world.south, "owner").get("/erp/config").await.expect(200), defaults);
}

#[tokio::test]
async fn a_secret_is_sealed_and_stays_until_another_is_given() {
    let world = World::start().await;
    let owner = world.owner();
    set(&owner, &whole()).await.expect(200);
    let first = secrets(&world);
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].minutes_left, None);
    // As it reads back, left out, or the same: nothing has changed.
    let mut same = whole();
    for (key, secret) in [("***", "***"), ("canary-key", SECRET)] {
        (same["api_key"], same["hmac_secret"]) = (json!(key), json!(secret));
        assert_eq!(set(&owner, &same).await.expect(200)["version"], 1);
    }
    same.as_object_mut().unwrap().retain(|name, _| name != "api_key" && name != "hmac_secret");
    assert_eq!(set(&owner, &same).await.expect(200)["version"], 1);
    assert_eq!(secrets(&world), first);
    // Another: the one before is good for callbacks for an hour. A third: the first is gone.
    same["hmac_secret"] = json!("another secret");
    assert_eq!(set(&owner, &same).await.expect(200)["version"], 2);
    let both = secrets(&world);
    assert_eq!((both.len(), both[0].minutes_left), (2, None));
    assert_eq!(both[1], Kept { secret: first[0].secret.clone(), minutes_left: Some(60) });
    same["hmac_secret"] = json!("a third secret");
    assert_eq!(set(&owner, &same).await.expect(200)["version"], 3);
    let last = secrets(&world);
    assert_eq!((last.len(), &last[1].secret), (2, &both[0].secret));
    same["api_key"] = json!("another-key");
    assert_eq!(set(&owner, &same).await.expect(200)["version"], 4);
    assert_eq!(secrets(&world), last);
    let log = owner.get("/audit?resource=erp_config").await.expect(200);
    assert_eq!(log["data"].as_array().unwrap().len(), 4);
    assert_eq!(log["data"][0]["after"], json!({"api_key": "***"}));
    assert_eq!(log["data"][1]["after"], json!({"hmac_secret": "***"}));
    assert_eq!(log["data"][3]["after"]["origin"], "https://erp.example.com");
    let log = log.to_string();
    assert!(!log.contains("canary") && !log.contains("secret\":\"a") && !log.contains(SECRET), "{log}");
}

#[tokio::test]
async fn every_fault_is_named() {
    let world = World::start().await;
    let owner = world.owner();
    let body = json!({
        "enabled": true, "cron_schedule": "every hour", "base_url": "https://erp.example.com/api?token=1",
        "api_key": "a key", "timeout_seconds": 0, "max_attempts": 21, "base_delay_seconds": 3601,
    });
    set(&owner, &body).await.invalid(&[
        ("/api_key", "invalid_characters"),
        ("/timeout_seconds", "out_of_range"),
        ("/max_attempts", "out_of_range"),
        ("/base_delay_seconds", "out_of_range"),
        ("/cron_schedule", "invalid_schedule"),
        ("/base_url", "invalid_url"),
        ("/hmac_secret", "required"),
    ]);
    set(&owner, &json!({"enabled": true})).await.invalid(&[
        ("/base_url", "required"),
        ("/api_key", "required"),
        ("/hmac_secret", "required"),
    ]);
    for (name, value, code) in [
        ("base_url", json!("http://1.1.1.1/"), "address_not_allowed"),
        ("base_url", json!("https://10.0.0.1/api"), "address_not_allowed"),
        ("base_url", json!("https://u:p@erp.example.com"), "invalid_url"),
        ("base_url", json!("https://erp.example.com/#x"), "invalid_url"),
        ("base_url", json!("erp.example.com"), "invalid_url"),
        ("cron_schedule", json!("0 0 31 2 *"), "invalid_schedule"),
        ("cron_schedule", json!("* * * * * *"), "invalid_schedule"),
        ("api_key", json!("ключ"), "invalid_characters"),
        ("hmac_secret", json!("a\nb"), "invalid_characters"),
        ("hmac_secret", json!(""), "too_short"),
        ("timeout_seconds", json!(i64::MAX), "out_of_range"),
        ("timeout_seconds", json!(1.5), "invalid_type"),
        ("version", json!(1), "unknown_field"),
    ] {
        let body = json!({"enabled": false, name: value});
        set(&owner, &body).await.invalid(&[(&format!("/{name}"), code)]);
    }
    assert_eq!(owner.get("/erp/config").await.expect(200)["version"], 0);
}

#[tokio::test]
async fn only_the_version_that_was_seen_is_changed_also_the_first_time_and_at_once() {
    let world = World::start().await;
    let owner = world.owner();
    let seen = |version: i64, tries: i64| {
        let body = json!({"enabled": false, "max_attempts": tries});
        let request = owner.request(Method::PUT, "/erp/config").header("if-match", format!("\"{version}\""));
        Answer::of(request.json(&body))
    };
    seen(1, 1).await.problem(412, "version_mismatch");
    for version in 0..2 {
        // Others than those of before: who asks for what stands there is told that it stands there.
        let answers = join_all((1..=8).map(|tries| seen(version, 8 * version + tries))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
        answers
            .into_iter()
            .filter(|answer| answer.status != 200)
            .for_each(|answer| drop(answer.problem(412, "version_mismatch")));
    }
    assert_eq!(owner.get("/erp/config").await.expect(200)["version"], 2);
}

#[tokio::test]
async fn what_the_breaker_counted_was_of_the_settings_before() {
    let world = World::start().await;
    let owner = world.owner();
    set(&owner, &whole()).await.expect(200);
    let open = "UPDATE erp_configs SET failures = 9, failing_since = now(), open_until = now() + interval '1 hour'";
    world.database(Login::Owner).batch_execute(open).unwrap();
    let mut moved = whole();
    moved["base_url"] = json!("https://other.example.com/api");
    set(&owner, &moved).await.expect(200);
    let closed = "erp_configs WHERE failures = 0 AND failing_since IS NULL AND open_until IS NULL";
    assert_eq!(crate::jobs::count(&world, closed), 1);
}

/// Whoever may set the address does not learn the key by it.
#[tokio::test]
async fn the_key_goes_to_no_other_server_unless_it_is_given_again() {
    let world = World::start().await;
    let owner = world.owner();
    set(&owner, &whole()).await.expect(200);
    let mut moved = whole();
    moved.as_object_mut().unwrap().retain(|name, _| name != "hmac_secret");
    // Another path of the same server is no other server.
    (moved["base_url"], moved["api_key"]) = (json!("https://ERP.example.com:443/v2"), json!("***"));
    assert_eq!(set(&owner, &moved).await.expect(200)["api_key"], "***");
    for elsewhere in ["https://other.example.com/api", "https://erp.example.com:8443/api"] {
        for key in [json!("***"), Value::Null] {
            (moved["base_url"], moved["api_key"]) = (json!(elsewhere), key);
            set(&owner, &moved).await.invalid(&[("/api_key", "required")]);
        }
        let tried = json!({"base_url": elsewhere, "api_key": "***", "hmac_secret": "***"});
        owner.post("/erp/config/test", &tried).await.invalid(&[("/api_key", "required")]);
    }
    assert_eq!(owner.get("/erp/config").await.expect(200)["version"], 2);
    moved["api_key"] = json!("canary-key");
    assert_eq!(set(&owner, &moved).await.expect(200)["version"], 3);
    // By way of no address at all it gets nowhere either.
    let forgotten = set(&owner, &json!({"enabled": false})).await.expect(200);
    assert_eq!((&forgotten["base_url"], &forgotten["api_key"]), (&Value::Null, &Value::Null));
    let log = owner.get("/audit?resource=erp_config").await.expect(200);
    assert_eq!(log["data"][0]["after"]["api_key"], Value::Null);
    (moved["base_url"], moved["api_key"]) = (json!("https://other.example.com/api"), json!("***"));
    set(&owner, &moved).await.invalid(&[("/api_key", "required")]);
}
