//! What the service adds to the database's own work: `./dev bench serving`.
//!
//! The same work is done through the API and by pgbench, one after the other, on the same database and
//! the same two cores: an order of two lines as the ten statements that it comes to, one product, and a
//! page of fifty. The figure is how much of pgbench's rate is left. Then at half the rate of the peak:
//! how much longer than half of the requests the slowest percent takes. It fails where a figure misses
//! the goal of its first landing.

use countinghouse_tests::{
    Figures, Login, Tenant, Verdict, World, load, pgbench,
    shops::{self, Shop, product_id, shops},
};
use diesel::{
    QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Uuid as SqlUuid},
};
use std::{
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

const TENANTS: usize = 20;
const CATALOGUE: u64 = 1_000;
const CONNECTIONS: usize = 32;
const TIME: Duration = Duration::from_secs(10);

/// A shop, with what the service remembers of its owner's rights, and the database compares.
struct Client<'a> {
    shop: &'a Shop,
    rights: Rights,
}

#[derive(QueryableByName)]
struct Rights {
    #[diesel(sql_type = BigInt)]
    of_user: i64,
    #[diesel(sql_type = BigInt)]
    of_tenant: i64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let world = World::start().await;
    let shops = shops(&world, TENANTS, CATALOGUE);
    let clients: Vec<Client> = shops.iter().map(|shop| Client { shop, rights: rights(&world, &shop.tenant) }).collect();
    let began = Instant::now();
    let process = shops::serve(&world);
    let started = began.elapsed();
    let address = process.base_url.trim_start_matches("http://").to_owned();

    let mut figures = Figures::default();
    for (what, first, goal, status, requests, script) in [
        ("orders of two lines", 0.6, 1.0, 201, shops::orders(&shops), order_script as fn(&Client<'_>) -> String),
        ("products by id", 0.45, 0.7, 200, shops::products(&shops), product_script),
        ("pages of 50 products", 0.45, 0.7, 200, shops::pages(&shops), page_script),
    ] {
        load(&address, CONNECTIONS, Duration::from_secs(4), None, status, Arc::clone(&requests)).await;
        // What is planned for empty tables is planned anew, as it is wherever autovacuum has come by.
        world.database(Login::Owner).batch_execute("VACUUM ANALYZE").expect("statistics");
        let peak = load(&address, CONNECTIONS, TIME, None, status, Arc::clone(&requests)).await;
        let scripts = written(&clients, script);
        let database = world.database.clone();
        let floor = tokio::task::spawn_blocking(move || pgbench(&database, CONNECTIONS, TIME, &scripts));
        let floor = floor.await.expect("pgbench ends");
        let ratio = peak.rate / floor;
        figures.row(&format!("{what} a second"), format!("{:.0}", peak.rate), "", Verdict::Told);
        let goals = format!("{goal:.2} ({first:.2} at first)");
        let verdict = Verdict::at_least(ratio, goal, first);
        figures.row("the same ÷ pgbench with the same statements", format!("{ratio:.2}"), &goals, verdict);
        let half = load(&address, CONNECTIONS, TIME, Some(peak.rate / 2.0), status, requests).await;
        let (p50, p99) = (half.percentile(50.0), half.percentile(99.0));
        let spread = p99.as_secs_f64() / p50.as_secs_f64();
        figures.row("p50 at half of that rate", format!("{p50:.2?}"), "", Verdict::Told);
        let verdict = if spread <= 4.0 { Verdict::Met } else { Verdict::Short };
        figures.row("p99 ÷ p50 at half of that rate", format!("{spread:.1}"), "4 or less", verdict);
    }
    let verdict = Verdict::of(started <= Duration::from_secs(1));
    figures.row("start to listening", format!("{started:.0?}"), "1 s or less", verdict);
    let memory = process.peak_memory();
    figures.row("memory under load, peak", format!("{memory} MiB"), "400 MiB or less", Verdict::of(memory <= 400));
    figures.ended()
}

fn rights(world: &World, tenant: &Tenant) -> Rights {
    let rights = sql_query(
        "SELECT u.rights_version AS of_user, t.rights_version AS of_tenant FROM users u \
         JOIN tenants t ON t.id = u.tenant_id WHERE u.tenant_id = $1 AND u.id = $2",
    );
    let rights = rights.bind::<SqlUuid, _>(tenant.id.0).bind::<SqlUuid, _>(tenant.user("owner").0);
    rights.get_result(&mut world.database(Login::Owner)).expect("the owner's rights")
}

/// A script for each client, which pgbench chooses among.
fn written(clients: &[Client<'_>], script: fn(&Client<'_>) -> String) -> Vec<PathBuf> {
    let folder = std::env::temp_dir().join(format!("countinghouse-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let write = |(n, client): (usize, &Client<'_>)| {
        let path = folder.join(format!("{n}.sql"));
        std::fs::write(&path, script(client)).expect("a script");
        path
    };
    clients.iter().enumerate().map(write).collect()
}

fn in_tenant(client: &Client<'_>, work: &str) -> String {
    let tenant = client.shop.tenant.id;
    format!("BEGIN;\nSELECT set_config('app.tenant_id', '{tenant}', true);\n{work}\nCOMMIT;\n")
}

const COLUMNS: &str = "p.id, p.sku, p.name, p.description, p.barcode, p.currency, p.price_minor, p.tax_rate, \
    p.low_stock_threshold, p.attributes, p.active, p.version, p.created_at, p.updated_at, s.on_hand, s.unfulfilled, \
    s.value_minor FROM products p JOIN stock s ON s.tenant_id = p.tenant_id AND s.product_id = p.id";

fn product_script(client: &Client<'_>) -> String {
    let select = format!(
        "SELECT {COLUMNS} WHERE p.tenant_id = '{}' AND p.id = {};",
        client.shop.tenant.id,
        product_id(":product")
    );
    format!("\\set product random(1, {CATALOGUE})\n{}", in_tenant(client, &select))
}

fn page_script(client: &Client<'_>) -> String {
    let tenant = client.shop.tenant.id;
    let select = format!(
        "SELECT {COLUMNS} WHERE p.tenant_id = '{tenant}' AND p.active ORDER BY p.created_at DESC, p.id DESC LIMIT 51;"
    );
    in_tenant(client, &select)
}

/// What an order writes: its number (before it begins, as the service draws it), stock, the order, its
/// lines and movements, the audit log, the journal, the invoice, and the answer kept for its key.
fn order_script(client: &Client<'_>) -> String {
    let (tenant, user) = (client.shop.tenant.id, client.shop.tenant.user("owner"));
    let order = "('10000000-0000-4000-8000-' || lpad((:number)::text, 12, '0'))::uuid";
    let (one, two) = (product_id(":one"), product_id(":two"));
    let work = format!(
        "SELECT id, sku, name, price_minor, tax_rate FROM products WHERE tenant_id = '{tenant}' AND id IN ({one}, {two});
UPDATE stock SET on_hand = on_hand - 1, value_minor = value_minor - 400, unfulfilled = unfulfilled + 1, updated_at = now() WHERE tenant_id = '{tenant}' AND product_id IN ({one}, {two});
INSERT INTO orders (tenant_id, id, number, channel, currency, prices_include_tax, subtotal_minor, discount_minor, shipping_minor, shipping_tax_minor, shipping_tax_rate, tax_minor, total_minor, cost_minor, invoiced_on, due_date, commission_rate, ordered_at, created_by, created_at, updated_at) VALUES ('{tenant}', {order}, :number, 'api', 'EUR', false, 2000, 0, 0, 0, 0, 400, 2400, 800, current_date, current_date + 30, 0, now(), '{user}', now(), now());
INSERT INTO order_lines (tenant_id, order_id, position, id, product_id, sku, name, quantity, unit_price_minor, discount_pct, discount_minor, tax_rate, net_minor, tax_minor, cost_minor) VALUES ('{tenant}', {order}, 1, gen_random_uuid(), {one}, 'SKU', 'Product', 1, 1000, 0, 0, 200000, 1000, 200, 400), ('{tenant}', {order}, 2, gen_random_uuid(), {two}, 'SKU', 'Product', 1, 1000, 0, 0, 200000, 1000, 200, 400);
INSERT INTO stock_movements (tenant_id, id, product_id, kind, quantity, unit_cost_minor, value_minor, on_hand_after, value_after_minor, order_id, created_by, created_at) SELECT '{tenant}', gen_random_uuid(), product_id, 'sale', -1, 400, -400, on_hand, value_minor, {order}, '{user}', clock_timestamp() FROM stock WHERE tenant_id = '{tenant}' AND product_id IN ({one}, {two});
INSERT INTO audit_log (tenant_id, created_at, id, actor_kind, actor_id, action, resource_id, after) VALUES ('{tenant}', now(), gen_random_uuid(), 'user', '{user}', 'order.created', {order}, '{{\"channel\": \"api\", \"grand_total\": \"24.00\"}}');
SELECT post_entries('{tenant}', 'EUR', '{user}', now(), ARRAY[gen_random_uuid()], ARRAY[current_date], ARRAY['Invoice'], ARRAY['invoice'], ARRAY[{order}], ARRAY[NULL::uuid], ARRAY[1, 1, 1, 1, 1]::bigint[], ARRAY['1100', '1200', '2100', '4000', '5000'], ARRAY[2400, -800, -400, -2000, 800]::bigint[], ARRAY[NULL, NULL, NULL, NULL, NULL]::text[]);
INSERT INTO idempotency_keys (tenant_id, scope_sha256, request_sha256, status, body, created_at) VALUES ('{tenant}', sha256(uuid_send(gen_random_uuid())), sha256('x'), 201, repeat('x', 1500)::bytea, now());
WITH drawn AS (INSERT INTO invoice_counters AS c (tenant_id, kind, last_number) VALUES ('{tenant}', 'invoice', 1) ON CONFLICT (tenant_id, kind) DO UPDATE SET last_number = c.last_number + 1 RETURNING last_number) INSERT INTO invoices (tenant_id, id, order_id, kind, number, date, due_date, lines, totals, created_by, created_at) SELECT '{tenant}', gen_random_uuid(), {order}, 'invoice', last_number, current_date, current_date + 30, '[]', '{{}}', '{user}', now() FROM drawn;"
    );
    format!(
        "\\set one random(1, {CATALOGUE})\n\\set two (:one % {CATALOGUE}) + 1\n\
         SELECT number FROM next_order_number('{tenant}', 'session', '{session}', \
         {of_user}, {of_tenant}, now(), 'api', NULL) \\gset\n{}",
        in_tenant(client, &work),
        of_user = client.rights.of_user,
        of_tenant = client.rights.of_tenant,
        session = client.shop.tenant.session("owner"),
    )
}
