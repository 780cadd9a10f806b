//! Limits and Redis: shared by all copies while it is there, and not gone when it is.

use countinghouse_api::platform::crypto::Secret;
use countinghouse_tests::{Answer, Caller, ValkeyWay, World, WorldBuilder, patience::Patience, valkey};
use serde_json::json;

fn strict() -> WorldBuilder {
    World::builder().config(|config| {
        (config.rates.reads, config.rates.log_ins) = (40, 3);
    })
}

async fn log_in(caller: &Caller) -> u16 {
    let body = json!({"client_id": "north", "username": "owner", "password": "not this one, no"});
    caller.post("/auth/login", &body).await.status
}

async fn through(caller: &Caller, tries: usize) -> usize {
    let mut through = 0;
    for _ in 0..tries {
        through += usize::from(caller.get("/auth/me").await.status == 200);
    }
    through
}

#[tokio::test]
async fn two_copies_share_a_limit() {
    let world = strict().start().await;
    world.clock.stop();
    let copy = world.copy().await;
    let (here, there) = (world.owner(), world.caller_at(&copy, &world.owner()));
    let together = through(&here, 26).await + through(&there, 26).await;
    assert_eq!(together, 40);
    // Quotas that are slow are exact, however the requests fall.
    let (nobody, elsewhere) = (world.nobody(), world.caller_at(&copy, &world.nobody()));
    assert_eq!([log_in(&nobody).await, log_in(&elsewhere).await, log_in(&nobody).await], [401; 3]);
    assert_eq!([log_in(&nobody).await, log_in(&elsewhere).await], [429; 2]);
}

/// Many at once, on both copies: no more get through than one after the other.
#[tokio::test]
async fn many_at_once_get_no_more() {
    let world = strict().start().await;
    world.clock.stop();
    let copy = world.copy().await;
    let callers = [world.owner(), world.caller_at(&copy, &world.owner())];
    for caller in &callers {
        caller.get("/auth/me").await.expect(200);
    }
    let all = (0..100).map(|n| callers[n % 2].get("/auth/me"));
    let answers: Vec<Answer> = futures_util::future::join_all(all).await;
    let got = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(got == 38, "{got} of 38");
    assert!(answers.iter().all(|answer| [200, 429].contains(&answer.status)));
}

#[tokio::test]
async fn keys_begin_with_the_tenant_and_name_nobody() {
    let world = strict().start().await;
    world.owner().get("/auth/me").await.expect(200);
    log_in(&world.nobody()).await;
    let keys = world.keys_in_valkey().await;
    let mine = format!("{}:{}:rate:reads", world.database, world.north.id);
    assert!(keys.contains(&mine), "{keys:?}");
    for key in &keys {
        assert!(!key.contains("owner") && !key.contains("127.0.0.1") && key.len() < 160, "{key}");
    }
    let mut types = Vec::new();
    for name in ["log-ins", "log-ins-of-address", "reads"] {
        types.extend(keys.iter().filter(|key| key.contains(&format!(":public:rate:{name}:"))));
    }
    assert_eq!(types.len() + 1, keys.len(), "{keys:?}");
    for key in &keys {
        let left: i64 = redis::cmd("PTTL").arg(key).query_async(&mut valkey().await).await.unwrap();
        assert!((1..=120_000).contains(&left), "{key} lives {left} ms");
    }
}

#[tokio::test]
async fn redis_flushed_gives_nobody_new_tries() {
    let world = strict().start().await;
    world.clock.stop();
    let nobody = world.nobody();
    for _ in 0..3 {
        assert_eq!(log_in(&nobody).await, 401);
    }
    assert_eq!(through(&world.owner(), 60).await, 40);
    for _ in 0..2 {
        assert!(!world.keys_in_valkey().await.is_empty());
        world.flush_valkey().await;
        assert_eq!([log_in(&nobody).await, log_in(&nobody).await], [429; 2]);
        assert_eq!(through(&world.owner(), 5).await, 0);
        // Something for the next round to flush.
        world.caller(&world.south, "owner").get("/auth/me").await.expect(200);
    }
}

#[tokio::test]
async fn without_redis_each_process_limits_by_itself() {
    let builder = World::builder().config(|config| {
        config.rates.reads = 40;
        config.rates.log_ins = 3;
        config.redis.url = Secret::new("redis+unix:///nowhere.sock".to_owned());
    });
    let world = builder.start().await;
    world.clock.stop();
    assert_eq!(through(&world.owner(), 60).await, 40);
    assert_eq!(through(&world.caller(&world.south, "owner"), 5).await, 5);
    let tries = [log_in(&world.nobody()).await, log_in(&world.nobody()).await, log_in(&world.nobody()).await];
    assert_eq!((tries, log_in(&world.nobody()).await), ([401; 3], 429));
}

#[tokio::test]
async fn redis_goes_and_comes_back() {
    let mut way = ValkeyWay::default();
    way.open();
    let url = way.url();
    let builder = World::builder().config(move |config| {
        (config.rates.reads, config.rates.log_ins) = (40, 3);
        config.redis.url = Secret::new(url);
    });
    let world = builder.start().await;
    world.clock.stop();
    let nobody = world.nobody();
    assert_eq!([log_in(&nobody).await, log_in(&nobody).await], [401; 2]);
    assert_eq!(through(&world.owner(), 7).await, 7);
    way.close().await;
    // Nobody is let in who would not have been, and nobody is kept out.
    assert_eq!([log_in(&nobody).await, log_in(&nobody).await], [401, 429]);
    assert_eq!(through(&world.owner(), 60).await, 33);
    world.flush_valkey().await;
    way.open();
    // The service finds out by itself.
    let mut others = 0_u32..;
    let patience = Patience::until("is Redis found again");
    while world.keys_in_valkey().await.is_empty() {
        patience.wait().await;
        let name = others.next().unwrap_or(0).to_string();
        let body = json!({"client_id": "nowhere", "username": name, "password": "x"});
        nobody.post("/auth/login", &body).await.problem(401, "invalid_credentials");
    }
    assert_eq!(log_in(&nobody).await, 429);
}
