//! How the whole service is doing, and how much one client makes of it.

use super::*;
use crate::jobs::{start_with, stop};
use countinghouse_api::jobs::handlers;
use countinghouse_tests::{patience::Patience, pictures::new_picture};

/// What is read is given again for two seconds: until it says this.
async fn until(root: &Caller, what: &str, says: impl Fn(&Value) -> bool) -> Value {
    let patience = Patience::until(what);
    loop {
        let overview = root.get("/admin/overview").await.expect(200);
        if says(&overview) {
            return overview;
        }
        patience.wait().await;
    }
}

#[tokio::test]
async fn it_counts_what_waits_and_what_went_wrong_and_names_who_is_in_trouble() {
    let world = World::start().await;
    let root = world.superadmin();
    let quiet = root.get("/admin/overview").await.expect(200);
    assert_eq!(quiet["parts"], json!({"database": "ok", "redis": "ok", "workers": "ok"}));
    assert_eq!((&quiet["active_tenants"], &quiet["failed_syncs"]), (&json!(2), &json!(0)));
    assert_eq!(quiet["trouble"], json!([]));
    link(&world.owner()).await;
    for _ in 0..2 {
        failed(&world, &world.north, "Answered 503").await;
    }
    dead(&world, &world.south, "one_kind", None);
    world.owner().post("/webhooks/endpoints", &json!({"url": "https://hooks.example.com/in"})).await.expect(201);
    run(
        &world,
        "UPDATE webhook_endpoints SET failing_since = now(); \
         UPDATE erp_configs SET failing_since = now(), failures = 5, open_until = now() + interval '1 hour'; \
         UPDATE jobs SET state = 'dead', finished_at = now(), last_error = 'x' WHERE state = 'waiting'",
    );
    root.post("/admin/tenants/south/suspend", &json!({"reason": "unpaid"})).await.expect(200);
    let wrong = json!({"client_id": "north", "username": "owner", "password": "not the one at all"});
    world.nobody().post("/auth/login", &wrong).await.problem(401, "invalid_credentials");
    // What nobody has come to see yet has no number: the stream gives it one, and the purge.
    run(&world, "SELECT number_operator_news()");
    let full = until(&root, "it is read anew", |overview| overview["failed_syncs"] == 2).await;
    assert_eq!((&full["active_tenants"], &full["suspended_tenants"]), (&json!(1), &json!(1)));
    assert_eq!((&full["open_breakers"], &full["failing_endpoints"]), (&json!(1), &json!(1)));
    assert!(full["dead_jobs"].as_i64().unwrap() >= 1, "{full}");
    let trouble = full["trouble"].as_array().unwrap();
    let north = trouble.iter().find(|one| one["tenant"] == "north").unwrap();
    assert_eq!((&north["failed_syncs"], &north["failing_endpoints"]), (&json!(2), &json!(1)));
    assert!(north["breaker_open_until"].is_string() && north["suspended"] == false, "{north}");
    let south = trouble.iter().find(|one| one["tenant"] == "south").unwrap();
    assert_eq!((&south["suspended"], &south["failed_syncs"]), (&json!(true), &json!(0)));
    let rates = &full["rates"];
    for name in ["orders", "log_ins", "failed_log_ins", "syncs_arrived", "syncs_failed", "jobs_died"] {
        assert_eq!(rates[name].as_array().unwrap().len(), 60, "{name}");
    }
    let sum = |name: &str| rates[name].as_array().unwrap().iter().filter_map(Value::as_i64).sum::<i64>();
    assert_eq!((sum("failed_log_ins"), sum("orders")), (1, 2));
}

/// What nobody does waits, until somebody comes who does it.
#[tokio::test]
async fn workers_are_missed_when_what_is_due_waits() {
    let world = World::start().await;
    let root = world.superadmin();
    run(
        &world,
        &format!(
            "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, run_at, max_attempts, created_at) \
             SELECT '{}', gen_random_uuid(), 'seal_audit', 1, '{{}}', at, 5, at \
             FROM (SELECT '{}'::timestamptz - interval '5 minutes' AS at) a",
            world.north.id,
            world.state.ids.now()
        ),
    );
    let missed = until(&root, "workers are missed", |overview| overview["parts"]["workers"] == "away").await;
    assert_eq!(missed["waiting_jobs"], 1);
    let worker = start_with(&world, handlers().unwrap());
    until(&root, "it is done", |overview| overview["parts"]["workers"] == "ok").await;
    stop(worker).await;
}

#[tokio::test]
async fn one_clients_usage_and_policies_are_shown() {
    let world = World::start().await;
    let (root, owner) = (world.superadmin(), world.owner());
    owner.patch("/client", &json!({"max_discount_pct": "25.00", "payment_terms_days": 14})).await.expect(200);
    let product = owner.product("A", "1.00", 5).await;
    owner.order(&product, 1).await.expect(201);
    let usage = root.get("/admin/tenants/north/usage").await.expect(200);
    assert_eq!((&usage["products"], &usage["orders_of_30_days"]), (&json!(1), &json!(1)));
    assert_eq!((&usage["max_discount_pct"], &usage["payment_terms_days"]), (&json!("25.00"), &json!(14)));
    assert!(usage["users"].as_i64().unwrap() > 3, "{usage}");
    let south = root.get("/admin/tenants/south/usage").await.expect(200);
    assert_eq!((&south["products"], &south["orders_of_30_days"]), (&json!(0), &json!(0)));
    root.get("/admin/tenants/nobody/usage").await.problem(404, "not_found");
    root.get("/admin/tenants/a%00/usage").await.problem(404, "not_found");
}

#[tokio::test]
async fn one_clients_pictures_are_counted_and_each_of_their_files_once() {
    let world = World::start().await;
    let (root, owner) = (world.superadmin(), world.owner());
    let usage = async |slug: &str| {
        let usage = root.get(&format!("/admin/tenants/{slug}/usage")).await.expect(200);
        (usage["images"].clone(), usage["image_bytes"].clone())
    };
    assert_eq!(usage("north").await, (json!(0), json!(0)));
    let picture = new_picture();
    for sku in ["A", "B"] {
        let product = owner.product(sku, "1.00", 5).await;
        owner.upload(&product, &picture).await.expect(201);
    }
    let files = rows(&world, "SELECT count(*) AS files, sum(bytes)::bigint AS bytes FROM image_files");
    assert_eq!(files[0]["files"], 2, "the picture without metadata, and as a page shows it");
    assert_eq!(usage("north").await, (json!(2), files[0]["bytes"].clone()));
    assert_eq!(usage("south").await, (json!(0), json!(0)));
}

#[tokio::test]
async fn clients_are_found_by_parts_of_their_names_and_by_their_state() {
    let world = World::start().await;
    let root = world.superadmin();
    root.patch("/admin/tenants/south", &json!({"name": "Lampen & 100%_Licht"})).await.expect(200);
    root.post("/admin/tenants/south/suspend", &json!({"reason": "unpaid"})).await.expect(200);
    let found = async |query: &str| each(&root.get(&format!("/admin/tenants?{query}")).await.expect(200), "slug");
    assert_eq!(found("q=NORT").await, ["north"]);
    assert_eq!(found("q=100%25_").await, ["south"]);
    assert_eq!(found("q=lampen&status=active").await, [""; 0]);
    assert_eq!(found("status=suspended").await, ["south"]);
    assert_eq!(found("status=active").await, ["north"]);
    root.get("/admin/tenants?status=gone").await.invalid(&[("/status", "invalid_value")]);
    root.get("/admin/tenants?q=%07").await.invalid(&[("/q", "invalid_characters")]);
}
