//! A worker: claims jobs as it has hands free, does them side by side, and says that it lives.

use super::{
    Claim, Handlers, JobError, Queue, Run, Waker,
    away::Away,
    backoff::{delay, until_known},
    pace::Pace,
    queue::{Failure, Wanted},
    schedules::store_due,
};
use crate::{
    app::AppState,
    config,
    platform::{
        db::DbError,
        points::{self, Point},
    },
};
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    task::{self, JoinError, JoinSet},
    time,
};
use uuid::Uuid;

/// How often it looks for schedules whose time has come.
const CLOCK: Duration = Duration::from_secs(1);

/// Asks a worker to stop.
#[derive(Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// One process's worker.
pub struct Worker {
    state: AppState,
    queue: Queue,
    waker: Waker,
    handlers: Handlers,
    config: config::Worker,
    name: String,
    /// Claims that were answered. The next one has this number, until it is answered too.
    answered: u64,
    /// The last claim was not.
    again: bool,
    /// The claim that is under way, and how many it asked for.
    claiming: JoinSet<Result<Vec<Claim>, DbError>>,
    wanted: usize,
    pace: Pace,
    /// The client that was served last: the next claim begins after it.
    last: Uuid,
    /// When every client was last given the schedules that all have.
    scheduled_at: Option<DateTime<Utc>>,
    stop: watch::Receiver<bool>,
    running: JoinSet<()>,
    /// Those of them that take no hand just now.
    away: Away,
    held: HashMap<task::Id, Arc<Claim>>,
}

impl Worker {
    pub fn new(state: AppState, handlers: Handlers, config: config::Worker) -> Result<(Self, Stop), DbError> {
        let (sender, stop) = watch::channel(false);
        let worker = Self {
            queue: state.db.queue()?,
            waker: state.db.waker().clone(),
            name: state.ids.make::<Uuid>()?.to_string(),
            state,
            handlers,
            config,
            answered: 0,
            again: false,
            claiming: JoinSet::new(),
            wanted: 0,
            pace: Pace::new(),
            last: Uuid::nil(),
            scheduled_at: None,
            stop,
            running: JoinSet::new(),
            away: Away::default(),
            held: HashMap::new(),
        };
        Ok((worker, Stop(Arc::new(sender))))
    }

    /// Works until it is told to stop; then finishes what it can within the grace time, and gives
    /// the rest back.
    pub async fn work(mut self) {
        let ear = tokio::spawn(self.waker.clone().pass_on());
        let (beat, poll) = (self.config.heartbeat(), self.config.poll);
        let (mut heartbeat, mut poll, mut clock) = (every(beat, beat), every(poll, poll), every(Duration::ZERO, CLOCK));
        let (waker, away) = (self.waker.clone(), self.away.clone());
        self.live().await;
        while !*self.stop.borrow() {
            let due = self.claim_if_due();
            tokio::select! {
                Some(ended) = self.running.join_next_with_id() => {
                    self.ended(ended);
                    // And others that ended meanwhile, so that one claim fills all their places.
                    while let Some(ended) = self.running.try_join_next_with_id() {
                        self.ended(ended);
                    }
                }
                Some(answer) = self.claiming.join_next() => self.claimed(answer),
                () = waker.woken() => self.pace.woken(),
                () = away.one_left() => self.pace.ended(time::Instant::now()),
                () = until(due) => {}
                _ = poll.tick() => self.pace.polled(),
                _ = heartbeat.tick() => self.live().await,
                // Not beside a claim, which could take a job of it that nobody knows to be stored.
                _ = clock.tick(), if self.claiming.is_empty() => self.store_due().await,
                _ = self.stop.changed() => {}
            }
        }
        ear.abort();
        self.wind_up().await;
    }

    /// Claims as many as there are hands free, if it is time. It goes on doing what it has meanwhile. Else
    /// it answers when it will be time.
    fn claim_if_due(&mut self) -> Option<time::Instant> {
        let free = self.config.slots.saturating_sub(self.busy());
        if free == 0 || !self.claiming.is_empty() {
            return None;
        }
        let now = time::Instant::now();
        let due = self.pace.due(now)?;
        if due > now {
            return Some(due);
        }
        let wanted = Wanted {
            name: format!("{}/{}", self.name, self.answered),
            again: self.again,
            after: self.last,
            most: i32::try_from(free).unwrap_or(i32::MAX),
            most_per_client: self.config.per_client,
            until: self.state.ids.now() + self.config.lease,
        };
        let queue = self.queue.clone();
        self.pace.claiming();
        self.wanted = free;
        self.claiming.spawn(async move { queue.claim(wanted).await });
        None
    }

    /// How many hands are taken.
    fn busy(&self) -> usize {
        self.running.len().saturating_sub(self.away.hands())
    }

    fn claimed(&mut self, answer: Result<Result<Vec<Claim>, DbError>, JoinError>) {
        let answer = answer.unwrap_or(Err(DbError::Thread));
        self.again = answer.is_err();
        let claims = match answer {
            Ok(claims) => claims,
            Err(error) => {
                tracing::error!(%error, "jobs can not be claimed");
                return self.pace.failed(time::Instant::now(), self.config.poll);
            }
        };
        self.answered += 1;
        // They come in turn: behind the one served last, and then from the first.
        let tenants = || claims.iter().map(|claim| claim.tenant_id);
        self.last = tenants().filter(|tenant| *tenant <= self.last).max().or(tenants().max()).unwrap_or(self.last);
        if !claims.is_empty() {
            points::reached(Point::Claimed);
        }
        self.pace.claimed(self.wanted, claims.len(), self.busy() + claims.len());
        for claim in claims {
            self.begin(claim);
        }
    }

    fn begin(&mut self, claim: Claim) {
        let (state, handlers, queue) = (self.state.clone(), self.handlers.clone(), self.queue.clone());
        let away = self.away.clone();
        let claim = Arc::new(claim);
        let held = Arc::clone(&claim);
        let task = self.running.spawn(async move {
            let began = Instant::now();
            let run = Run::new(Arc::clone(&claim), state.db.clone(), away);
            let doing = async { handlers.run(state.clone(), run).await };
            // A panic is a failure like others. What it left of the job's own is dropped with it.
            let done = AssertUnwindSafe(doing).catch_unwind().await;
            let done = done.unwrap_or_else(|_| Err(JobError::Failed(anyhow::anyhow!("it panicked"))));
            let outcome = done.as_ref().err().map_or("done", JobError::outcome);
            state.metrics.jobs.attempted(claim.kind(), outcome, began.elapsed());
            if let Err(error) = done {
                put_away(&state, &queue, &claim, error).await;
            }
        });
        self.held.insert(task.id(), held);
    }

    /// What ended is no longer held: if it ended before its outcome was kept, it is lost with its lease.
    fn ended(&mut self, ended: Result<(task::Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "a job's task ended early");
                error.id()
            }
        };
        self.held.remove(&id);
        self.pace.ended(time::Instant::now());
    }

    /// Says that what it holds is being done, and looks after what others have lost.
    async fn live(&mut self) {
        let said = self.hold().await;
        let looked = self.queue.give_up_lost().await;
        if let Err(error) = said.and(looked) {
            tracing::error!(%error, "the worker can not say that it lives");
        }
        if let Err(error) = self.look_after_schedules().await {
            tracing::error!(%error, "schedules can not be looked after");
        }
    }

    async fn hold(&self) -> Result<(), DbError> {
        if self.held.is_empty() {
            return Ok(());
        }
        let held: Vec<_> = self.held.values().cloned().collect();
        self.queue.hold(&held, self.state.ids.now() + self.config.lease).await
    }

    /// Gives the schedules that all have to clients that were made meanwhile, once an hour; and does the
    /// operator's chores.
    async fn look_after_schedules(&mut self) -> Result<(), DbError> {
        let now = self.state.ids.now();
        if self.scheduled_at.is_none_or(|before| (now - before).abs() >= chrono::Duration::hours(1)) {
            for (kind, cron) in self.handlers.every_clients() {
                self.queue.schedule_for_all(kind, cron).await?;
            }
            self.scheduled_at = Some(now);
        }
        for chore in self.handlers.chores() {
            chore.look_after(self.queue.lane(), &self.state).await?;
        }
        Ok(())
    }

    async fn store_due(&self) {
        if let Err(error) = store_due(&self.queue, &self.handlers, self.state.ids.now()).await {
            tracing::error!(%error, "jobs whose time has come can not be stored");
        }
    }

    async fn wind_up(mut self) {
        let end = time::Instant::now() + self.config.grace;
        let mut left = Vec::new();
        // The first tick is at once: what was held by the last heartbeat may end within the grace time.
        let mut heartbeat = time::interval(self.config.heartbeat());
        while !self.running.is_empty() || !self.claiming.is_empty() {
            tokio::select! {
                Some(ended) = self.running.join_next_with_id() => self.ended(ended),
                Some(Ok(Ok(claims))) = self.claiming.join_next() => left.extend(claims.into_iter().map(Arc::new)),
                _ = heartbeat.tick() => {
                    if let Ok(Err(error)) = time::timeout_at(end, self.hold()).await {
                        tracing::error!(%error, "the worker can not say that it lives");
                    }
                }
                () = time::sleep_until(end) => break,
            }
        }
        self.running.abort_all();
        left.extend(self.held.into_values());
        if !left.is_empty() {
            tracing::info!(jobs = left.len(), "giving jobs back");
            points::reached(Point::HandingBack);
            if let Err(error) = self.queue.hand_back(&left).await {
                tracing::error!(%error, "jobs can not be given back; they wait for the end of their lease");
            }
        }
    }
}

async fn until(due: Option<time::Instant>) {
    match due {
        Some(due) => time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Ticks; late ones do not come together.
fn every(first: Duration, period: Duration) -> time::Interval {
    let mut interval = time::interval_at(time::Instant::now() + first, period);
    interval.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    interval
}

/// What becomes of a job that did not finish.
async fn put_away(state: &AppState, queue: &Queue, claim: &Arc<Claim>, error: JobError) {
    let kept = match error {
        // It is somebody else's by now.
        JobError::Db(DbError::JobLost) => {
            tracing::warn!(job = %claim.job(), kind = claim.kind(), "a job was lost to another worker");
            return;
        }
        JobError::Db(DbError::ClientSuspended) => queue.put_off(claim, None, None).await,
        JobError::NotKnown(reason) => {
            tracing::warn!(job = %claim.job(), kind = claim.kind(), reason, "a job waits for a newer binary");
            let now = state.ids.now();
            queue.put_off(claim, Some(told(&reason)), Some(now + until_known(now - claim.created_at))).await
        }
        error => {
            let (tenant, job, kind, attempt) = (claim.tenant(), claim.job(), claim.kind(), claim.attempt());
            tracing::warn!(%tenant, %job, kind, attempt, %error, "a job failed");
            let next = state.ids.now() + delay(claim.attempt(), &state.ids);
            let hopeless = matches!(error, JobError::Hopeless(_));
            points::reached(Point::Failing);
            let kept = queue.fail(claim, Failure { error: told(&error.to_string()), next, hopeless }).await;
            points::reached(Point::Failed);
            kept
        }
    };
    if let Err(error) = kept {
        tracing::error!(%error, job = %claim.job(), "what became of a job can not be kept");
    }
}

/// What is kept of a reason.
fn told(reason: &str) -> String {
    reason.chars().filter(|c| !c.is_control()).take(2000).collect()
}

impl config::Worker {
    fn heartbeat(&self) -> Duration {
        (self.lease / 3).to_std().unwrap_or(Duration::from_secs(10))
    }
}
