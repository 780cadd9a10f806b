//! A seeded simulation: three clients do business while the wire to the database is cut before and
//! after commits, answers get lost, requests come twice and late, workers and the service die, and
//! the clock is stepped. After every seed the books hold, and all that was acknowledged happened
//! once.
//!
//! A run is its seed: clock, randomness and network are the simulation's, and one thing is done
//! after the other. A failure names its seed; `SIMULATION=17` plays that one alone, and
//! `SIMULATION=1000..11000` a long row of them.
//!
//! `requests` are what the clients want, `business` makes them, `errands` are the jobs, and `trouble`
//! is what comes in between. Whoever adds a kind of business adds requests to `business`, and what
//! must have come of them to `Simulation::settle`.

mod business;
mod errands;
mod requests;
mod trouble;

use business::{Client, EDITOR};
use countinghouse_tests::{Cluster, Dice, Tenant, Wire, World};
use requests::{Request, State};
use reqwest::Method;
use std::ops::Range;

const SEEDS: u64 = 200;
const TURNS: usize = 20;

struct Simulation {
    world: World,
    wire: Wire,
    dice: Dice,
    clients: Vec<Client>,
    requests: Vec<Request>,
    /// Of the editor's second factor.
    secret: String,
    /// How many errands were made; each has its number.
    errands: i64,
    /// How often the wire was cut.
    cuts: u64,
}

impl Simulation {
    async fn of(seed: u64) -> Self {
        let wire = Cluster::get().wire();
        let world = World::builder().seed(seed).wire(&wire).pool(2).routes(vec![errands::route()]).start().await;
        world.clock.stop();
        errands::make_table(&world);
        let tenants: [(Tenant, u32); 3] =
            [(world.north.clone(), 2), (world.south.clone(), 2), (world.found("third", "KWD"), 3)];
        let mut dice = Dice::of(seed);
        let mut clients = Vec::new();
        for (tenant, digits) in tenants {
            clients.push(Client::open(&world, tenant, digits, &mut dice).await);
        }
        let editor = world.caller(&clients[EDITOR].tenant, "owner");
        let (secret, _) = world.enrol(&editor).await;
        Self { world, wire, dice, clients, requests: Vec::new(), secret, errands: 0, cuts: 0 }
    }

    async fn turn(&mut self) {
        match self.dice.roll(19) {
            0..=3 => self.order(),
            4 | 5 => self.pay(),
            6 => self.adjust(),
            7 => self.send_on_an_errand(),
            8 => return self.deliver_some_old_one().await,
            9 => return self.work_a_shift().await,
            10 => return self.crash().await,
            11 | 12 => self.take_back(),
            13 | 14 => self.refund(),
            15 | 16 => self.edit(),
            17 => self.cancel(),
            _ => return self.step_the_clock(),
        }
        self.deliver_the_newest().await;
    }

    /// Everything that is still open is brought to an end, without more trouble; then all is looked at.
    async fn settle(&mut self) {
        self.wire.disarm();
        for at in 0..self.requests.len() {
            self.insist(at).await;
        }
        self.finish_errands().await;
        let books = self.world.verify_books(None);
        assert!(books.holds(), "{books}");
        self.check_business();
        self.check_errands();
        // Whoever asks again hears what they heard.
        for at in 0..self.requests.len() {
            if matches!(self.requests[at].state, State::Done(_)) {
                self.deliver(at).await;
            }
        }
    }
}

/// What happened, for the seeds of the suite must not be idle.
#[derive(Debug, Default)]
struct Tally {
    orders: usize,
    payments: usize,
    returns: usize,
    refunds: usize,
    adjustments: usize,
    errands: usize,
    edits: usize,
    cancels: usize,
    cuts: u64,
}

impl Tally {
    fn add(&mut self, simulation: &Simulation) {
        let done = |of: fn(&Request) -> bool| {
            let requests = simulation.requests.iter().filter(|request| of(request));
            requests.filter(|request| matches!(request.state, State::Done(_))).count()
        };
        self.orders += done(|request| request.path == "/orders");
        self.payments += done(|request| request.path.ends_with("/payments"));
        self.returns += done(|request| request.path == "/returns");
        self.refunds += done(|request| request.path.ends_with("/refunds"));
        self.adjustments += done(|request| request.path.ends_with("/adjustments"));
        self.errands += done(|request| request.path == "/errands");
        self.edits += done(|request| request.method == Method::PATCH);
        self.cancels += done(|request| request.method == Method::DELETE);
        self.cuts += simulation.cuts;
    }
}

async fn play(seed: u64) -> Simulation {
    let mut simulation = Simulation::of(seed).await;
    for _ in 0..TURNS {
        simulation.turn().await;
    }
    simulation.settle().await;
    simulation
}

/// Plays each seed; the first that fails is named.
async fn play_all(seeds: Range<u64>) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let played = tokio::task::LocalSet::new();
        let ended = played.run_until(async { tokio::task::spawn_local(play(seed)).await }).await;
        match ended {
            Ok(simulation) => tally.add(&simulation),
            Err(_) => panic!("seed {seed} fails: play it again with SIMULATION={seed}"),
        }
    }
    tally
}

/// The share of the suite's seeds; all that are asked for are played by the first.
async fn share(part: u64) {
    match (std::env::var("SIMULATION"), part) {
        (Ok(asked), 0) => {
            let number = |text: &str| text.parse::<u64>().expect("SIMULATION is a seed, or a row like 1..100");
            let (first, end) = asked
                .split_once("..")
                .map_or_else(|| (number(&asked), number(&asked) + 1), |(first, end)| (number(first), number(end)));
            println!("{:?}", play_all(first..end).await);
        }
        (Ok(_), _) => {}
        (Err(_), _) => {
            let tally = play_all(SEEDS * part / 2..SEEDS * (part + 1) / 2).await;
            let Tally { orders, payments, returns, refunds, adjustments, errands, edits, cancels, cuts } = tally;
            assert!(orders > 100 && payments > 50 && adjustments > 50 && errands > 50 && cuts > 50, "{tally:?}");
            assert!(returns > 40 && refunds > 2 && edits > 15 && cancels > 10, "{tally:?}");
        }
    }
}

#[tokio::test]
async fn what_was_acknowledged_happened_once_whatever_came_between() {
    share(0).await;
}

#[tokio::test]
async fn what_was_acknowledged_happened_once_in_the_other_half_of_the_seeds() {
    share(1).await;
}
