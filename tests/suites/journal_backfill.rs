//! The journal of a database that was used before there was one.

use countinghouse_api::platform::db::{MIGRATIONS, migrate};
use countinghouse_tests::{Cluster, Login};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use diesel_migrations::MigrationHarness;
use uuid::Uuid;

/// The last migration before the journal's.
const BEFORE: &str = "2026-11-21-150000_suspension";

#[derive(QueryableByName)]
struct Text {
    #[diesel(sql_type = sql_types::Text)]
    text: String,
}

fn texts(conn: &mut PgConnection, query: &str) -> Vec<String> {
    sql_query(query).load::<Text>(conn).expect("rows").into_iter().map(|row| row.text).collect()
}

fn migrate_up_to(conn: &mut PgConnection, last: &str) {
    for migration in conn.pending_migrations(MIGRATIONS).expect("migrations") {
        if migration.name().to_string().as_str() <= last {
            conn.run_migration(&migration).expect("a migration applies");
        }
    }
}

/// Two clients as yesterday's binary left them: an opening stock, a purchase, free goods, and an
/// order, all within one hour around midnight in Auckland.
fn fill(conn: &mut PgConnection) {
    for (at, (slug, zone)) in [("north", "Europe/Berlin"), ("south", "Pacific/Auckland")].into_iter().enumerate() {
        let [tenant, user, product, order] =
            [1, 2, 3, 4].map(|kind| Uuid::from_u128((at as u128 + 1) * 0x10 + kind).to_string());
        conn.batch_execute(&format!(
            "INSERT INTO tenants (id, slug, name, currency, time_zone, created_at, updated_at)
                 VALUES ('{tenant}', '{slug}', '{slug}', 'EUR', '{zone}', '2026-01-01Z', '2026-01-01Z');
             INSERT INTO users (tenant_id, id, username, role, password_hash, created_at, updated_at)
                 VALUES ('{tenant}', '{user}', 'u', 'owner', '-', '2026-01-01Z', '2026-01-01Z');
             INSERT INTO products (tenant_id, id, sku, name, currency, price_minor, created_at, updated_at)
                 VALUES ('{tenant}', '{product}', 'A', 'A', 'EUR', 999, '2026-01-01Z', '2026-01-01Z');
             INSERT INTO stock (tenant_id, product_id, on_hand, unfulfilled, value_minor, updated_at)
                 VALUES ('{tenant}', '{product}', 21, 4, 11700, '2026-01-01Z');
             INSERT INTO orders (tenant_id, id, number, status, channel, currency, subtotal_minor, tax_minor, total_minor,
                     cost_minor, created_by, created_at, updated_at)
                 VALUES ('{tenant}', '{order}', 7, 'placed', 'api', 'EUR', 3996, 0, 3996, 2200, '{user}',
                     '2026-03-31 11:30Z', '2026-03-31 11:30Z');
             INSERT INTO order_lines (tenant_id, order_id, position, id, product_id, sku, name, quantity,
                     unit_price_minor, tax_rate, net_minor, tax_minor, cost_minor)
                 VALUES ('{tenant}', '{order}', 1, gen_random_uuid(), '{product}', 'A', 'A', 4, 999, 0, 3996, 0, 2200);
             INSERT INTO stock_movements (tenant_id, id, product_id, kind, quantity, unit_cost_minor, value_minor,
                     on_hand_after, value_after_minor, order_id, created_by, created_at)
                 VALUES ('{tenant}', gen_random_uuid(), '{product}', 'opening', 10, 500, 5000, 10, 5000, NULL, '{user}', '2026-03-31 10:30Z'),
                     ('{tenant}', gen_random_uuid(), '{product}', 'purchase', 14, 635, 8900, 24, 13900, NULL, '{user}', '2026-03-31 11:15Z'),
                     ('{tenant}', gen_random_uuid(), '{product}', 'purchase', 1, 0, 0, 25, 13900, NULL, '{user}', '2026-03-31 11:20Z'),
                     ('{tenant}', gen_random_uuid(), '{product}', 'sale', -4, 550, -2200, 21, 11700, '{order}', '{user}', '2026-03-31 11:30Z')"
        ))
        .expect("yesterday's rows");
    }
}

#[test]
fn what_stands_is_posted_once_and_on_its_own_day() {
    let cluster = Cluster::get();
    let database = cluster.clone_database(&cluster.database);
    let mut owner = cluster.connect(Login::Owner, &database);
    migrate_up_to(&mut owner, BEFORE);
    fill(&mut owner);
    migrate(&cluster.url(Login::Owner, &database)).expect("the rest applies");
    let posted = "SELECT concat_ws(' ', t.slug, e.number, e.date, e.source, e.memo,
            string_agg(l.account || ':' || l.amount_minor, ' ' ORDER BY l.account)) AS text
        FROM journal_entries e JOIN tenants t ON t.id = e.tenant_id
        JOIN journal_lines l ON l.tenant_id = e.tenant_id AND l.entry_number = e.number
        GROUP BY t.slug, e.number, e.date, e.source, e.memo ORDER BY t.slug, e.number";
    let expected = [
        "north 1 2026-03-31 stock Opening stock 1200:5000 3900:-5000",
        "north 2 2026-03-31 stock Purchase 1200:8900 2000:-8900",
        "north 3 2026-03-31 sale Order SO-000007 1200:-2200 1250:2200",
        // Where the clocks are thirteen hours ahead, midnight lay between the two.
        "south 1 2026-03-31 stock Opening stock 1200:5000 3900:-5000",
        "south 2 2026-04-01 stock Purchase 1200:8900 2000:-8900",
        "south 3 2026-04-01 sale Order SO-000007 1200:-2200 1250:2200",
    ];
    assert_eq!(texts(&mut owner, posted), expected);
    let ids = "SELECT DISTINCT substr(id::text, 1, 8) || ' ' || substr(id::text, 15, 1) AS text FROM journal_entries";
    assert!(
        texts(&mut owner, ids).iter().all(|id| id.starts_with("019d43") && id.ends_with(" 7")),
        "no UUIDv7 of then"
    );
    // A second run, for what yesterday's binary has made since, posts that and nothing twice.
    let again = "SELECT post_what_lacks_its_entry()::text AS text";
    assert_eq!(texts(&mut owner, again), ["0"]);
    owner
        .batch_execute(
            "INSERT INTO stock_movements (tenant_id, id, product_id, kind, quantity, unit_cost_minor, value_minor,
                 on_hand_after, value_after_minor, created_by, created_at)
             SELECT tenant_id, gen_random_uuid(), product_id, 'purchase', 1, 100, 100, 22, 11800, created_by, now()
             FROM stock_movements WHERE kind = 'opening'",
        )
        .expect("a late purchase");
    assert_eq!(texts(&mut owner, again), ["2"]);
    // Another, of an order that was invoiced by the new binary before anybody came to run this.
    owner
        .batch_execute(
            "INSERT INTO orders (tenant_id, id, number, status, channel, currency, subtotal_minor, tax_minor, total_minor,
                 cost_minor, created_by, created_at, updated_at, invoiced_on, due_date)
             SELECT tenant_id, gen_random_uuid(), 8, 'placed', 'api', 'EUR', 999, 0, 999, 555, created_by,
                 '2026-03-31 11:40Z', '2026-03-31 11:40Z', '2026-04-02', '2026-05-02' FROM orders;
             INSERT INTO invoices (tenant_id, id, order_id, kind, number, date, due_date, lines, totals, created_by, created_at)
             SELECT tenant_id, gen_random_uuid(), id, 'invoice', 1, '2026-04-02', '2026-05-02', '[]', '{}', created_by,
                 '2026-04-02 10:00Z' FROM orders WHERE number = 8",
        )
        .expect("an order invoiced since");
    assert_eq!(texts(&mut owner, again), ["2"]);
    let late = "SELECT DISTINCT concat_ws(' ', e.source, l.account, l.amount_minor) AS text FROM journal_entries e
        JOIN journal_lines l ON l.tenant_id = e.tenant_id AND l.entry_number = e.number
        WHERE e.memo = 'Order SO-000008' ORDER BY 1";
    assert_eq!(texts(&mut owner, late), ["sale 1200 -555", "sale 1250 555"]);
    assert_eq!(texts(&mut owner, again), ["0"]);
    assert_eq!(texts(&mut owner, "SELECT last_number::text AS text FROM journal_counters"), ["5", "5"]);
    drop(owner);
    cluster.drop_database(&database);
}
