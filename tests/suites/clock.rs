//! The service's clock is set forward and back, as a machine's may be: nobody comes in who was shut
//! out, nobody stays shut out, and business goes on.

use chrono::Duration;
use countinghouse_tests::{Answer, Caller, Cluster, Login, PASSWORD, Process, World};
use reqwest::Method;
use serde_json::{Value, json};

async fn log_in(world: &World, password: &str) -> Answer {
    let body = json!({"client_id": "north", "username": "manager", "password": password});
    world.nobody().post("/auth/login", &body).await
}

fn caller(world: &World, pair: &Value) -> Caller {
    world.with_token(pair["access_token"].as_str().unwrap())
}

async fn refresh(world: &World, pair: &Value) -> Answer {
    world.nobody().post("/auth/refresh", &json!({"refresh_token": pair["refresh_token"]})).await
}

#[tokio::test]
async fn a_clock_set_back_brings_nobody_back_and_keeps_nobody_out() {
    for hours in [-1, -30] {
        let world = World::start().await;
        let (stays, left) = (log_in(&world, PASSWORD).await.expect(200), log_in(&world, PASSWORD).await.expect(200));
        caller(&world, &left).post("/auth/logout", &json!({})).await.expect(204);
        let key = world.software(&world.owner().api_key(&["products:read"]).await);
        world.clock.advance(Duration::hours(hours));
        caller(&world, &left).get("/products").await.expect(401);
        refresh(&world, &left).await.problem(401, "invalid_refresh_token");
        // An access token from the future is not believed; what gets another one is.
        caller(&world, &stays).get("/products").await.problem(401, "unauthenticated");
        let renewed = refresh(&world, &stays).await.expect(200);
        caller(&world, &renewed).get("/products").await.expect(200);
        key.get("/products").await.expect(200);
        let anew = log_in(&world, PASSWORD).await.expect(200);
        caller(&world, &anew).get("/products").await.expect(200);
        // And when it is put right again, the spent token is spent.
        world.clock.advance(Duration::hours(-hours));
        refresh(&world, &stays).await.problem(401, "invalid_refresh_token");
    }
}

#[tokio::test]
async fn a_clock_set_forward_ends_what_is_over_and_a_log_in_helps() {
    let world = World::start().await;
    let pair = log_in(&world, PASSWORD).await.expect(200);
    let key = world.software(&world.owner().api_key(&["products:read"]).await);
    world.clock.advance(Duration::hours(1));
    caller(&world, &pair).get("/products").await.problem(401, "unauthenticated");
    let renewed = refresh(&world, &pair).await.expect(200);
    caller(&world, &renewed).get("/products").await.expect(200);
    world.clock.advance(Duration::hours(13));
    refresh(&world, &renewed).await.problem(401, "invalid_refresh_token");
    key.get("/products").await.expect(200);
    let anew = log_in(&world, PASSWORD).await.expect(200);
    caller(&world, &anew).get("/products").await.expect(200);
}

/// Whichever way it is set, a quota is never more than a quota, and it is there again.
#[tokio::test]
async fn limits_hold_at_each_time_and_shut_nobody_out() {
    let world = World::builder().config(|config| config.rates.log_ins = 3).start().await;
    world.clock.stop();
    for step in [Duration::zero(), Duration::hours(-1), Duration::hours(2), Duration::days(-1)] {
        world.clock.advance(step);
        for _ in 0..3 {
            log_in(&world, "not the password").await.problem(401, "invalid_credentials");
        }
        log_in(&world, PASSWORD).await.problem(429, "rate_limited");
    }
    world.clock.advance(Duration::minutes(1));
    log_in(&world, PASSWORD).await.expect(200);
}

/// A whole sale, from the shelf to the money; the order is sent twice under one key.
async fn sell(owner: &Caller, sku: &str) {
    let product = owner.product(sku, "10.00", 5).await;
    let body = json!({"lines": [{"product_id": product, "quantity": 2}]});
    let place = || owner.request(Method::POST, "/orders").header("idempotency-key", sku).json(&body);
    let order = Answer::of(place()).await.expect(201);
    assert_eq!(Answer::of(place()).await.expect(201), order);
    let path = format!("/orders/{}", order["id"].as_str().unwrap());
    let pay = json!({"amount": order["amount_due"], "method": "cash"});
    owner.post(&format!("{path}/payments"), &pay).await.expect(201);
    owner.post(&format!("{path}/fulfilments"), &json!({"carrier": "post", "tracking_number": "1"})).await.expect(201);
    assert_eq!(owner.get(&path).await.expect(200)["status"], "completed");
}

#[tokio::test]
async fn business_goes_on_whatever_the_clock_says() {
    let world = World::start().await;
    for (sku, step) in [("A", 0), ("B", -1), ("C", 49), ("D", -72), ("E", 24)] {
        world.clock.advance(Duration::hours(step));
        let back = log_in(&world, PASSWORD).await.expect(200);
        sell(&caller(&world, &back), sku).await;
    }
    let environment = [("DATABASE_URL_OWNER", Cluster::get().url(Login::Owner, &world.database))];
    let verified = Process::run(&environment, &["verify", "books"], "");
    assert!(verified.status.success(), "{verified:?}");
}
