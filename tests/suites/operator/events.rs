//! The stream of what changes: at once, in whichever copy, and nothing twice or never.

use super::*;
use crate::jobs::{start_with, stop};
use chrono::Duration;
use countinghouse_api::{jobs::handlers, platform::clock::Clock};
use countinghouse_tests::{
    MockErp, Service,
    patience::{LONG_ENOUGH, Patience},
};
use diesel::connection::SimpleConnection;
use reqwest::Response;
use std::{sync::Arc, time::Instant};

/// A stream as its reader sees it: blocks, with the comments between them left out.
struct Stream {
    response: Response,
    unread: String,
}

/// What stands in a block.
#[derive(Debug, Clone)]
struct Block {
    id: i64,
    event: String,
    data: Value,
}

impl Stream {
    async fn open(caller: &Caller, after: Option<&str>) -> Self {
        let mut request = caller.request(Method::GET, "/admin/events").header("Accept", "text/event-stream");
        if let Some(after) = after {
            request = request.header("Last-Event-ID", after);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self { response, unread: String::new() }
    }

    /// The next block; nothing at the end.
    async fn next(&mut self) -> Option<Block> {
        let begun = Instant::now();
        loop {
            if let Some((block, rest)) = self.unread.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.unread = rest;
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                if let (Some(id), Some(event), Some(data)) = (field("id"), field("event"), field("data")) {
                    let data = serde_json::from_str(data).expect("JSON on one line");
                    return Some(Block { id: id.parse().expect("a number"), event: event.to_owned(), data });
                }
                continue;
            }
            assert!(begun.elapsed() < LONG_ENOUGH, "nothing comes");
            let part = self.response.chunk().await.ok()??;
            self.unread.push_str(std::str::from_utf8(&part).expect("text"));
        }
    }

    /// The first one that says how the stream stands.
    async fn begins(&mut self) -> Block {
        let block = self.next().await.expect("a block");
        assert!(["ready", "reset"].contains(&block.event.as_str()), "{block:?}");
        assert_eq!(block.data, json!({"sequence": block.id}));
        block
    }

    /// The next one of a kind; others go by.
    async fn until(&mut self, kind: &str) -> Block {
        loop {
            let block = self.next().await.expect("a block");
            if block.event == kind {
                return block;
            }
        }
    }
}

async fn suspend(world: &World) {
    world.superadmin().post("/admin/tenants/south/suspend", &json!({"reason": "unpaid"})).await.expect(200);
}

async fn resume(world: &World) {
    world.superadmin().post("/admin/tenants/south/resume", &json!({})).await.expect(200);
}

#[tokio::test]
async fn what_changes_is_told_at_once_in_every_copy() {
    let world = World::start().await;
    let other: Service = world.copy().await;
    let root = world.superadmin();
    let mut here = Stream::open(&root, None).await;
    let mut there = Stream::open(&world.caller_at(&other, &root), None).await;
    assert_eq!((here.begins().await.event, there.begins().await.event), ("ready".to_owned(), "ready".to_owned()));
    suspend(&world).await;
    let sync = failed(&world, &world.north, "Answered 503").await.0;
    root.post(&format!("/admin/erp-syncs/{sync}/discard"), &json!({"reason": "x"})).await.expect(200);
    for stream in [&mut here, &mut there] {
        let told = stream.until("tenant.suspended").await;
        assert_eq!((&told.data["tenant"], &told.data["type"]), (&json!("south"), &json!("tenant.suspended")));
        assert_eq!(told.data["sequence"], told.id);
        let told = stream.until("erp_sync.discarded").await;
        assert_eq!((&told.data["tenant"], &told.data["resource_id"]), (&json!("north"), &json!(sync)));
    }
}

#[tokio::test]
async fn each_kind_of_change_is_told_by_its_ids() {
    let world = World::start().await;
    let (root, owner) = (world.superadmin(), world.owner());
    let mut stream = Stream::open(&root, None).await;
    stream.begins().await;
    let wrong = json!({"client_id": "north", "username": "owner", "password": "not the one at all"});
    world.nobody().post("/auth/login", &wrong).await.problem(401, "invalid_credentials");
    assert_eq!(stream.until("session.login_failed").await.data["tenant"], "north");
    world.log_in(&world.north, "viewer").await;
    let told = stream.until("session.login").await;
    assert_eq!(told.data["data"]["user_id"], json!(world.north.user("viewer")));
    let job = dead(&world, &world.south, "one_kind", None);
    root.post(&format!("/admin/jobs/{job}/retry"), &json!({})).await.expect(200);
    let told = stream.until("job.retried").await;
    assert_eq!((&told.data["resource_id"], &told.data["data"]), (&json!(job), &json!({"kind": "one_kind"})));
    run(&world, &format!("UPDATE jobs SET state = 'dead', finished_at = now(), last_error = 'x' WHERE id = '{job}'"));
    assert_eq!(stream.until("job.dead").await.data["tenant"], "south");
    link(&owner).await;
    let (sync, _) = failed(&world, &world.north, "Answered 503").await;
    root.post(&format!("/admin/erp-syncs/{sync}/retry"), &json!({})).await.expect(200);
    assert_eq!(stream.until("erp_sync.retried").await.data["resource_id"], json!(sync));
    run(&world, "UPDATE erp_configs SET open_until = now() + interval '1 minute', failures = 5");
    assert_eq!(stream.until("erp_breaker.opened").await.data["data"]["failures"], 5);
    run(&world, "UPDATE erp_configs SET open_until = NULL");
    stream.until("erp_breaker.closed").await;
    let endpoint = json!({"url": "https://hooks.example.com/in"});
    let endpoint = text(&owner.post("/webhooks/endpoints", &endpoint).await.expect(201), "id");
    run(&world, "UPDATE webhook_endpoints SET failing_since = now()");
    assert_eq!(stream.until("webhook_endpoint.failing").await.data["resource_id"], json!(endpoint));
    run(&world, "UPDATE webhook_endpoints SET disabled_at = now(), disabled_by = 'failing'");
    stream.until("webhook_endpoint.disabled").await;
    root.patch("/admin/tenants/south", &json!({"name": "\u{202e}Süd"})).await.expect(200);
    let told = stream.until("tenant.changed").await;
    assert_eq!(told.data["data"], json!({}));
    assert_eq!(stream.until("audit.recorded").await.data["data"], json!({"action": "client.changed"}));
}

/// Until the reader has said so.
async fn until_somebody_looks(world: &World) {
    let patience = Patience::until("somebody looks");
    while rows(world, "SELECT id FROM operator_stream WHERE watched_until > now()").is_empty() {
        patience.wait().await;
    }
}

/// While somebody looks, each step of an order towards the ERP is told; nobody's payload is.
#[tokio::test]
async fn the_way_of_an_order_is_told_while_somebody_looks() {
    let world = World::start().await;
    let data =
        r#"{"sync_id": "s", "order_id": "o", "order_number": "SO-1", "order_version": 1, "attempts": 1, "order": {}}"#;
    let happens = |kind: &str| {
        run(
            &world,
            &format!(
                "INSERT INTO events (tenant_id, id, kind, data, created_at) \
                 VALUES ('{}', gen_random_uuid(), 'erp_sync.{kind}', '{data}', '{}')",
                world.north.id,
                world.state.ids.now()
            ),
        );
    };
    happens("before_send");
    happens("failed");
    assert_eq!(rows(&world, "SELECT kind FROM operator_news WHERE kind LIKE 'erp_sync.%'").len(), 1);
    let root = world.superadmin();
    let mut stream = Stream::open(&root, None).await;
    stream.begins().await;
    until_somebody_looks(&world).await;
    for kind in ["before_send", "after_send", "success", "failed"] {
        happens(kind);
        let told = stream.until(&format!("erp_sync.{kind}")).await;
        assert_eq!(told.data["data"], json!({"order_id": "o", "order_version": 1, "attempts": 1}));
    }
}

/// The same by a worker, and an ERP that takes the order.
#[tokio::test]
async fn an_order_that_a_worker_sends_is_told_while_somebody_looks() {
    let world = World::start().await;
    let (owner, root) = (world.owner(), world.superadmin());
    let erp = MockErp::start(MockErp::options(), Arc::clone(&world.clock) as Arc<dyn Clock>);
    erp.link(&owner, &json!({})).await;
    let product = owner.product("LAMP", "10.00", 10).await;
    let mut stream = Stream::open(&root, None).await;
    stream.begins().await;
    until_somebody_looks(&world).await;
    let worker = start_with(&world, handlers().expect("all kinds"));
    let order = owner.order(&product, 1).await.expect(201);
    for kind in ["before_send", "after_send", "success"] {
        let told = stream.until(&format!("erp_sync.{kind}")).await;
        assert_eq!((&told.data["tenant"], &told.data["data"]["order_id"]), (&json!("north"), &order["id"]));
    }
    stop(worker).await;
}

#[tokio::test]
async fn a_stream_goes_on_where_it_was_at_another_copy_too() {
    let world = World::start().await;
    let root = world.superadmin();
    let mut stream = Stream::open(&root, None).await;
    stream.begins().await;
    suspend(&world).await;
    let seen = stream.until("tenant.suspended").await.id;
    drop(stream);
    for _ in 0..300 {
        dead(&world, &world.north, "one_kind", None);
    }
    run(&world, "UPDATE jobs SET state = 'cancelled' WHERE kind = 'one_kind'");
    resume(&world).await;
    let other = world.copy().await;
    let mut stream = Stream::open(&world.caller_at(&other, &root), Some(&seen.to_string())).await;
    let begins = stream.begins().await;
    assert_eq!((begins.event.as_str(), begins.id), ("ready", seen));
    let (mut next, mut jobs) = (seen, 0);
    loop {
        let block = stream.next().await.expect("a block");
        next += 1;
        assert_eq!(block.id, next, "one after the other, none twice");
        jobs += usize::from(block.event == "job.discarded");
        if block.event == "tenant.resumed" {
            break;
        }
    }
    assert_eq!(jobs, 300);
    // And on.
    suspend(&world).await;
    assert!(stream.until("tenant.suspended").await.id > next);
}

/// Numbers are given when they can be seen: what is committed late comes late, and is not missed.
#[tokio::test]
async fn what_is_committed_late_is_told_late_and_not_missed() {
    let world = World::start().await;
    let mut stream = Stream::open(&world.superadmin(), None).await;
    stream.begins().await;
    let mut late = world.database(Login::Owner);
    late.batch_execute(&format!("BEGIN; UPDATE tenants SET version = version + 1 WHERE id = '{}'", world.north.id))
        .unwrap();
    suspend(&world).await;
    let first = stream.until("tenant.suspended").await;
    late.batch_execute("COMMIT").unwrap();
    let second = stream.until("tenant.changed").await;
    assert!(second.id > first.id);
    assert_eq!(second.data["tenant"], "north");
    // What was undone is not told.
    late.batch_execute("BEGIN; UPDATE tenants SET version = version + 1; ROLLBACK").unwrap();
    resume(&world).await;
    loop {
        let block = stream.next().await.expect("a block");
        assert_ne!(block.event, "tenant.changed");
        if block.event == "tenant.resumed" {
            break;
        }
    }
}

#[tokio::test]
async fn who_comes_from_too_far_back_reads_everything_anew() {
    let world = World::start().await;
    let root = world.superadmin();
    suspend(&world).await;
    let mut stream = Stream::open(&root, None).await;
    let now = stream.begins().await.id;
    assert!(now > 0);
    for strange in ["x", "-1", "", "99999999999999999999", &(now + 1).to_string()] {
        let begins = Stream::open(&root, Some(strange)).await.begins().await;
        assert_eq!((begins.event.as_str(), begins.id), ("reset", now), "{strange}");
    }
    world.clock.advance(Duration::hours(25));
    let purge = format!("SELECT purge_operator_events('{}')", world.state.ids.now() - Duration::hours(24));
    run(&world, &purge);
    assert_eq!(rows(&world, "SELECT * FROM operator_events").len(), 0);
    drop(stream);
    // A new session: that of before has been idle for a day.
    let again = world.nobody().post("/admin/auth/login", &world.superadmin_login()).await.expect(200);
    let root = world.with_token(text(&again, "access_token"));
    assert_eq!(Stream::open(&root, Some("0")).await.begins().await.event, "reset");
    let begins = Stream::open(&root, Some(&now.to_string())).await.begins().await;
    assert_eq!((begins.event.as_str(), begins.id), ("ready", now));
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let world = World::start().await;
    let log_in = async || {
        let answer = world.nobody().post("/admin/auth/login", &world.superadmin_login()).await.expect(200);
        world.clock.advance(Duration::seconds(30));
        world.with_token(text(&answer, "access_token"))
    };
    let (leaves, stays) = (log_in().await, world.superadmin());
    let [mut one, mut two] = [Stream::open(&leaves, None).await, Stream::open(&stays, None).await];
    one.begins().await;
    two.begins().await;
    leaves.post("/admin/auth/logout", &json!({})).await.expect(204);
    while one.next().await.is_some() {}
    leaves.get("/admin/events").await.problem(401, "session_ended");
    suspend(&world).await;
    two.until("tenant.suspended").await;
    run(&world, "UPDATE superadmins SET disabled = true");
    while two.next().await.is_some() {}
}

/// The oldest makes room: a connection that was lost would be in the way of whoever comes back.
#[tokio::test]
async fn a_session_has_five_streams_and_no_more() {
    let world = World::start().await;
    let root = world.superadmin();
    let mut open = Vec::new();
    for _ in 0..6 {
        let mut stream = Stream::open(&root, None).await;
        stream.begins().await;
        open.push(stream);
    }
    while open[0].next().await.is_some() {}
    suspend(&world).await;
    for stream in &mut open[1..] {
        stream.until("tenant.suspended").await;
    }
}

/// Or its connections would hold up its end; whoever listens goes on at another.
#[tokio::test]
async fn a_stopping_copy_ends_its_streams() {
    let world = World::start().await;
    let root = world.superadmin();
    let mut stream = Stream::open(&root, None).await;
    stream.begins().await;
    world.state.live.close();
    while stream.next().await.is_some() {}
    root.get("/admin/events").await.problem(429, "rate_limited");
}
