//! Whether an order costs more where there are many already: `./dev bench scale`.
//!
//! Two databases beside each other, each with a service of its own, are loaded by turns: one with
//! 10,000 orders and one with 1,000,000 of the same 20 clients, made by SQL; then one with 10 clients and
//! one with 1,000. The figure is how much longer an order takes in the larger: the median of the turns.

use countinghouse_tests::{
    Figures, Login, Process, Requests, Verdict, World, load, past,
    shops::{self, shops},
};
use diesel::connection::SimpleConnection;
use std::{process::ExitCode, sync::Arc, time::Duration};

const CONNECTIONS: usize = 32;
const TURNS: usize = 7;
const TURN: Duration = Duration::from_secs(4);
const GOAL: f64 = 1.15;

#[tokio::main]
async fn main() -> ExitCode {
    let mut figures = Figures::default();
    let (few, many) = (Loaded::new(20, 10_000).await, Loaded::new(20, 1_000_000).await);
    compare(&mut figures, "an order at 1,000,000 orders ÷ at 10,000", &few, &many).await;
    drop((few, many));
    let (few, many) = (Loaded::new(10, 10_000).await, Loaded::new(1_000, 10_000).await);
    compare(&mut figures, "an order at 1,000 clients ÷ at 10", &few, &many).await;
    figures.ended()
}

/// A database with what was made for it, and a service on it.
struct Loaded {
    world: World,
    process: Process,
    requests: Requests,
}

impl Loaded {
    async fn new(clients: usize, orders: usize) -> Self {
        let world = World::start().await;
        let shops = shops(&world, clients, 100);
        past::fill(&world, &shops, orders / clients);
        let process = shops::serve(&world);
        Self { world, process, requests: shops::orders(&shops) }
    }

    async fn rate(&self) -> f64 {
        let address = self.process.base_url.trim_start_matches("http://");
        load(address, CONNECTIONS, TURN, None, 201, Arc::clone(&self.requests)).await.rate
    }
}

async fn compare(figures: &mut Figures, what: &str, few: &Loaded, many: &Loaded) {
    for loaded in [few, many] {
        loaded.rate().await;
        loaded.world.database(Login::Owner).batch_execute("VACUUM ANALYZE").expect("statistics");
        // Plans made before are made anew, and what they read is read once.
        loaded.rate().await;
    }
    let mut ratios = Vec::new();
    for _ in 0..TURNS {
        let rate = few.rate().await;
        ratios.push(rate / many.rate().await);
    }
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios[TURNS / 2];
    let spread = format!("{ratio:.2} ({:.2} to {:.2})", ratios[0], ratios[TURNS - 1]);
    figures.row(what, spread, "1.15 or less", Verdict::of(ratio <= GOAL));
}
