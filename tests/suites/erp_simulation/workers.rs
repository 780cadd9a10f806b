//! Those who send, and what happens to them.

use super::Simulation;
use chrono::Duration;
use countinghouse_api::{
    config, jobs,
    platform::jobs::{Stop, Worker},
};
use countinghouse_tests::{Cut, patience::Patience};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use std::time::Duration as Time;
use tokio::task::JoinHandle;

const FAULTY_ROUNDS: usize = 6;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = sql_types::BigInt)]
    n: i64,
}

/// When a worker dies.
enum End {
    /// Not at all: it goes home when nothing is due.
    Home,
    /// When its wire is cut.
    Cut,
    /// When the ERP has had so many calls more.
    Calls(u64),
}

impl Simulation {
    pub async fn work_a_shift(&mut self) {
        let end = match self.dice.roll(5) {
            0 => {
                self.ground.wire.cut_at(Cut::BeforeCommit);
                End::Cut
            }
            1 => {
                self.ground.wire.cut_at(Cut::AfterCommit);
                End::Cut
            }
            2 | 3 => End::Calls(1 + self.dice.roll(4)),
            _ => End::Home,
        };
        let before = self.calls().await;
        let (working, stop) = self.start_worker();
        let patience = Patience::until("done with what is due");
        let died = loop {
            let died = match end {
                End::Home => false,
                End::Cut => !self.ground.wire.is_armed(),
                End::Calls(more) => self.calls().await >= before + more,
            };
            if died || self.due("") == 0 {
                break died;
            }
            patience.wait().await;
        };
        self.tally.cuts += usize::from(died && matches!(end, End::Cut));
        self.ground.wire.disarm();
        if died {
            self.tally.deaths += 1;
            working.abort();
            let _dead = working.await;
            self.until_the_erp_is_idle().await;
        } else {
            stop.stop();
            working.await.unwrap();
        }
    }

    /// All connections of the service end, and so may the service.
    pub async fn crash(&mut self) {
        self.ground.wire.sever();
        if self.dice.roll(2) == 0 {
            self.ground.world.restart().await;
        }
    }

    /// Mostly forward, sometimes back, as a machine's clock is when it is corrected.
    pub fn step_the_clock(&mut self) {
        let seconds = match self.dice.roll(4) {
            0 => -(self.dice.roll(10) as i64),
            1 => self.dice.roll(60) as i64,
            // Longer than a lease, and than a breaker is open.
            _ => 150,
        };
        self.ground.world.clock.advance(Duration::seconds(seconds));
    }

    /// Workers without trouble do what is left, when leases have ended and waiting is over; the ERP has its faults for
    /// a while yet.
    pub async fn finish(&mut self) {
        self.ground.wire.disarm();
        for round in 0..60 {
            if round == FAULTY_ROUNDS {
                self.erp.end_faults().await;
            }
            if self.count("erp_syncs", "finished_at IS NULL") == 0 {
                return;
            }
            self.ground.world.clock.advance(Duration::minutes(10));
            let (working, stop) = self.start_worker();
            let patience = Patience::until("done with what is left");
            while self.due(" OR state = 'running'") > 0 {
                patience.wait().await;
            }
            stop.stop();
            working.await.unwrap();
        }
        panic!("{} syncs never end", self.count("erp_syncs", "finished_at IS NULL"));
    }

    fn start_worker(&self) -> (JoinHandle<()>, Stop) {
        let settings = config::Worker {
            slots: 2,
            // More than can be held by the dead, whose jobs count until their leases end.
            per_client: 100,
            lease: Duration::minutes(2),
            poll: Time::from_millis(5),
            grace: Time::from_secs(3),
        };
        let handlers = jobs::handlers().unwrap();
        let (worker, stop) = Worker::new(self.ground.world.state.clone(), handlers, settings).unwrap();
        (tokio::spawn(worker.work()), stop)
    }

    /// Jobs that wait out a failure, or that a dead worker holds, are not due.
    fn due(&mut self, nor: &str) -> i64 {
        let now = self.ground.world.state.ids.now().to_rfc3339();
        self.count("jobs", &format!("kind = 'sync_with_erp' AND (state = 'waiting' AND run_at <= '{now}'{nor})"))
    }

    /// Rows of this client.
    pub fn count(&mut self, table: &str, which: &str) -> i64 {
        let sql = format!("SELECT count(*) AS n FROM {table} WHERE tenant_id = '{}' AND {which}", self.tenant.id);
        sql_query(sql).get_result::<Count>(&mut self.ground.database).unwrap().n
    }

    /// How many the ERP has had.
    async fn calls(&self) -> u64 {
        let newest = self.erp.get("/mock/calls?limit=1").await;
        newest["calls"][0]["number"].as_u64().unwrap_or(0)
    }

    /// What a dead worker had sent has arrived, and was dealt with, before anybody asks about it.
    async fn until_the_erp_is_idle(&self) {
        let patience = Patience::until("idle");
        loop {
            let calls = self.erp.get("/mock/calls?limit=20").await;
            if calls["calls"].as_array().unwrap().iter().all(|call| call["end"] != "under_way") {
                return;
            }
            patience.wait().await;
        }
    }
}
