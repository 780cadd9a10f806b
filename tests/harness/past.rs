//! What clients sold before a measurement begins, made by SQL and without triggers: it would take an hour with them.

use crate::{
    Cluster, Login, World,
    shops::{self, Shops},
};
use countinghouse_contract::TenantId;
use diesel::connection::SimpleConnection;

/// So many orders of two lines for each client, as the service would have written them over the year before.
/// Their goods are not in the stock.
pub fn fill(world: &World, shops: &Shops, orders: usize) {
    let mut database = Cluster::get().connect(Login::Superuser, &world.database);
    database.batch_execute("SET session_replication_role = replica").expect("a superuser");
    for shop in shops.iter() {
        let (tenant, user) = (shop.tenant.id, shop.tenant.user("owner"));
        let statements = format!(
            "CREATE TEMP TABLE made ON COMMIT DROP AS
                 SELECT n, uuidv7(ago) AS id, now() + ago AS at, (now() + ago)::date AS day,
                     ARRAY[n % {catalogue} + 1, (n + 1) % {catalogue} + 1] AS products
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
                     created_at, goods)
                 SELECT '{tenant}', uuidv7(), id, 'invoice', n, day, day + 30, '[]', '{{}}', '{user}', at,
                     (SELECT jsonb_agg(jsonb_build_object('product', {product}, 'quantity', 1, 'net', 1000, 'discount', 0,
                         'cost', 400)) FROM generate_series(1, 2) p) FROM made;
             INSERT INTO product_daily_sales (tenant_id, date, product_id, kind, quantity, net_minor, discount_minor,
                     cost_minor)
                 SELECT '{tenant}', day, {product}, 'invoice', count(*), count(*) * 1000, 0, count(*) * 400
                 FROM made, generate_series(1, 2) p WHERE n <= folded_through({orders}) GROUP BY 2, 3;
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
            catalogue = shop.catalogue,
            product = shops::product_id("products[p]"),
        );
        database.batch_execute(&format!("BEGIN; {statements}; COMMIT")).expect("orders of the past");
    }
}

/// All orders of a client wait to be told to its ERP.
pub fn tell_erp(world: &World, tenant: TenantId) {
    let statements = format!(
        "INSERT INTO erp_syncs (tenant_id, id, order_id, order_number, order_version, cause, status, max_attempts,
                 idempotency_key, next_attempt_at, created_at, updated_at)
             SELECT tenant_id, uuidv7(), id, 'SO-' || lpad(number::text, 6, '0'), 1, 'invoice', 'pending', 5,
                 'ERP_' || replace(gen_random_uuid()::text, '-', ''), now(), now(), now()
             FROM orders WHERE tenant_id = '{tenant}';
         INSERT INTO jobs (tenant_id, id, kind, payload_version, payload, max_attempts, run_at, created_at)
             VALUES ('{tenant}', gen_random_uuid(), 'sync_with_erp', 1, '{{}}', 100, now(), now())"
    );
    let mut database = world.database(Login::Owner);
    database.batch_execute(&statements).expect("orders to be told");
    // As autovacuum does wherever a client fills its tables: plans of empty ones read everything.
    database.batch_execute("VACUUM ANALYZE").expect("statistics");
}
