//! `kill -9` of a worker at every named point of a job's life: it is finished once in effect, within
//! twice the lease, and whoever comes back too late changes nothing.

use crate::{
    drain::PURGE,
    jobs::{count, until},
};
use countinghouse_api::platform::points::Point;
use countinghouse_tests::{Login, Process, World};
use diesel::connection::SimpleConnection;
use std::time::{Duration, Instant};

const LEASE_SECONDS: u64 = 3;
const TIMES: usize = 3;

/// What a job is there for, in the transaction that ends it: a line in `effects`.
const EFFECTS: &str = "CREATE TABLE effects (job uuid NOT NULL, state text NOT NULL);
    CREATE FUNCTION note_effect() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN INSERT INTO public.effects VALUES (NEW.id, NEW.state); RETURN NULL; END $$;
    CREATE TRIGGER note_effect AFTER UPDATE ON jobs FOR EACH ROW
        WHEN (NEW.finished_at IS NOT NULL AND OLD.finished_at IS NULL) EXECUTE FUNCTION note_effect()";

/// A job that fails for a reason that stays, and is dead at the second time.
const HOPELESS: &str =
    "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, run_at, max_attempts, created_at)
    SELECT id, gen_random_uuid(), 'purge', 1, '\"what?\"', now(), 2, now() FROM tenants WHERE slug = 'north'";

const DUE: &str = "INSERT INTO schedules SELECT id, 'purge', '17 3 * * *', now() - interval '1 minute'
    FROM tenants WHERE slug = 'north' ON CONFLICT (tenant_id, kind) DO UPDATE SET next_at = EXCLUDED.next_at";

struct Crash {
    world: World,
    environment: Vec<(&'static str, String)>,
}

impl Crash {
    async fn new() -> Self {
        let world = World::start().await;
        world.database(Login::Owner).batch_execute(EFFECTS).unwrap();
        let mut environment = world.environment();
        environment.push(("WORKER_LEASE_SECONDS", LEASE_SECONDS.to_string()));
        environment.push(("SHUTDOWN_SECONDS", "1".to_owned()));
        Self { world, environment }
    }

    fn run(&self, sql: &str) {
        self.world.database(Login::Owner).batch_execute(sql).unwrap();
    }

    fn worker(&self) -> Process {
        Process::work(&self.environment)
    }

    /// A worker that will stop itself there.
    fn worker_until(&self, point: Point) -> Process {
        let mut environment = self.environment.clone();
        environment.push(("STOP_AT", format!("{point:?}")));
        Process::work(&environment)
    }

    /// Kills it, and lets another one end all jobs within twice the lease.
    async fn kill(&self, mut worker: Process, rounds: usize) {
        worker.signal("KILL");
        worker.wait();
        let killed = Instant::now();
        let mut next = self.worker();
        let all = i64::try_from(rounds).unwrap();
        until(&self.world, "effects", all).await;
        assert!(killed.elapsed() < Duration::from_secs(2 * LEASE_SECONDS), "{:?}", killed.elapsed());
        next.signal("TERM");
        next.wait_for("stopped");
        assert!(next.wait().success());
        assert_eq!(count(&self.world, "jobs WHERE finished_at IS NULL"), 0);
        assert_eq!(count(&self.world, "(SELECT DISTINCT job FROM effects) e"), all);
        assert_eq!(count(&self.world, "effects"), all);
        assert_eq!(count(&self.world, "session_events WHERE created_at < now() - interval '400 days'"), 0);
    }

    /// Kills a worker there again and again, with this in the database; each job takes so many attempts.
    async fn again_and_again(point: Point, work: &str, attempts: i32) {
        let crash = Self::new().await;
        for round in 1..=TIMES {
            crash.run(work);
            let mut worker = crash.worker_until(point);
            worker.wait_for("held at a named point");
            crash.kill(worker, round).await;
            assert_eq!(count(&crash.world, &format!("jobs WHERE attempts <> {attempts}")), 0, "{point:?}");
        }
    }
}

#[tokio::test]
async fn after_the_claim() {
    Crash::again_and_again(Point::Claimed, PURGE, 2).await;
}

#[tokio::test]
async fn during_the_work() {
    Crash::again_and_again(Point::StepDone, PURGE, 2).await;
}

#[tokio::test]
async fn before_the_commit() {
    Crash::again_and_again(Point::Finishing, PURGE, 2).await;
}

#[tokio::test]
async fn after_the_commit() {
    Crash::again_and_again(Point::Finished, PURGE, 1).await;
}

#[tokio::test]
async fn before_a_failure_is_known_and_after() {
    for point in [Point::Failing, Point::Failed] {
        Crash::again_and_again(point, HOPELESS, 2).await;
    }
}

#[tokio::test]
async fn before_a_schedules_job_is_stored() {
    Crash::again_and_again(Point::ScheduleDue, DUE, 1).await;
}

#[tokio::test]
async fn after_a_schedules_job_is_stored() {
    Crash::again_and_again(Point::ScheduleMoved, DUE, 1).await;
}

/// Its transaction hangs at a lock, the grace time ends, and it dies before it gives anything back.
#[tokio::test]
async fn before_a_job_is_handed_back() {
    let crash = Crash::new().await;
    for round in 1..=TIMES {
        crash.run(PURGE);
        let mut holder = crash.world.database(Login::Owner);
        holder.batch_execute("BEGIN; SELECT FROM session_events FOR UPDATE").unwrap();
        let mut worker = crash.worker_until(Point::HandingBack);
        crash.world.until_one_waits().await;
        worker.signal("TERM");
        worker.wait_for("held at a named point");
        holder.batch_execute("COMMIT").unwrap();
        crash.kill(worker, round).await;
    }
}

/// Stopped for longer than its lease, as a machine that sleeps; when it goes on, the job is another's.
#[tokio::test]
async fn a_worker_that_comes_back_after_its_lease_writes_nothing() {
    let crash = Crash::new().await;
    for round in 1..=TIMES {
        crash.run(PURGE);
        let mut stale = crash.worker_until(Point::StepDone);
        stale.wait_for("held at a named point");
        let mut other = crash.worker();
        until(&crash.world, "jobs WHERE state = 'done' AND attempts = 2 AND fence = 2", i64::try_from(round).unwrap())
            .await;
        stale.signal("CONT");
        stale.wait_for("a job was lost to another worker");
        for worker in [&mut stale, &mut other] {
            worker.signal("TERM");
            worker.wait_for("stopped");
            assert!(worker.wait().success());
        }
        assert_eq!(count(&crash.world, "effects"), i64::try_from(round).unwrap());
    }
}

/// Stopped with everything written and nothing committed: it holds the job's row, so nobody takes the job
/// from it, and it finishes when it goes on.
#[tokio::test]
async fn a_worker_that_stands_before_its_commit_keeps_its_job() {
    let crash = Crash::new().await;
    crash.run(PURGE);
    let mut slow = crash.worker_until(Point::Finishing);
    slow.wait_for("held at a named point");
    let late = "jobs WHERE state = 'running' AND lease_until < now()";
    until(&crash.world, late, 1).await;
    // The other looks for what is lost before it takes any job.
    crash.run(PURGE);
    let _other = crash.worker();
    until(&crash.world, "effects", 1).await;
    assert_eq!(count(&crash.world, late), 1);
    slow.signal("CONT");
    until(&crash.world, "jobs WHERE state = 'done' AND attempts = 1", 2).await;
    assert_eq!(count(&crash.world, "effects"), 2);
}

#[test]
fn every_named_point_is_tried() {
    let tests =
        [include_str!("crashes.rs"), include_str!("erp/crashes.rs"), include_str!("images/storing.rs")].concat();
    for point in Point::ALL {
        assert!(tests.contains(&format!("Point::{point:?}")), "{point:?}");
    }
}
