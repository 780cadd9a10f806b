//! Two copies of the real service behind Nginx, under load: one is killed, both are restarted, Nginx reads
//! its configuration anew, and callers notice as little as can be.

use crate::jobs::count;
use countinghouse_tests::{Answer, Caller, Nginx, Process, World, own_address, patience::Patience};
use reqwest::Method;
use serde_json::json;
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// A copy of the service that can come back where it was.
struct Copy {
    environment: Vec<(&'static str, String)>,
    address: SocketAddr,
    process: Process,
}

impl Copy {
    fn start(world: &World) -> Self {
        let address = SocketAddr::from((own_address(), 8081));
        let mut environment = world.environment();
        environment.retain(|(name, _)| *name != "LISTEN");
        environment.push(("LISTEN", address.to_string()));
        let process = Process::serve(&environment);
        Self { environment, address, process }
    }

    /// Told to stop, it finishes what it accepted; then another takes its place.
    fn restart(&mut self) {
        self.process.signal("TERM");
        assert!(self.process.wait().success());
        self.process = Process::serve(&self.environment);
    }
}

/// What callers do: look at the product, or order one piece of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Look,
    Order,
    OrderWithKey,
}

#[derive(Debug)]
struct Sent {
    kind: Kind,
    begun: Instant,
    /// 0 for an answer that did not come.
    status: u16,
    code: String,
}

impl Sent {
    fn is_well(&self) -> bool {
        matches!(self.status, 200 | 201)
    }
}

/// Callers at work, each at an address of its own, some fifty requests a second each at most.
struct Load {
    sent: Arc<Mutex<Vec<Sent>>>,
    ends: Arc<AtomicBool>,
    callers: JoinSet<()>,
}

impl Load {
    fn start(front: &Nginx, token: &str, product: &str, kinds: &[Kind]) -> Self {
        let mut load = Self { sent: Arc::default(), ends: Arc::default(), callers: JoinSet::new() };
        for kind in kinds {
            let (sent, ends) = (Arc::clone(&load.sent), Arc::clone(&load.ends));
            let (caller, product, kind) = (front.caller(own_address(), token), product.to_owned(), *kind);
            load.callers.spawn(async move {
                let mut pace = tokio::time::interval(Duration::from_millis(20));
                while !ends.load(Ordering::Relaxed) {
                    pace.tick().await;
                    let one = call(&caller, kind, &product).await;
                    sent.lock().unwrap().push(one);
                }
            });
        }
        load
    }

    /// Waits for so many more answers.
    async fn go_on_for(&self, more: usize) {
        let before = self.sent.lock().unwrap().len();
        let patience = Patience::until("do callers go on");
        while self.sent.lock().unwrap().len() < before + more {
            patience.wait().await;
        }
    }

    async fn end(mut self) -> Vec<Sent> {
        self.ends.store(true, Ordering::Relaxed);
        while let Some(ended) = self.callers.join_next().await {
            ended.unwrap();
        }
        std::mem::take(&mut *self.sent.lock().unwrap())
    }
}

async fn call(caller: &Caller, kind: Kind, product: &str) -> Sent {
    let order =
        caller.request(Method::POST, "/orders").json(&json!({"lines": [{"product_id": product, "quantity": 1}]}));
    let request = match kind {
        Kind::Look => caller.request(Method::GET, &format!("/products/{product}")),
        Kind::Order => order,
        Kind::OrderWithKey => order.header("Idempotency-Key", uuid::Uuid::new_v4().to_string()),
    };
    let begun = Instant::now();
    let Ok(response) = request.send().await else { return Sent { kind, begun, status: 0, code: String::new() } };
    let answer = Answer::from(response).await;
    Sent { kind, begun, status: answer.status, code: answer.body["code"].as_str().unwrap_or_default().to_owned() }
}

#[track_caller]
fn assert_all_well(sent: &[Sent]) {
    let failed: Vec<_> = sent.iter().filter(|one| !one.is_well()).collect();
    assert!(failed.is_empty(), "{} of {} failed: {failed:?}", failed.len(), sent.len());
}

/// Each order that was answered with 201 is there, once.
#[track_caller]
fn assert_each_ordered_once(world: &World, sent: &[Sent]) {
    let ordered = sent.iter().filter(|one| one.status == 201).count();
    assert_eq!(count(world, "orders"), i64::try_from(ordered).unwrap());
}

/// A shop with much of one product, and two copies behind Nginx.
struct Shop {
    world: World,
    copies: [Copy; 2],
    front: Nginx,
    product: String,
}

impl Shop {
    async fn open() -> Option<Self> {
        let world = World::start().await;
        let product = world.owner().product("A", "1.00", 1_000_000).await;
        let copies = [Copy::start(&world), Copy::start(&world)];
        let front = Nginx::before([copies[0].address, copies[1].address])?;
        Some(Self { world, copies, front, product })
    }

    fn load(&self, kinds: &[Kind]) -> Load {
        Load::start(&self.front, self.world.owner().token(), &self.product, kinds)
    }
}

use Kind::{Look, Order, OrderWithKey};

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_killed_takes_only_what_it_worked_on() {
    let Some(mut shop) = Shop::open().await else { return };
    let load = shop.load(&[Look, Look, Look, Order, Order, OrderWithKey]);
    load.go_on_for(100).await;
    shop.copies[0].process.signal("KILL");
    shop.copies[0].process.wait();
    let gone = Instant::now();
    load.go_on_for(150).await;
    let sent = load.end().await;
    let lost: Vec<_> = sent.iter().filter(|one| !one.is_well()).collect();
    for one in &lost {
        assert!(one.begun < gone, "it was begun when the copy was gone: {one:?}");
        // A change without a key is not sent twice; one with a key may still be held by what the dead copy
        // began, which the next try finds out.
        let told = match one.kind {
            Look => "",
            Order => "outcome_unknown",
            OrderWithKey => "idempotency_in_progress",
        };
        assert_eq!(one.code, told, "{one:?}");
    }
    assert!(lost.len() <= 3, "more than were on their way to orders: {lost:?}");
    // What is not known was done, or was not; nothing was done twice.
    let (ordered, unknown) = (sent.iter().filter(|one| one.status == 201).count(), lost.len());
    let found = usize::try_from(count(&shop.world, "orders")).unwrap();
    assert!((ordered..=ordered + unknown).contains(&found), "{found} orders, {ordered} answered, {unknown} unknown");
}

/// Told to stop, a copy finishes what it accepted, and what it did not read goes to the other one: nobody
/// notices who only looks, or who sends a key with what changes something.
#[tokio::test(flavor = "multi_thread")]
async fn copies_are_restarted_one_after_the_other() {
    let Some(mut shop) = Shop::open().await else { return };
    let load = shop.load(&[Look, Look, Look, OrderWithKey, OrderWithKey, OrderWithKey]);
    for _ in 0..2 {
        for copy in &mut shop.copies {
            load.go_on_for(60).await;
            tokio::task::block_in_place(|| copy.restart());
        }
    }
    load.go_on_for(60).await;
    let sent = load.end().await;
    assert_all_well(&sent);
    assert_each_ordered_once(&shop.world, &sent);
}

/// A copy that Nginx was told to leave alone before takes nothing with it at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_taken_out_before_is_not_missed() {
    let Some(mut shop) = Shop::open().await else { return };
    let addresses = shop.copies.each_ref().map(|copy| copy.address);
    let load = shop.load(&[Look, Look, Order, Order, Order, OrderWithKey]);
    for at in [0, 1] {
        load.go_on_for(60).await;
        tokio::task::block_in_place(|| {
            shop.front.place_copies([addresses[1 - at]; 2]);
            shop.front.reload();
            shop.front.until_settled();
            shop.copies[at].restart();
            shop.front.place_copies(addresses);
            shop.front.reload();
            shop.front.until_settled();
        });
    }
    load.go_on_for(60).await;
    let sent = load.end().await;
    assert_all_well(&sent);
    assert_each_ordered_once(&shop.world, &sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_configuration_is_taken_up_without_a_pause() {
    let Some(shop) = Shop::open().await else { return };
    let load = shop.load(&[Look, Look, Look, Order, Order, OrderWithKey]);
    for _ in 0..5 {
        load.go_on_for(50).await;
        tokio::task::block_in_place(|| shop.front.reload());
    }
    load.go_on_for(50).await;
    let sent = load.end().await;
    assert_all_well(&sent);
    assert_each_ordered_once(&shop.world, &sent);
}
