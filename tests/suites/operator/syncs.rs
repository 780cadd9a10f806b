//! Orders that do not reach clients' ERPs: found over all clients, looked at, retried and given up.

use super::*;
use crate::jobs::{start_with, stop};
use countinghouse_api::jobs::handlers;
use countinghouse_tests::{encoded, patience::Patience};
use futures_util::future::join_all;

#[tokio::test]
async fn what_failed_is_listed_over_all_clients_and_of_one() {
    let world = World::start().await;
    let root = world.superadmin();
    let (one, number) = failed(&world, &world.north, "Answered 503: out of order").await;
    let (two, _) = failed(&world, &world.south, "there was no answer in time").await;
    let (three, _) = failed(&world, &world.north, "Answered 422: unknown SKU 100%_off").await;
    let page = root.get("/admin/erp-syncs").await.expect(200);
    assert_eq!(each(&page, "sync_id"), [&*three, &*two, &*one]);
    assert_eq!(each(&page, "tenant"), ["north", "south", "north"]);
    assert_eq!(page["data"][2]["order_number"], json!(number));
    let found = async |query: &str| each(&root.get(&format!("/admin/erp-syncs?{query}")).await.expect(200), "sync_id");
    assert_eq!(found("tenant=south").await, [&*two]);
    assert_eq!(found("error_contains=ANSWERED").await, [&*three, &*one]);
    assert_eq!(found("error_contains=answered&tenant=south").await, [""; 0]);
    // Signs of patterns are signs.
    assert_eq!(found(&format!("error_contains={}", encoded("100%_off"))).await, [&*three]);
    assert_eq!(found(&format!("error_contains={}", encoded("A_swered"))).await, [""; 0]);
    for status in ["queued", "pending", "in_progress", "discarded", "success&tenant=north"] {
        assert_eq!(found(&format!("status={status}")).await, [""; 0], "{status}");
    }
    link(&world.owner()).await;
    let product = world.owner().product("LATER", "1.00", 1).await;
    world.owner().order(&product, 1).await.expect(201);
    assert_eq!(found("status=queued").await.len(), 1);
    assert_eq!(found("status=queued&tenant=north").await, found("status=queued").await);
    let first = root.get("/admin/erp-syncs?limit=2").await.expect(200);
    let next = format!("/admin/erp-syncs?limit=2&cursor={}", text(&first, "next_cursor"));
    assert_eq!(each(&root.get(&next).await.expect(200), "sync_id"), [&*one]);
    let other = format!("{next}&tenant=north");
    root.get(&other).await.invalid(&[("/cursor", "invalid_cursor")]);
}

#[tokio::test]
async fn what_is_asked_for_wrongly_is_refused() {
    let world = World::start().await;
    let root = world.superadmin();
    for (query, pointer, code) in [
        ("status=success", "/tenant", "required"),
        ("status=lost", "/status", "invalid_value"),
        ("error_contains=50", "/error_contains", "too_short"),
        ("error_contains=%00%1b[2J", "/error_contains", "invalid_characters"),
        ("tenant=%07", "/tenant", "invalid_characters"),
        ("limit=0", "/limit", "out_of_range"),
        ("order=1", "/order", "unknown_field"),
    ] {
        root.get(&format!("/admin/erp-syncs?{query}")).await.invalid(&[(pointer, code)]);
    }
    root.get("/admin/erp-syncs?tenant=nobody").await.problem(404, "not_found");
    let never = Uuid::now_v7();
    root.get(&format!("/admin/erp-syncs/{never}")).await.problem(404, "not_found");
    root.get("/admin/erp-syncs/x").await.problem(404, "not_found");
    root.post(&format!("/admin/erp-syncs/{never}/retry"), &json!({})).await.problem(404, "not_found");
    root.post(&format!("/admin/erp-syncs/{never}/discard"), &json!({"reason": "x"})).await.problem(404, "not_found");
    let refused = root.post("/admin/erp-syncs/retry", &json!({"status": "pending"})).await;
    refused.invalid(&[("/status", "invalid_value")]);
    let nobody = json!({"status": "failed", "tenant": "nobody"});
    root.post("/admin/erp-syncs/retry", &nobody).await.problem(404, "not_found");
}

/// A list over all clients is in the operator's log once a session; a look inside one client in that client's, each
/// time.
#[tokio::test]
async fn looks_are_written_down_where_they_belong() {
    let world = World::start().await;
    let (root, owner) = (world.superadmin(), world.owner());
    let (sync, _) = failed(&world, &world.north, "Answered 503").await;
    for _ in 0..3 {
        root.get("/admin/erp-syncs").await.expect(200);
    }
    assert_eq!(actions(&root, "/admin/audit?resource=list").await, ["list.shown"]);
    assert_eq!(actions(&owner, "/audit?resource=client").await, [""; 0]);
    for _ in 0..2 {
        root.get("/admin/erp-syncs?tenant=north").await.expect(200);
    }
    let shown = owner.get("/audit?action=client.shown").await.expect(200);
    assert_eq!(shown["data"].as_array().unwrap().len(), 2);
    assert_eq!(shown["data"][0]["after"], json!({"list": "erp_syncs"}));
    assert_eq!(shown["data"][0]["actor"]["kind"], "superadmin");
    let log = root.get(&format!("/admin/erp-syncs/{sync}")).await.expect(200);
    assert_eq!((&log["tenant"], &log["log"][0]["body"]), (&json!("north"), &json!("out of order")));
    assert_eq!(log["log"][0]["request_body"], "{\"sent\": true}");
    let entry = owner.get("/audit?action=erp_sync.shown").await.expect(200)["data"][0].clone();
    assert_eq!((&entry["resource"]["id"], &entry["actor"]["kind"]), (&json!(sync), &json!("superadmin")));
    assert_eq!(actions(&root, "/admin/audit?tenant=north&resource=erp_sync").await, ["erp_sync.shown"]);
    let south = world.caller(&world.south, "owner");
    assert_eq!(actions(&south, "/audit?action=client.shown").await, [""; 0]);
    // Another session of theirs looks for the first time.
    let again = world.nobody().post("/admin/auth/login", &world.superadmin_login()).await.expect(200);
    world.with_token(text(&again, "access_token")).get("/admin/erp-syncs").await.expect(200);
    assert_eq!(actions(&root, "/admin/audit?resource=list").await.len(), 2);
}

#[tokio::test]
async fn one_is_retried_and_one_given_up_in_the_superadmins_name() {
    let world = World::start().await;
    let (root, owner) = (world.superadmin(), world.owner());
    link(&owner).await;
    let (one, _) = failed(&world, &world.north, "Answered 503").await;
    let (two, _) = failed(&world, &world.north, "Answered 503").await;
    let again = root.post(&format!("/admin/erp-syncs/{one}/retry"), &json!({})).await.expect(200);
    assert_eq!((&again["status"], &again["tenant"]), (&json!("pending"), &json!("north")));
    assert_eq!((&again["attempts"], &again["max_attempts"]), (&json!(0), &json!(7)));
    root.post(&format!("/admin/erp-syncs/{one}/retry"), &json!({})).await.problem(409, "sync_not_failed");
    let reason = json!({"reason": "Entered there by hand"});
    let gone = root.post(&format!("/admin/erp-syncs/{two}/discard"), &reason).await.expect(200);
    assert_eq!((&gone["status"], &gone["discard_reason"]), (&json!("discarded"), &reason["reason"]));
    root.post(&format!("/admin/erp-syncs/{two}/discard"), &reason).await.problem(409, "sync_not_discardable");
    let told = owner.get("/audit?resource=erp_sync").await.expect(200);
    assert_eq!(each(&told, "action"), ["erp_sync.discarded", "erp_sync.retried"]);
    assert!(told["data"].as_array().unwrap().iter().all(|entry| entry["actor"]["kind"] == "superadmin"), "{told}");
    assert_eq!(told["data"][0]["after"]["reason"], reason["reason"]);
    let operators = actions(&root, "/admin/audit?tenant=north&resource=erp_sync").await;
    assert!(operators.contains(&"erp_sync.retried".to_owned()) && operators.contains(&"erp_sync.discarded".to_owned()));
    let waiting = rows(&world, "SELECT * FROM jobs WHERE kind = 'sync_with_erp' AND state = 'waiting'");
    assert_eq!(waiting.len(), 1);
}

/// Two at once: one does it, the other is told.
#[tokio::test]
async fn many_who_retry_one_retry_it_once() {
    let world = World::builder().pool(8).workers(2).start().await;
    let root = world.superadmin();
    let (sync, _) = failed(&world, &world.north, "Answered 503").await;
    let path = format!("/admin/erp-syncs/{sync}/retry");
    let nothing = json!({});
    let answers = join_all((0..6).map(|_| root.post(&path, &nothing))).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(done.len(), 1);
    for answer in refused {
        answer.problem(409, "sync_not_failed");
    }
    assert_eq!(actions(&world.owner(), "/audit?action=erp_sync.retried").await.len(), 1);
}

#[tokio::test]
async fn a_suspended_client_can_be_looked_at_and_helped() {
    let world = World::start().await;
    let root = world.superadmin();
    let (sync, _) = failed(&world, &world.north, "Answered 503").await;
    root.post("/admin/tenants/north/suspend", &json!({"reason": "unpaid"})).await.expect(200);
    root.get(&format!("/admin/erp-syncs/{sync}")).await.expect(200);
    root.post(&format!("/admin/erp-syncs/{sync}/discard"), &json!({"reason": "x"})).await.expect(200);
}

#[tokio::test]
async fn all_of_a_filter_are_retried_by_jobs_and_counted_before() {
    let world = World::start().await;
    let (root, south) = (world.superadmin(), world.caller(&world.south, "owner"));
    for owner in [&world.owner(), &south] {
        link(owner).await;
    }
    let mut wanted = Vec::new();
    for tenant in [&world.north, &world.north, &world.south] {
        wanted.push(failed(&world, tenant, "Answered 503: out of order").await.0);
    }
    let (other, _) = failed(&world, &world.north, "Answered 422: no such SKU").await;
    let filter = json!({"status": "failed", "error_contains": "answered 503", "dry_run": true});
    let count = root.post("/admin/erp-syncs/retry", &filter).await.expect(200);
    assert_eq!(count, json!({"syncs": 3, "tenants": 2, "dry_run": true}));
    assert_eq!(rows(&world, "SELECT * FROM jobs WHERE kind = 'retry_failed_syncs'").len(), 0);
    let of_south = json!({"status": "failed", "tenant": "south", "dry_run": true});
    assert_eq!(root.post("/admin/erp-syncs/retry", &of_south).await.expect(200)["syncs"], 1);
    let filter = json!({"status": "failed", "error_contains": "answered 503"});
    let begun = root.post("/admin/erp-syncs/retry", &filter).await.expect(202);
    assert_eq!(begun, json!({"syncs": 3, "tenants": 2, "dry_run": false}));
    // What fails from now on is not meant.
    world.clock.advance(chrono::Duration::seconds(1));
    let (later, _) = failed(&world, &world.north, "Answered 503: again").await;
    let worker = start_with(&world, handlers().unwrap());
    let patience = Patience::until("the jobs are done");
    while rows(&world, "SELECT * FROM jobs WHERE kind = 'retry_failed_syncs' AND state = 'done'").len() != 2 {
        patience.wait().await;
    }
    stop(worker).await;
    // Nobody is at the ERP's address: they were tried anew, however that went.
    let untouched = rows(&world, "SELECT id FROM erp_syncs WHERE attempts = 5 AND order_version = 1000 ORDER BY id");
    let ids: Vec<_> = untouched.iter().map(|row| text(row, "id")).collect();
    assert_eq!(ids, [other, later]);
    let entries = world.owner().get("/audit?action=erp_sync.many_retried").await.expect(200);
    assert_eq!(entries["data"][0]["after"], json!({"count": 2, "error_contains": "answered 503"}));
    assert_eq!(entries["data"][0]["actor"]["kind"], "superadmin");
    assert_eq!(actions(&south, "/audit?action=erp_sync.many_retried").await.len(), 1);
    let asked = root.get("/admin/audit?action=erp_sync.retry_asked").await.expect(200);
    assert_eq!(asked["data"][0]["after"], json!({"error_contains": "answered 503", "syncs": 3, "tenants": 2}));
}

/// More than one transaction's worth of one client.
#[tokio::test]
async fn hundreds_are_retried_some_at_a_time() {
    let world = World::start().await;
    link(&world.owner()).await;
    let (first, _) = failed(&world, &world.north, "Answered 503").await;
    run(
        &world,
        &format!(
            "INSERT INTO erp_syncs (tenant_id, id, order_id, order_number, order_version, cause, status, attempts, \
             max_attempts, idempotency_key, last_error, created_at, updated_at, finished_at) \
             SELECT tenant_id, gen_random_uuid(), order_id, order_number, n, cause, 'failed', 5, 5, 'k' || n, last_error, \
             created_at, updated_at, finished_at FROM erp_syncs, generate_series(2, 250) n WHERE id = '{first}'"
        ),
    );
    // No ERP is called: the sender finds the link switched off.
    let off = json!({"enabled": false, "base_url": "http://127.0.0.1:9", "max_attempts": 7});
    Answer::of(world.owner().request(Method::PUT, "/erp/config").json(&off)).await.expect(200);
    let begun = world.superadmin().post("/admin/erp-syncs/retry", &json!({"status": "failed"})).await.expect(202);
    assert_eq!(begun["syncs"], 250);
    let worker = start_with(&world, handlers().unwrap());
    let patience = Patience::until("all are retried");
    while !rows(&world, "SELECT * FROM jobs WHERE kind = 'retry_failed_syncs' AND state <> 'done'").is_empty() {
        patience.wait().await;
    }
    stop(worker).await;
    assert_eq!(rows(&world, "SELECT id FROM erp_syncs WHERE status = 'failed'").len(), 0);
    let told = world.owner().get("/audit?action=erp_sync.many_retried").await.expect(200);
    let counts: i64 = told["data"].as_array().unwrap().iter().map(|row| row["after"]["count"].as_i64().unwrap()).sum();
    assert_eq!((counts, told["data"].as_array().unwrap().len()), (250, 3));
}
