//! Lists of a large client are read by their indexes, whatever they are filtered by.

use countinghouse_tests::{Login, World, patience::Patience};
use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Text};

/// Products with stock, customers, and orders with a line, a movement and a return each, over two years.
fn fill(world: &World) {
    let (tenant, user) = (world.north.id, world.north.user("owner"));
    let totals =
        r#"{"subtotal": "9.99", "discount": "0.00", "tax": "0.00", "shipping": "0.00", "grand_total": "9.99"}"#;
    let statements = format!(
        "INSERT INTO products (tenant_id, id, sku, name, currency, price_minor, low_stock_threshold, created_at, updated_at)
             SELECT '{tenant}', md5('p' || n)::uuid, 'SKU-' || n, 'Thing ' || n, 'EUR', 999,
                 CASE WHEN n % 500 = 0 THEN 5 END, now() - n * interval '1 minute', now() FROM generate_series(1, 5000) n;
         INSERT INTO stock (tenant_id, product_id, on_hand, value_minor, updated_at)
             SELECT tenant_id, id, 100, 100, now() FROM products;
         INSERT INTO customers (tenant_id, id, email, last_name, created_at, updated_at)
             SELECT '{tenant}', md5('c' || n)::uuid, 'c' || n || '@example.com', 'Berg', now() - n * interval '1 minute', now()
             FROM generate_series(1, 5000) n;
         INSERT INTO orders (tenant_id, id, number, channel, external_reference, currency, customer_id, customer, ordered_at,
                 subtotal_minor, tax_minor, total_minor, cost_minor, invoiced_on, due_date, paid_minor, fulfilment_status,
                 erp_synced, created_by, created_at, updated_at)
             SELECT '{tenant}', md5('o' || n)::uuid, n, CASE WHEN n % 700 = 0 THEN 'rare' ELSE 'api' END, 'R-' || n, 'EUR',
                 md5('c' || n % 4999)::uuid, jsonb_build_object('email', 'c' || n % 4999 || '@example.com'),
                 now() - n * interval '30 minutes', 999, 0, 999, 100,
                 CASE WHEN n % 300 > 0 THEN date '2026-01-01' END, CASE WHEN n % 300 > 0 THEN date '2026-02-01' END,
                 CASE WHEN n % 300 > 1 THEN 999 ELSE 0 END, CASE WHEN n % 400 > 1 THEN 'fulfilled' ELSE 'unfulfilled' END,
                 n % 900 <> 0, '{user}', now(), now()
             FROM generate_series(1, 20000) n WHERE n % 4999 > 0;
         INSERT INTO order_lines (tenant_id, order_id, position, id, product_id, sku, name, quantity, unit_price_minor,
                 tax_rate, net_minor, tax_minor, cost_minor)
             SELECT tenant_id, id, 1, id, md5('p' || 1 + number % 5000)::uuid, 'SKU', 'Thing', 1, 999, 0, 999, 0, 100 FROM orders;
         INSERT INTO stock_movements (tenant_id, id, product_id, kind, quantity, unit_cost_minor, value_minor, on_hand_after,
                 value_after_minor, order_id, created_by, created_at)
             SELECT o.tenant_id, o.id, l.product_id, CASE WHEN number % 800 = 0 THEN 'damage' ELSE 'sale' END, -1, 100, -100,
                 100, 100, o.id, '{user}', o.ordered_at
             FROM orders o JOIN order_lines l ON l.tenant_id = o.tenant_id AND l.order_id = o.id;
         INSERT INTO invoices (tenant_id, id, order_id, kind, number, date, lines, totals, created_by, created_at)
             SELECT tenant_id, id, id, 'credit_note', number, '2026-02-01', '[]', '{totals}', '{user}', now() FROM orders;
         INSERT INTO returns (tenant_id, id, order_id, credit_note_id, credits_shipping, created_by, created_at)
             SELECT tenant_id, id, id, id, false, '{user}', ordered_at FROM orders;
         INSERT INTO return_lines (tenant_id, return_id, position, order_line_id, quantity, unfulfilled, restocked, cost_minor)
             SELECT tenant_id, order_id, 1, id, 1, 0, false, 0 FROM order_lines;
         INSERT INTO events (tenant_id, id, kind, data, created_at)
             SELECT '{tenant}', md5('v' || n)::uuid, 'order.created', '{{}}', now() - n * interval '1 minute' FROM generate_series(1, 9000) n;
         INSERT INTO webhook_endpoints (tenant_id, id, url, event_types, created_at, updated_at)
             SELECT '{tenant}', md5('e' || n)::uuid, 'https://x', '{{}}', now(), now() FROM generate_series(1, 3) n;
         INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, cause, state, created_at, finished_at)
             SELECT tenant_id, md5('d' || id)::uuid, md5('e' || 1 + (hashtext(id::text) & 1))::uuid, id, 'event',
                 CASE WHEN hashtext(id::text) % 900 = 0 THEN 'failed' ELSE 'delivered' END, created_at, created_at FROM events"
    );
    let mut owner = world.database(Login::Owner);
    owner.batch_execute(&statements).expect("a large client");
    for table in TABLES {
        owner.batch_execute(&format!("VACUUM (ANALYZE) {table}")).expect("statistics");
    }
    owner.batch_execute("SELECT pg_stat_force_next_flush()").expect("what was read is told");
}

const TABLES: [&str; 11] = [
    "products",
    "stock",
    "customers",
    "orders",
    "order_lines",
    "stock_movements",
    "invoices",
    "returns",
    "return_lines",
    "events",
    "webhook_deliveries",
];

/// Rows of text, as the owner sees them.
fn texts(world: &World, query: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        text: String,
    }
    let rows: Vec<Row> = sql_query(query).load(&mut world.database(Login::Superuser)).expect("rows");
    rows.into_iter().map(|row| row.text).collect()
}

/// How often each table was read as a whole.
fn whole_reads(world: &World) -> Vec<String> {
    let names = TABLES.map(|table| format!("'{table}'")).join(", ");
    let query = "SELECT relname || ' ' || seq_scan AS text FROM pg_stat_user_tables";
    texts(world, &format!("{query} WHERE relname IN ({names}) ORDER BY 1"))
}

/// A connection tells what it read when it ends: so those of the service are ended.
async fn tell_what_was_read(world: &World) {
    let theirs = "SELECT pid, pid::text AS text FROM pg_stat_activity
         WHERE datname = current_database() AND usename = 'countinghouse_app'";
    // Materialized, for a planner might end connections first and look whose they are afterwards.
    let end = format!("WITH theirs AS MATERIALIZED ({theirs}) SELECT text FROM theirs WHERE pg_terminate_backend(pid)");
    let (ended, patience) = (texts(world, &end), Patience::until("do its connections end"));
    while texts(world, theirs).iter().any(|pid| ended.contains(pid)) {
        patience.wait().await;
    }
}

/// Searching by `q` is not among them: under row-level security no index serves parts of words.
#[tokio::test]
async fn no_list_reads_a_whole_table() {
    let world = World::builder().pool(1).start().await;
    fill(&world);
    let (owner, before) = (world.owner(), whole_reads(&world));
    let copy = world.copy().await;
    let caller = world.caller_at(&copy, &owner);
    for path in ORDERS.iter().chain(OTHERS) {
        caller.get(path).await.expect(200);
    }
    let endpoints = texts(&world, "SELECT id::text AS text FROM webhook_endpoints");
    for (endpoint, query) in
        endpoints.iter().flat_map(|id| ["", "?state=failed", "?state=pending"].map(|query| (id, query)))
    {
        caller.get(&format!("/webhooks/endpoints/{endpoint}/deliveries{query}")).await.expect(200);
    }
    drop(copy);
    tell_what_was_read(&world).await;
    assert_eq!(whole_reads(&world), before);
}

const ORDERS: &[&str] = &[
    "/orders",
    "/orders?status=placed",
    "/orders?status=completed",
    "/orders?status=cancelled",
    "/orders?payment_status=unpaid",
    "/orders?payment_status=refunded",
    "/orders?fulfilment_status=partly_fulfilled",
    "/orders?fulfilment_status=unfulfilled&payment_status=paid",
    "/orders?from=2026-01-01&to=2026-02-01",
    "/orders?from=2020-01-01&to=2020-02-01",
    "/orders?customer_id=019d43a0-0000-7000-8000-000000000000",
    "/orders?customer_email=c77@example.com",
    "/orders?customer_email=c77@example.com&status=placed",
    "/orders?external_reference=R-77",
    "/orders?channel=rare",
    "/orders?channel=none",
    "/orders?channel=rare&status=placed&from=2026-01-01",
    "/orders?erp_synced=false",
    "/orders?erp_synced=false&channel=rare&payment_status=unpaid",
];

const OTHERS: &[&str] = &[
    "/products",
    "/products?sku=SKU-77",
    "/products?low_stock=true",
    "/products?low_stock=false",
    "/products?active=false",
    "/customers",
    "/customers?email=c77@example.com",
    "/returns",
    "/returns?order_id=019d43a0-0000-7000-8000-000000000000",
    "/returns?from=2020-01-01&to=2020-02-01",
    "/inventory/movements",
    "/inventory/movements?kind=damage",
    "/inventory/movements?kind=sale",
    "/inventory/movements?kind=purchase",
    "/inventory/movements?kind=return",
    "/inventory/movements?from=2026-01-01&to=2026-01-02",
    "/inventory/movements?kind=damage&from=2026-01-01&to=2026-01-02",
    "/inventory/movements?product_id=019d43a0-0000-7000-8000-000000000000&kind=damage",
];
