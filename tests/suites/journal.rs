//! The journal as the database keeps it: what no statement of the service's login gets past.

use countinghouse_tests::{Login, PASSWORD, Tenant, World};
use diesel::{
    PgConnection, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_query,
    sql_types::{self, BigInt},
};
use serde_json::json;

#[derive(QueryableByName)]
struct Text {
    #[diesel(sql_type = sql_types::Text)]
    text: String,
}

fn texts(conn: &mut PgConnection, query: &str) -> Vec<String> {
    sql_query(query).load::<Text>(conn).expect("rows").into_iter().map(|row| row.text).collect()
}

/// A connection as the service's, in that client.
fn app(world: &World, tenant: &Tenant) -> PgConnection {
    let mut app = world.database(Login::App);
    app.batch_execute(&format!("SET app.tenant_id = '{}'", tenant.id)).expect("a setting");
    app
}

/// The statements of an entry by hand, with its number, date and lines of account and amount.
fn entry(tenant: &Tenant, number: i64, date: &str, lines: &[(&str, i64)]) -> String {
    let (id, by) = (tenant.id, tenant.user("owner"));
    let mut sql = format!(
        "INSERT INTO journal_entries (tenant_id, id, number, date, currency, memo, source, created_by, created_at) \
         SELECT '{id}', gen_random_uuid(), {number}, '{date}', currency, 'by hand', 'manual', '{by}', now() \
         FROM tenants WHERE id = '{id}';"
    );
    for (position, (account, amount)) in lines.iter().enumerate() {
        sql += &line(tenant, number, position, date, account, *amount);
    }
    sql
}

fn line(tenant: &Tenant, number: i64, position: usize, date: &str, account: &str, amount: i64) -> String {
    format!(
        "INSERT INTO journal_lines (tenant_id, entry_number, position, date, account, amount_minor) \
         VALUES ('{}', {number}, {position}, '{date}', '{account}', {amount});",
        tenant.id
    )
}

/// Entries as text: date, source, memo, and lines with debit positive.
fn entries(world: &World, tenant: &Tenant) -> Vec<String> {
    let query = format!(
        "SELECT concat_ws(' ', e.number, e.source, string_agg(l.account || ':' || l.amount_minor, ' ' ORDER BY l.account)) \
         AS text FROM journal_entries e JOIN journal_lines l ON l.tenant_id = e.tenant_id AND l.entry_number = e.number \
         WHERE e.tenant_id = '{}' GROUP BY e.number, e.source ORDER BY e.number",
        tenant.id
    );
    texts(&mut world.database(Login::Owner), &query)
}

#[tokio::test]
async fn every_client_has_its_accounts_from_the_start() {
    let world = World::start().await;
    let client = json!({"slug": "third", "name": "Third", "currency": "JPY"});
    let body = json!({"client": client, "owner": {"username": "olga", "password": PASSWORD}});
    world.superadmin().post("/admin/tenants", &body).await.expect(201);
    let charts = texts(
        &mut world.database(Login::Owner),
        "SELECT string_agg(code || ' ' || name, ', ' ORDER BY code) AS text FROM accounts WHERE system GROUP BY tenant_id",
    );
    let chart = "1000 Cash, 1100 Accounts receivable, 1200 Inventory, 1250 Goods sold not invoiced, \
        2000 Accounts payable, 2100 Tax payable, 3000 Owner's equity, 3100 Retained earnings, \
        3900 Opening balance equity, 4000 Sales, 4100 Sales returns, 4200 Shipping income, 4300 Sales discounts, \
        5000 Cost of goods sold, 5100 Inventory adjustments, 6000 Operating expenses";
    assert_eq!(charts, [chart; 3]);
}

#[tokio::test]
async fn stock_that_comes_in_is_posted_with_it() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 3).await;
    for (quantity, cost) in [(10, "5.00"), (5, "6.50"), (1, "0.00")] {
        let body = json!({"product_id": product, "kind": "purchase", "quantity": quantity, "unit_cost": cost});
        owner.post("/inventory/adjustments", &body).await.expect(201);
    }
    let posted = ["1 stock 1200:1200 3900:-1200", "2 stock 1200:5000 2000:-5000", "3 stock 1200:3250 2000:-3250"];
    assert_eq!(entries(&world, &world.north), posted);
    // Nothing is posted for what cost nothing, and nothing in another client.
    assert!(entries(&world, &world.south).is_empty());
    let unlike = "SELECT 'x' AS text FROM journal_entries e JOIN stock_movements m ON m.tenant_id = e.tenant_id \
        AND m.id = e.source_id WHERE e.created_by = m.created_by \
        AND e.date = (m.created_at AT TIME ZONE 'Europe/Berlin')::date";
    assert_eq!(texts(&mut world.database(Login::Owner), unlike).len(), 3);
}

#[tokio::test]
async fn an_entry_that_does_not_balance_is_not_committed() {
    let world = World::start().await;
    let mut app = app(&world, &world.north);
    let day = "2026-03-31";
    for lines in [
        [].as_slice(),
        &[("1000", 100)],
        &[("1000", 100), ("6000", -99)],
        &[("1000", i64::pow(10, 13)), ("1000", i64::pow(10, 13)), ("6000", -1)],
    ] {
        let sql = entry(&world.north, 1, day, lines);
        let refused = app.batch_execute(&format!("BEGIN; {sql} COMMIT")).unwrap_err().to_string();
        assert!(refused.contains("does not balance"), "{lines:?}: {refused}");
        app.batch_execute("ROLLBACK").unwrap();
    }
    assert!(entries(&world, &world.north).is_empty());
    let sql = entry(&world.north, 1, day, &[("1000", 100), ("6000", -100)]);
    app.batch_execute(&format!("BEGIN; {sql} COMMIT")).unwrap();
    assert_eq!(entries(&world, &world.north), ["1 manual 1000:100 6000:-100"]);
}

#[tokio::test]
async fn lines_come_with_their_entry_or_not_at_all() {
    let world = World::start().await;
    let (north, south) = (&world.north, &world.south);
    let mut app = app(&world, north);
    let day = "2026-03-31";
    let stands = entry(north, 1, day, &[("1000", 100), ("6000", -100)]);
    app.batch_execute(&format!("BEGIN; {stands} COMMIT")).unwrap();
    let later = [line(north, 1, 7, day, "1000", 5), line(north, 1, 8, day, "6000", -5)].concat();
    let balanced = |lines: &[(&str, i64)]| entry(north, 2, day, lines);
    for (sql, reason) in [
        (later, "journal_lines_come_with_their_entry"),
        (
            balanced(&[]) + line(north, 2, 0, "2026-04-01", "1000", 5).as_str(),
            "journal_lines_have_the_date_of_their_entry",
        ),
        (balanced(&[("1000", 5), ("7000", -5)]), "journal_lines_account_exists"),
        (balanced(&[("1000", 5), ("1200", -5)]), "journal_lines_control_account"),
        (balanced(&[("1000", 0), ("6000", 0)]), "journal_lines_amount_bounds"),
        (balanced(&[("1000", 5), ("6000", -5)]).replace("2, '2026", "1, '2026"), "journal_entries_number_key"),
        (line(north, 9, 0, day, "1000", 5), "journal_lines_tenant_id_entry_number_fkey"),
        (entry(south, 1, day, &[("1000", 5), ("6000", -5)]), "row-level security"),
    ] {
        let refused = app.batch_execute(&format!("BEGIN; {sql} COMMIT")).unwrap_err().to_string();
        assert!(refused.contains(reason), "{refused} is not {reason}");
        app.batch_execute("ROLLBACK").unwrap();
    }
    for sql in [
        "UPDATE journal_lines SET amount_minor = 7",
        "UPDATE journal_entries SET memo = 'x'",
        "DELETE FROM journal_lines",
        "DELETE FROM journal_entries",
        "DELETE FROM accounts",
        "UPDATE accounts SET control = false",
        "DELETE FROM account_daily_totals",
    ] {
        assert!(app.batch_execute(sql).unwrap_err().to_string().contains("permission denied"), "{sql}");
    }
    assert_eq!(entries(&world, north), ["1 manual 1000:100 6000:-100"]);
}

/// Work behind a second factor is done inside of one.
#[tokio::test]
async fn an_entry_is_posted_inside_of_a_savepoint_too() {
    let world = World::start().await;
    let mut app = app(&world, &world.north);
    let day = "2026-03-31";
    let first = entry(&world.north, 1, day, &[("1000", 100), ("6000", -100)]);
    let second = entry(&world.north, 2, day, &[("1000", 200), ("6000", -200)]);
    app.batch_execute(&format!("BEGIN; {first} SAVEPOINT s; {second} RELEASE s; COMMIT")).unwrap();
    assert_eq!(entries(&world, &world.north), ["1 manual 1000:100 6000:-100", "2 manual 1000:200 6000:-200"]);
    let unbalanced = entry(&world.north, 3, day, &[("1000", 100), ("6000", -99)]);
    let late = line(&world.north, 2, 9, day, "1000", 5);
    for (sql, reason) in [(unbalanced, "does not balance"), (late, "journal_lines_come_with_their_entry")] {
        let refused = app.batch_execute(&format!("BEGIN; SAVEPOINT s; {sql} RELEASE s; COMMIT")).unwrap_err();
        assert!(refused.to_string().contains(reason), "{refused}");
        app.batch_execute("ROLLBACK").unwrap();
    }
}

#[tokio::test]
async fn no_statement_dates_an_entry_in_a_closed_month() {
    let world = World::start().await;
    let (north, user) = (&world.north, world.north.user("owner"));
    let mut app = app(&world, north);
    app.batch_execute(&format!("INSERT INTO closed_months VALUES ('{}', '2026-03-01', '{user}', now())", north.id))
        .unwrap();
    for (number, day, open) in [(1, "2026-02-28", true), (2, "2026-03-01", false), (2, "2026-03-31", false)] {
        let sql = entry(north, number, day, &[("1000", 100), ("6000", -100)]);
        let done = app.batch_execute(&format!("BEGIN; {sql} COMMIT"));
        assert_eq!(done.is_ok(), open, "{day}: {done:?}");
        if let Err(refused) = done {
            assert!(refused.to_string().contains("is closed"), "{refused}");
            app.batch_execute("ROLLBACK").unwrap();
        }
    }
    let not_the_first = format!("INSERT INTO closed_months VALUES ('{}', '2026-01-02', '{user}', now())", north.id);
    assert!(app.batch_execute(&not_the_first).is_err());
}

/// However the entries came, in one transaction or many, what reports read is the sum of the lines.
#[tokio::test]
async fn sums_by_day_and_the_lines_after_them_are_the_journal() {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let world = World::start().await;
    let (id, by) = (world.north.id, world.north.user("owner"));
    let mut app = app(&world, &world.north);
    let mut posted = 0;
    for batch in [1_i64, 1022, 1, 1, 2500, 3] {
        // Every entry of its own day out of three, a line to one of two accounts.
        let sql = format!(
            "SELECT post_entries('{id}', 'EUR', '{by}', now(), array_agg(gen_random_uuid()), \
             array_agg(date '2026-01-31' + (n % 3)::int), array_agg(text 'm'), array_agg(text 'manual'), array_agg(NULL::uuid), \
             array_agg(NULL::uuid), array_agg(n) || array_agg(n), \
             array_agg(text '1000') || array_agg(CASE n % 2 WHEN 0 THEN '6000' ELSE '3000' END), \
             array_agg(n) || array_agg(-n), array_fill(NULL::text, ARRAY[2 * {batch}])) AS count \
             FROM generate_series(1::bigint, {batch}) n"
        );
        let first = sql_query(sql).get_result::<Count>(&mut app).unwrap().count;
        assert_eq!(first, posted + 1);
        posted += batch;
        for (from, to) in [("0001-01-01", "9999-12-31"), ("2026-02-01", "2026-02-01"), ("2026-03-01", "2026-03-31")] {
            let read = format!(
                "SELECT account || ' ' || amount AS text FROM account_sums('{id}', '{from}', '{to}') ORDER BY 1"
            );
            let summed = format!(
                "SELECT account || ' ' || sum(amount_minor) AS text FROM journal_lines \
                 WHERE date BETWEEN '{from}' AND '{to}' GROUP BY account ORDER BY 1"
            );
            assert_eq!(texts(&mut app, &read), texts(&mut app, &summed), "after {posted}, {from} to {to}");
        }
        let folded = "SELECT count(DISTINCT (date, account)) AS count FROM account_daily_totals";
        assert_eq!(sql_query(folded).get_result::<Count>(&mut app).unwrap().count > 0, posted >= 1024, "{posted}");
    }
}
