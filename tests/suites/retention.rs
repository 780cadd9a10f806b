//! Retention: what is past its time goes, table by table, and what is not stays.

use crate::jobs::{count, start_with, stop, until};
use countinghouse_tests::{Login, World};
use diesel::connection::SimpleConnection;

/// Rows of north: their table, a row that was written so long ago, and from how many days on it goes.
const ROWS: [(&str, &str, i32); 7] = [
    ("session_events", "(tenant_id, id, kind, created_at) SELECT t, gen_random_uuid(), 'login', at", 400),
    ("sessions", "(tenant_id, id, user_id, created_at, expires_at) SELECT t, gen_random_uuid(), {owner}, at, at", 90),
    (
        "jobs",
        "(tenant_id, id, kind, payload_version, payload, state, run_at, max_attempts, created_at, finished_at) \
         SELECT t, gen_random_uuid(), 'gone', 1, '{}', 'done', at, 1, at, at",
        30,
    ),
    ("events", "(tenant_id, id, kind, data, created_at) SELECT t, gen_random_uuid(), 'stock.low', '{}', at", 30),
    (
        "imports",
        "(tenant_id, id, kind, format, mode, dry_run, status, bytes, job_id, created_by, created_at, finished_at) \
         SELECT t, gen_random_uuid(), 'products', 'csv', 'skip_bad', false, 'done', 0, gen_random_uuid(), {owner}, at, at",
        30,
    ),
    (
        "webhook_endpoints",
        "(tenant_id, id, url, event_types, disabled_at, disabled_by, deleted_at, created_at, updated_at) \
         SELECT t, gen_random_uuid(), 'https://x', '{}', at, 'user', at, at, at",
        30,
    ),
    (
        "idempotency_keys",
        "(tenant_id, scope_sha256, request_sha256, status, body, created_at) \
         SELECT t, sha256(n::text::bytea), sha256('x'), 200, 'x', at",
        1,
    ),
];

/// Many rows of an age in days, so that one batch does not do.
fn write(world: &World, table: &str, row: &str, days: i32, rows: i32) {
    let tenant = world.north.id;
    let sql = format!(
        "INSERT INTO {table} {row} FROM \
         (SELECT '{tenant}'::uuid AS t, now() - interval '{days} days' AS at, {days} * 10000 + n AS n \
         FROM generate_series(1, {rows}) n)"
    );
    let sql = sql.replace("{owner}", &format!("'{}'::uuid", world.north.user("owner")));
    world.database(Login::Owner).batch_execute(&sql).unwrap();
}

#[tokio::test]
async fn every_table_keeps_its_rows_for_as_long_as_it_says() {
    let world = World::start().await;
    for (table, row, days) in ROWS {
        write(&world, table, row, days + 1, 1500);
        write(&world, table, row, days - 1, 3);
    }
    // South's purge is not due: its rows stay.
    let south = format!(
        "INSERT INTO session_events VALUES ('{}', gen_random_uuid(), 'login', NULL, NULL, NULL, NULL, NULL, now() - interval '900 days')",
        world.south.id
    );
    world.database(Login::Owner).batch_execute(&south).unwrap();
    let before: Vec<i64> = ROWS.iter().map(|(table, ..)| count(&world, table)).collect();
    let purge = format!(
        "INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, run_at, max_attempts, created_at) \
         VALUES ('{}', gen_random_uuid(), 'purge', 1, '{{}}', now(), 1, now())",
        world.north.id
    );
    world.database(Login::Owner).batch_execute(&purge).unwrap();
    let worker = start_with(&world, countinghouse_api::jobs::handlers().unwrap());
    until(&world, "jobs WHERE kind = 'purge' AND state = 'done'", 1).await;
    stop(worker).await;
    for ((table, ..), before) in ROWS.iter().zip(before) {
        let purges = if *table == "jobs" { 1 } else { 0 };
        assert_eq!(count(&world, table), before - 1500 + purges, "{table}");
    }
}

/// An event goes with all that was told of it, and not while it is still being told.
#[tokio::test]
async fn an_event_stays_for_as_long_as_it_is_being_told() {
    let world = World::start().await;
    let tenant = world.north.id;
    let rows = format!(
        "INSERT INTO webhook_endpoints (tenant_id, id, url, event_types, created_at, updated_at)
             VALUES ('{tenant}', md5('e')::uuid, 'https://x', '{{stock.low}}', now(), now());
         INSERT INTO events (tenant_id, id, kind, data, created_at)
             SELECT '{tenant}', md5('v' || n)::uuid, 'order.created', '{{}}', now() - interval '40 days' FROM generate_series(1, 3) n;
         INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, cause, state, next_attempt_at, created_at, finished_at)
             SELECT '{tenant}', md5('d' || n)::uuid, md5('e')::uuid, md5('v' || n)::uuid, 'event',
                 CASE n WHEN 1 THEN 'pending' ELSE 'delivered' END, CASE n WHEN 1 THEN now() END, now(),
                 CASE n WHEN 1 THEN NULL ELSE now() END FROM generate_series(1, 2) n;
         INSERT INTO webhook_attempts (tenant_id, delivery_id, number, attempted_at, duration_ms, status)
             SELECT '{tenant}', md5('d' || n)::uuid, 1, now(), 1, 200 FROM generate_series(1, 2) n;
         INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, run_at, max_attempts, created_at)
             VALUES ('{tenant}', gen_random_uuid(), 'purge', 1, '{{}}', now(), 1, now())"
    );
    world.database(Login::Owner).batch_execute(&rows).unwrap();
    let worker = start_with(&world, countinghouse_api::jobs::handlers().unwrap());
    until(&world, "jobs WHERE kind = 'purge' AND state = 'done'", 1).await;
    stop(worker).await;
    for (table, left) in [("events", 1), ("webhook_deliveries", 1), ("webhook_attempts", 1), ("webhook_endpoints", 1)] {
        assert_eq!(count(&world, table), left, "{table}");
    }
}
