//! Clients with their troubles, as many as superadmins may have to look after, made by SQL.

use countinghouse_tests::{Login, World};
use diesel::connection::SimpleConnection;

/// Written past the keys and triggers, for what they point at is not looked at here.
pub fn fill(world: &World, clients: usize) {
    let each = |count: usize, first: usize| {
        format!(
            "(SELECT id, row_number() OVER (ORDER BY slug) AS n FROM tenants) t \
             CROSS JOIN LATERAL (SELECT t.n + {first} + {clients} * k AS n FROM generate_series(0, {count} - 1) k) o"
        )
    };
    let (ten, fifty) = (each(10, 0), each(50, 1_000_000));
    let statements = format!(
        "SET session_replication_role = replica;
         INSERT INTO tenants (id, slug, name, currency, time_zone, created_at, updated_at)
             SELECT gen_random_uuid(), 'client-' || n, 'Client ' || n, 'EUR', 'UTC', now() - n * interval '1 minute', now()
             FROM generate_series(1, {clients}) n;
         INSERT INTO users (tenant_id, id, username, role, password_hash, created_at, updated_at)
             SELECT id, gen_random_uuid(), 'olga', 'owner', 'x', now(), now() FROM tenants;
         INSERT INTO erp_configs (tenant_id, enabled, immediate_sync, debug, cron_enabled, cron_schedule, base_url,
                 api_key, timeout_seconds, max_attempts, base_delay_seconds, created_at, updated_at, failing_since, open_until)
             SELECT id, true, true, false, false, '0 * * * *', 'https://x', 'x', 1, 5, 1, now(), now(),
                 CASE WHEN random() < 0.01 THEN now() END, now() + interval '1 hour' FROM tenants;
         INSERT INTO erp_syncs (tenant_id, id, order_id, order_number, order_version, cause, status, attempts,
                 max_attempts, idempotency_key, last_error, created_at, updated_at, finished_at)
             SELECT t.id, gen_random_uuid(), gen_random_uuid(), 'SO-' || o.n, 1, 'invoice', 'failed', 5, 5, 'k' || o.n,
                 (ARRAY['Answered 503: out of order', 'there was no answer in time',
                     'Answered 422: unknown SKU ' || o.n % 5000])[1 + o.n % 3],
                 now() - o.n * interval '10 seconds', now(), now() FROM {ten};
         INSERT INTO erp_syncs (tenant_id, id, order_id, order_number, order_version, cause, status, attempts,
                 max_attempts, idempotency_key, created_at, updated_at, finished_at)
             SELECT t.id, gen_random_uuid(), gen_random_uuid(), 'SO-' || o.n, 1, 'invoice', 'success', 1, 5, 's' || o.n,
                 now() - o.n * interval '10 seconds', now(), now() FROM {fifty};
         INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, state, run_at, attempts, max_attempts,
                 last_error, created_at, finished_at)
             SELECT t.id, gen_random_uuid(), (ARRAY['sync_with_erp', 'purge', 'send_webhooks'])[1 + o.n % 3], 1, '{{}}',
                 'dead', now(), 5, 5, 'x', now(), now() - o.n * interval '1 second' FROM {ten};
         INSERT INTO webhook_endpoints (tenant_id, id, url, event_types, failing_since, created_at, updated_at)
             SELECT id, gen_random_uuid(), 'https://x', '{{}}', CASE WHEN random() < 0.05 THEN now() END, now(), now()
             FROM tenants;
         INSERT INTO sessions (tenant_id, id, user_id, created_at, expires_at)
             SELECT tenant_id, gen_random_uuid(), id, now() - random() * interval '1 day', now() + interval '1 day'
             FROM users, generate_series(1, 5);
         INSERT INTO session_events (tenant_id, id, kind, user_id, created_at)
             SELECT tenant_id, gen_random_uuid(), CASE WHEN n = 1 THEN 'login_failed' ELSE 'login' END, id,
                 now() - random() * interval '1 day' FROM users, generate_series(1, 10) n"
    );
    let mut database = world.database(Login::Superuser);
    database.batch_execute(&statements).expect("clients with their troubles");
    database.batch_execute("VACUUM ANALYZE").expect("statistics");
}
