//! Schedules: jobs at set times on the clock of their client, once each, whoever was away.

use crate::jobs::{count, start_with, stop, until};
use actix_web::HttpResponse;
use chrono::{DateTime, Duration, Utc};
use countinghouse_api::{
    app::AppState,
    platform::{
        authn::TenantCtx,
        db::DbError,
        http::{Access, ApiError, Body, Route, no_content},
        jobs::{Finished, Handlers, Job, JobError, Run, schedule_in, unschedule_in},
    },
};
use countinghouse_tests::{Caller, Login, World};
use diesel::connection::SimpleConnection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Serialize, Deserialize)]
struct Tick {}

impl Job for Tick {
    const KIND: &'static str = "tick";

    async fn run(self, _: AppState, run: Run) -> Result<Finished, JobError> {
        run.finish(|_| Ok(())).await
    }
}

/// A test's own route: sets the schedule, or takes it away.
#[derive(Deserialize, JsonSchema)]
struct Wish {
    cron: Option<String>,
}

async fn wish(ctx: TenantCtx, body: Body<Wish>) -> Result<HttpResponse, ApiError> {
    let cron = body.0.cron.map(|cron| cron.parse().expect("a cron"));
    let done = ctx.transaction(move |tx| match &cron {
        Some(cron) => schedule_in::<Tick>(tx, cron),
        None => unschedule_in::<Tick>(tx),
    });
    done.await.map_err(|error: DbError| ApiError::from(error))?;
    Ok(no_content())
}

async fn world() -> World {
    World::builder().routes(vec![Route::post("/ticks", Access::LoggedIn, wish)]).start().await
}

async fn schedule(caller: &Caller, cron: &str) {
    caller.post("/ticks", &json!({"cron": cron})).await.expect(204);
}

fn ticks() -> Handlers {
    Handlers::default().with::<Tick>()
}

fn run(world: &World, sql: &str) {
    world.database(Login::Owner).batch_execute(sql).unwrap();
}

/// Sets the clock to this time.
fn at(world: &World, time: &str) {
    let time: DateTime<Utc> = time.parse().unwrap();
    world.clock.advance(time - world.state.ids.now());
}

/// Waits until so many are done, and the next is known.
async fn done(world: &World, ticks: i64, next: &str) {
    until(world, &format!("schedules WHERE kind = 'tick' AND next_at = '{next}'"), 1).await;
    until(world, "jobs WHERE kind = 'tick' AND state = 'done'", ticks).await;
    assert_eq!(count(world, "jobs WHERE kind = 'tick'"), ticks);
}

#[tokio::test]
async fn jobs_come_on_the_clients_clock_also_when_clocks_change() {
    let world = world().await;
    run(&world, &format!("UPDATE tenants SET time_zone = 'Europe/Berlin' WHERE id = '{}'", world.north.id));
    schedule(&world.owner(), "30 2 * * *").await;
    at(&world, "2027-03-27T12:00:00Z");
    let worker = start_with(&world, ticks());
    // 02:30 does not exist on this day.
    done(&world, 0, "2027-03-28 01:00Z").await;
    at(&world, "2027-03-28T01:00:01Z");
    done(&world, 1, "2027-03-29 00:30Z").await;
    assert_eq!(count(&world, "jobs WHERE kind = 'tick' AND run_at = '2027-03-28 01:00Z'"), 1);
    // What was missed for half a year is done once.
    at(&world, "2027-10-30T12:00:00Z");
    done(&world, 2, "2027-10-31 00:30Z").await;
    // 02:30 comes twice on this day.
    at(&world, "2027-10-31T00:30:01Z");
    done(&world, 3, "2027-11-01 01:30Z").await;
    at(&world, "2027-11-01T01:00:00Z");
    // Another clock: from here on it goes by that.
    run(&world, &format!("UPDATE tenants SET time_zone = 'America/New_York' WHERE id = '{}'", world.north.id));
    done(&world, 3, "2027-11-01 06:30Z").await;
    stop(worker).await;
}

#[tokio::test]
async fn what_was_missed_while_nothing_ran_is_done_once_by_one_of_many_workers() {
    let world = world().await;
    schedule(&world.owner(), "*/5 * * * *").await;
    schedule(&world.caller(&world.south, "owner"), "*/5 * * * *").await;
    let first = start_with(&world, ticks());
    until(&world, "schedules WHERE next_at IS NOT NULL", 2).await;
    stop(first).await;
    for day in 1..=4 {
        world.clock.advance(Duration::days(1));
        let workers = [(); 3].map(|()| start_with(&world, ticks()));
        until(&world, "jobs WHERE kind = 'tick' AND state = 'done'", 2 * day).await;
        for worker in workers {
            stop(worker).await;
        }
    }
    assert_eq!(count(&world, "jobs WHERE kind = 'tick'"), 8);
}

/// Two workers saw the same schedule due: whoever is later, even by less than a commit, does nothing.
#[tokio::test]
async fn of_two_workers_one_moves_a_schedule_on() {
    let world = world().await;
    let tenant = world.north.id;
    run(&world, &format!("INSERT INTO schedules VALUES ('{tenant}', 'tick', '0 0 * * *', '2027-01-01 00:00Z')"));
    let move_on = format!(
        "SELECT move_schedules_on('{{{tenant}}}', '{{tick}}', '{{2027-01-01 00:00Z}}', '{{2027-01-02 00:00Z}}', \
         '{{1}}', '{{3}}', '2027-01-01 00:00:01Z')"
    );
    let (mut one, mut other) = (world.database(Login::Worker), world.database(Login::Worker));
    one.batch_execute(&format!("BEGIN; {move_on}")).unwrap();
    other.batch_execute(&move_on).unwrap();
    assert_eq!(count(&world, "jobs WHERE kind = 'tick'"), 0);
    one.batch_execute("COMMIT").unwrap();
    other.batch_execute(&move_on).unwrap();
    assert_eq!(count(&world, "jobs WHERE kind = 'tick' AND run_at = '2027-01-01 00:00Z'"), 1);
}

#[tokio::test]
async fn a_suspended_clients_schedule_waits_and_one_taken_away_is_gone() {
    let world = world().await;
    let (owner, south) = (world.owner(), world.caller(&world.south, "owner"));
    let superadmin = world.superadmin();
    schedule(&owner, "0 * * * *").await;
    schedule(&south, "0 * * * *").await;
    // A kind that this binary does not know is left to one that does.
    run(&world, &format!("INSERT INTO schedules VALUES ('{}', 'later', '* * * * *', '2026-01-01Z')", world.north.id));
    superadmin.post("/admin/tenants/north/suspend", &json!({"reason": "unpaid"})).await.expect(200);
    let worker = start_with(&world, ticks());
    until(&world, "schedules WHERE kind = 'tick' AND next_at IS NOT NULL", 1).await;
    south.post("/ticks", &json!({})).await.expect(204);
    superadmin.post("/admin/tenants/north/resume", &json!({})).await.expect(200);
    until(&world, "schedules WHERE kind = 'tick' AND next_at IS NOT NULL", 1).await;
    world.clock.advance(Duration::hours(2));
    until(&world, "jobs WHERE kind = 'tick' AND state = 'done'", 1).await;
    stop(worker).await;
    assert_eq!(count(&world, "jobs"), 1);
    assert_eq!(count(&world, "schedules WHERE kind = 'later' AND next_at = '2026-01-01Z'"), 1);
}

/// What the service itself does by night: for every client, and for the operator.
#[tokio::test]
async fn every_client_is_purged_by_night_and_so_is_the_operator() {
    let world = World::start().await;
    let old = "INSERT INTO superadmin_sessions (id, superadmin_id, created_at, expires_at)
        SELECT gen_random_uuid(), id, now() - interval '300 days', now() - interval '200 days' FROM superadmins";
    world.superadmin();
    run(&world, old);
    let handlers = || countinghouse_api::jobs::handlers().unwrap();
    let worker = start_with(&world, handlers());
    until(&world, "schedules WHERE kind = 'purge' AND next_at > now()", 2).await;
    until(&world, "chores WHERE name = 'purge' AND next_at > now()", 1).await;
    stop(worker).await;
    assert!(count(&world, "superadmin_sessions WHERE expires_at < now()") > 0);
    world.clock.advance(Duration::days(1));
    let workers = [start_with(&world, handlers()), start_with(&world, handlers())];
    until(&world, "superadmin_sessions WHERE expires_at < now()", 0).await;
    until(&world, "jobs WHERE kind = 'purge' AND state = 'done'", 2).await;
    for worker in workers {
        stop(worker).await;
    }
    assert!(count(&world, "superadmin_sessions") > 0);
    assert_eq!(count(&world, "jobs WHERE kind = 'purge'"), 2);
}
