//! Whether an order costs more where there are many already: `./dev bench scale`.
//!
//! Two databases beside each other, each with a service of its own, are loaded by turns: one with
//! 10,000 orders and one with 1,000,000 of the same 20 clients, made by SQL; then one with 10 clients and
//! one with 1,000. The figure is how much longer an order takes in the larger: the median of the turns.

use countinghouse_tests::{
    Cluster, Figures, Login, Process, Requests, Verdict, World, load,
    shops::{self, Shops, shops},
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
        fill(&world, &shops, orders / clients);
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

/// So many orders of two lines for each client, as the service would have written them over the year
/// before, without triggers: it would take an hour with them. Their goods are not in the stock.
fn fill(world: &World, shops: &Shops, orders: usize) {
    let mut database = Cluster::get().connect(Login::Superuser, &world.database);
    database.batch_execute("SET session_replication_role = replica").expect("a superuser");
    for shop in shops.iter() {
        let (tenant, user) = (shop.tenant.id, shop.tenant.user("owner"));
        let statements = format!(
            "CREATE TEMP TABLE made ON COMMIT DROP AS
                 SELECT n, uuidv7(ago) AS id, now() + ago AS at, (now() + ago)::date AS day,
                     ARRAY[n % 100 + 1, (n + 1) % 100 + 1] AS products
                 FROM (SELECT n, ({orders} - n) * interval '-365 days' / {orders} AS ago
                       FROM generate_series(1, {orders}) n) m;
             INSERT INTO orders (tenant_id, id, number, channel, currency, prices_include_tax, subtotal_minor,
                     discount_minor, shipping_minor, shipping_tax_minor, shipping_tax_rate, tax_minor, total_minor,
                     cost_minor, invoiced_on, due_date, commission_rate, ordered_at, created_by, created_at, updated_at)
                 SELECT '{tenant}', id, n, 'api', 'EUR', false, 2000, 0, 0, 0, 0, 400, 2400, 800, day, day + 30, 0, at,
                     '{user}', at, at FROM made;
             INSERT INTO order_lines (tenant_id, order_id, position, id, product_id, sku, name, quantity,
                     unit_price_minor, discount_pct, discount_minor, tax_rate, net_minor, tax_minor, cost_minor)
                 SELECT '{tenant}', id, p, uuidv7(), {product}, 'SKU-' || products[p], 'Product', 1, 1000, 0, 0, 200000,
                     1000, 200, 400 FROM made, generate_series(1, 2) p;
             INSERT INTO stock_movements (tenant_id, id, product_id, kind, quantity, unit_cost_minor, value_minor,
                     on_hand_after, value_after_minor, order_id, created_by, created_at)
                 SELECT '{tenant}', uuidv7(), {product}, 'sale', -1, 400, -400, 1000000, 400000000, id, '{user}', at
                 FROM made, generate_series(1, 2) p;
             INSERT INTO invoices (tenant_id, id, order_id, kind, number, date, due_date, lines, totals, created_by,
                     created_at)
                 SELECT '{tenant}', uuidv7(), id, 'invoice', n, day, day + 30, '[]', '{{}}', '{user}', at FROM made;
             INSERT INTO audit_log (tenant_id, created_at, id, actor_kind, actor_id, action, resource_id)
                 SELECT '{tenant}', at, uuidv7(), 'user', '{user}', 'order.created', id::text FROM made;
             INSERT INTO idempotency_keys (tenant_id, scope_sha256, request_sha256, status, body, created_at)
                 SELECT '{tenant}', sha256(uuid_send(id)), sha256('x'), 201, repeat('x', 1500)::bytea, at
                 FROM made WHERE at > now() - interval '1 day';
             INSERT INTO journal_entries (tenant_id, id, number, date, currency, memo, source, source_id, created_by,
                     created_at)
                 SELECT '{tenant}', uuidv7(), n, day, 'EUR', 'Invoice', 'invoice', id, '{user}', at FROM made;
             INSERT INTO journal_lines (tenant_id, entry_number, position, account, date, amount_minor)
                 SELECT '{tenant}', n, l.position, l.account, day, l.amount
                 FROM made CROSS JOIN (VALUES (1, '1100', 2400), (2, '1200', -800), (3, '2100', -400),
                     (4, '4000', -2000), (5, '5000', 800)) l (position, account, amount);
             INSERT INTO account_daily_totals (tenant_id, account, date, amount_minor)
                 SELECT tenant_id, account, date, sum(amount_minor) FROM journal_lines
                 WHERE tenant_id = '{tenant}' AND entry_number <= folded_through({orders}) GROUP BY 1, 2, 3;
             INSERT INTO order_counters (tenant_id, last_number) VALUES ('{tenant}', {orders})
                 ON CONFLICT (tenant_id) DO UPDATE SET last_number = excluded.last_number;
             INSERT INTO invoice_counters (tenant_id, kind, last_number) VALUES ('{tenant}', 'invoice', {orders})
                 ON CONFLICT (tenant_id, kind) DO UPDATE SET last_number = excluded.last_number;
             INSERT INTO journal_counters (tenant_id, last_number) VALUES ('{tenant}', {orders})
                 ON CONFLICT (tenant_id) DO UPDATE SET last_number = excluded.last_number",
            product = shops::product_id("products[p]"),
        );
        database.batch_execute(&format!("BEGIN; {statements}; COMMIT")).expect("orders of the past");
    }
}
