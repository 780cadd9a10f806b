//! The database stops and comes back, under the real binary: what was acknowledged is there, what was
//! refused was refused clearly, and nobody has to lend a hand.

use countinghouse_tests::{Answer, Caller, Login, Postgres, Process};
use diesel::{PgConnection, RunQueryDsl, connection::SimpleConnection, dsl::sql, select, sql_types::BigInt};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

/// Within so long of the database's return all has to go on.
const RECOVERY: Duration = Duration::from_secs(5);
const STOCK: i64 = 1_000_000;
const BUYERS: usize = 6;

/// A service with a database of its own, and a client who sells one thing.
struct Shop {
    postgres: Postgres,
    process: Process,
    owner: Caller,
    log_in: Value,
    refresh_token: String,
    product: String,
}

impl Shop {
    async fn open() -> Self {
        let postgres = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
        let process = Process::serve_with(&postgres.environment(), &["--with-worker"]);
        let client = json!({"slug": "shop", "name": "Shop", "currency": "EUR"});
        let user = json!({"username": "owner", "password": "a long enough secret"});
        let nobody = process.caller("");
        nobody.post("/auth/register", &json!({"client": client, "user": user})).await.expect(201);
        let log_in = json!({"client_id": "shop", "username": "owner", "password": "a long enough secret"});
        let pair = nobody.post("/auth/login", &log_in).await.expect(200);
        let text = |name: &str| pair[name].as_str().unwrap().to_owned();
        let owner = process.caller(text("access_token"));
        let product = owner.product("A", "9.99", STOCK).await;
        Self { postgres, process, owner, log_in, refresh_token: text("refresh_token"), product }
    }

    /// What was acknowledged is all there is, once each, and the books agree.
    async fn nothing_is_lost(&self, orders: &[String]) {
        let mut database = self.postgres.connect();
        for order in orders {
            self.owner.get(&format!("/orders/{order}")).await.expect(200);
        }
        assert_eq!(count(&mut database, "SELECT count(*) FROM orders"), orders.len());
        assert_eq!(count(&mut database, "SELECT count(*) FROM idempotency_keys"), orders.len());
        let on_hand = count(&mut database, "SELECT sum(on_hand) FROM stock");
        assert_eq!(on_hand + orders.len(), usize::try_from(STOCK).unwrap());
        let owner = [("DATABASE_URL_OWNER", self.postgres.url(Login::Owner))];
        let verified = Process::run(&owner, &["verify", "books"], "");
        assert!(verified.status.success(), "{verified:?}");
    }
}

fn count(database: &mut PgConnection, query: &str) -> usize {
    let found: i64 = select(sql::<BigInt>(&format!("({query})::bigint"))).get_result(database).unwrap();
    usize::try_from(found).unwrap()
}

/// Buyers who order one piece after the other, each until it is acknowledged.
#[derive(Default)]
struct Load {
    buyers: Vec<JoinHandle<Vec<String>>>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    closing: AtomicBool,
    bought: [AtomicUsize; BUYERS],
    refused: AtomicUsize,
}

impl Load {
    fn begin(shop: &Shop) -> Self {
        let mut load = Self::default();
        for buyer in 0..BUYERS {
            let (owner, product, counts) = (shop.owner.clone(), shop.product.clone(), Arc::clone(&load.counts));
            load.buyers.push(tokio::spawn(async move {
                let mut orders = Vec::new();
                while !counts.closing.load(SeqCst) {
                    orders.push(buy(&owner, &product, &counts.refused).await);
                    counts.bought[buyer].fetch_add(1, SeqCst);
                }
                orders
            }));
        }
        load
    }

    async fn until(&self, holds: impl Fn(&Counts) -> bool) {
        let begun = Instant::now();
        while !holds(&self.counts) {
            assert!(begun.elapsed() < Duration::from_secs(60), "nothing goes on");
            assert!(!self.buyers.iter().any(JoinHandle::is_finished), "a buyer gave up");
            tokio::task::yield_now().await;
        }
    }

    /// Until each buyer has bought so many more.
    async fn each_buys(&self, more: usize) {
        let bought = |counts: &Counts| counts.bought.each_ref().map(|bought| bought.load(SeqCst));
        let before = bought(&self.counts);
        self.until(|counts| bought(counts).iter().zip(before).all(|(now, before)| *now >= before + more)).await;
    }

    /// Until somebody more is told to come back later.
    async fn somebody_is_refused(&self, before: usize) {
        self.until(|counts| counts.refused.load(SeqCst) > before).await;
    }

    /// All that was acknowledged.
    async fn end(self) -> Vec<String> {
        self.counts.closing.store(true, SeqCst);
        let mut orders = Vec::new();
        for buyer in self.buyers {
            orders.extend(buyer.await.unwrap());
        }
        orders
    }
}

/// One order, sent again under its key for as long as the answer is that it may be.
async fn buy(owner: &Caller, product: &str, refused: &AtomicUsize) -> String {
    let key = uuid::Uuid::new_v4().to_string();
    let order = json!({"lines": [{"product_id": product, "quantity": 1}], "external_reference": key});
    loop {
        let request = owner.request(Method::POST, "/orders").header("idempotency-key", &key).json(&order);
        let answer = Answer::of(request).await;
        if answer.status == 201 {
            return answer.body["id"].as_str().unwrap().to_owned();
        }
        assert!([503, 409].contains(&answer.status), "{answer:?}");
        assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
        refused.fetch_add(1, SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_database_is_restarted_under_load() {
    let mut shop = Shop::open().await;
    let load = Load::begin(&shop);
    load.each_buys(2).await;
    for signal in ["INT", "QUIT"] {
        let before = load.counts.refused.load(SeqCst);
        shop.postgres.stop(signal);
        load.somebody_is_refused(before).await;
        shop.postgres.go_on();
        let back = Instant::now();
        load.each_buys(2).await;
        assert!(back.elapsed() < RECOVERY, "it took {:?}", back.elapsed());
    }
    let orders = load.end().await;
    shop.nothing_is_lost(&orders).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_database_is_away_for_ten_seconds() {
    let mut shop = Shop::open().await;
    let nobody = shop.process.caller("");
    let due = "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, max_attempts, run_at, created_at) \
        SELECT id, gen_random_uuid(), 'purge', 1, '\"what?\"', 1, now() + interval '3 s', now() FROM tenants";
    shop.postgres.connect().batch_execute(due).unwrap();
    shop.postgres.stop("INT");
    let gone = Instant::now();
    let refresh = json!({"refresh_token": shop.refresh_token});
    while gone.elapsed() < Duration::from_secs(10) {
        let asked = Instant::now();
        let answers = tokio::join!(
            shop.owner.get("/products"),
            shop.owner.order(&shop.product, 1),
            nobody.post("/auth/login", &shop.log_in),
            nobody.post("/auth/refresh", &refresh),
        );
        for answer in [answers.0, answers.1, answers.2, answers.3] {
            assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
            answer.problem(503, "unavailable");
        }
        let ready = nobody.get("//ready").await;
        assert!(!ready.header("retry-after").is_empty());
        assert_eq!(ready.expect(503)["parts"], json!({"database": "away", "redis": "ok", "image_model": "none"}));
        nobody.get("//health").await.expect(200);
        assert!(asked.elapsed() < Duration::from_secs(6), "refusals took {:?}", asked.elapsed());
    }
    shop.postgres.go_on();
    let back = Instant::now();
    while nobody.get("//ready").await.status != 200 {
        assert!(back.elapsed() < RECOVERY, "it is not ready again");
    }
    let order = shop.owner.order(&shop.product, 1).await.expect(201);
    let log_in = nobody.post("/auth/login", &shop.log_in).await.expect(200);
    shop.process.caller(log_in["access_token"].as_str().unwrap()).get("/products").await.expect(200);
    nobody.post("/auth/refresh", &refresh).await.expect(200);
    let mut database = shop.postgres.connect();
    while count(&mut database, "SELECT count(*) FROM jobs WHERE state = 'dead'") == 0 {
        assert!(back.elapsed() < RECOVERY, "its worker does nothing");
        tokio::task::yield_now().await;
    }
    assert!(back.elapsed() < RECOVERY, "it took {:?}", back.elapsed());
    shop.owner.get(&format!("/orders/{}", order["id"].as_str().unwrap())).await.expect(200);
}
