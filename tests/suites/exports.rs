//! Exports: what is in them, who sees costs, what a spreadsheet would run, and readers that do not read.

use countinghouse_tests::{Answer, Caller, Login, World};
use diesel::{RunQueryDsl, connection::SimpleConnection, dsl::sql, select, sql_types::BigInt};
use reqwest::{Method, Response};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

/// A CSV file, whose cells here hold neither commas nor quotes.
struct Table(Vec<Vec<String>>);

impl Table {
    async fn of(caller: &Caller, path: &str) -> Self {
        let answer = caller.get(&format!("/exports/{path}")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv"), "{answer:?}");
        assert!(answer.text.ends_with("\r\n"));
        Self(answer.text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect())
    }

    fn rows(&self) -> usize {
        self.0.len() - 1
    }

    fn has(&self, column: &str) -> bool {
        self.0[0].iter().any(|name| name == column)
    }

    /// What stands in a column, row by row.
    fn column(&self, name: &str) -> Vec<&str> {
        let at =
            self.0[0].iter().position(|known| known == name).unwrap_or_else(|| panic!("{name} in {:?}", self.0[0]));
        self.0[1..].iter().map(|row| row[at].as_str()).collect()
    }
}

async fn sell(owner: &Caller) {
    let product = owner.product("A", "9.99", 10).await;
    owner.product("B", "5.00", 3).await;
    let line = |sku: &str, quantity: i64| json!({"sku": sku, "quantity": quantity});
    let order = json!({"lines": [line("A", 2), line("B", 1)], "customer": {"email": "o@example.com"},
        "external_reference": "R-1", "shipping": "4.95"});
    owner.post("/orders", &order).await.expect(201);
    owner.order(&product, 1).await.expect(201);
}

#[tokio::test]
async fn they_say_what_the_lists_say() {
    let world = World::start().await;
    let owner = world.owner();
    sell(&owner).await;
    world.caller(&world.south, "owner").product("THEIRS", "1.00", 1).await;
    let products = Table::of(&owner, "products").await;
    assert_eq!(products.column("sku"), ["A", "B"]);
    assert_eq!(products.column("on_hand"), ["7", "2"]);
    assert_eq!(products.column("inventory_value"), ["28.00", "8.00"]);
    let movements = Table::of(&owner, "movements").await;
    assert_eq!(movements.column("kind"), ["sale", "sale", "sale", "opening", "opening"]);
    assert_eq!(movements.column("order_number")[0], "SO-000002");
    assert_eq!(movements.column("value")[0], "-4.00");
    let orders = Table::of(&owner, "orders").await;
    assert_eq!(orders.column("order_number"), ["SO-000002", "SO-000001", "SO-000001"]);
    assert_eq!(orders.column("line_total"), ["9.99", "19.98", "5.00"]);
    // What concerns a whole order stands once, so that it adds up.
    assert_eq!(orders.column("grand_total"), ["9.99", "29.93", ""]);
    assert_eq!(orders.column("email"), ["", "o@example.com", ""]);
    let journal = Table::of(&owner, "journal").await;
    let entries = owner.get("/accounting/journal-entries").await.expect(200);
    let lines: usize = entries["data"].as_array().unwrap().iter().map(|e| e["lines"].as_array().unwrap().len()).sum();
    assert_eq!(journal.rows(), lines);
    let sum = |column: &str| -> i64 {
        let cents = journal.column(column).into_iter().filter(|cell| !cell.is_empty());
        cents.map(|cell| cell.replace('.', "").parse::<i64>().unwrap()).sum()
    };
    assert!(sum("debit") == sum("credit") && sum("debit") > 0);
    let tomorrow = world.today().succ_opt().unwrap();
    for kind in ["orders", "movements", "journal"] {
        assert_eq!(Table::of(&owner, &format!("{kind}?from={tomorrow}")).await.rows(), 0, "{kind}");
        let all = Table::of(&owner, kind).await.rows();
        assert_eq!(Table::of(&owner, &format!("{kind}?from={0}&to={0}", world.today())).await.rows(), all, "{kind}");
    }
    owner.get("/exports/orders?from=2026-01-02&to=2026-01-01").await.invalid(&[("/to", "out_of_range")]);
    owner.get("/exports/products?format=pdf").await.invalid(&[("/format", "invalid_value")]);
    owner.get("/exports/products?from=2026-01-02").await.invalid(&[("/from", "unknown_field")]);
}

#[tokio::test]
async fn costs_are_for_who_may_see_them() {
    let world = World::start().await;
    sell(&world.owner()).await;
    let viewer = world.caller(&world.north, "viewer");
    for (kind, costs) in [
        ("products", &["average_cost", "inventory_value"][..]),
        ("movements", &["unit_cost", "value", "value_after"]),
        ("orders", &["line_cost"]),
    ] {
        let (all, some) = (Table::of(&world.owner(), kind).await, Table::of(&viewer, kind).await);
        assert!(costs.iter().all(|column| all.has(column) && !some.has(column)), "{kind}");
        assert_eq!(all.rows(), some.rows());
    }
    viewer.get("/exports/customers").await.problem(403, "permission_denied");
    viewer.get("/exports/journal").await.problem(403, "permission_denied");
}

#[tokio::test]
async fn no_cell_is_a_formula_and_the_name_is_ours() {
    let world = World::start().await;
    let owner = world.owner();
    let evil = json!({"sku": "=cmd|' /C calc'!A0", "name": "@SUM(1)", "price": "1.00", "description": "-2+3"});
    owner.post("/products", &evil).await.expect(201);
    owner.post("/customers", &json!({"company": "+1", "note": "=HYPERLINK(\"x\")"})).await.expect(201);
    let products = Table::of(&owner, "products").await;
    assert_eq!(products.column("sku"), ["'=cmd|' /C calc'!A0"]);
    assert_eq!((products.column("name"), products.column("description")), (vec!["'@SUM(1)"], vec!["'-2+3"]));
    let answer = owner.get("/exports/customers").await;
    assert!(answer.text.contains(",'+1,") && answer.text.contains("\"'=HYPERLINK(\"\"x\"\")\""), "{answer:?}");
    let name = format!("attachment; filename=\"customers-{}.csv\"", world.today());
    assert_eq!(answer.header("content-disposition"), name);
    let workbook = owner.get("/exports/products?format=xlsx").await;
    assert!(workbook.text.starts_with("PK"));
    assert!(workbook.header("content-disposition").ends_with(".xlsx\""));
}

#[tokio::test]
async fn who_was_erased_is_in_no_export() {
    let world = World::start().await;
    let owner = world.owner();
    let product = owner.product("A", "9.99", 10).await;
    let person = json!({"email": "gone@example.com", "last_name": "Gone"});
    let id = owner.post("/customers", &person).await.expect(201)["id"].as_str().unwrap().to_owned();
    let order = json!({"lines": [{"product_id": product, "quantity": 1}], "customer_id": id});
    owner.post("/orders", &order).await.expect(201);
    for kind in ["customers", "orders"] {
        assert!(owner.get(&format!("/exports/{kind}")).await.text.contains("gone@example.com"), "{kind}");
    }
    owner.delete(&format!("/customers/{id}")).await.expect(204);
    for kind in ["customers", "orders"] {
        assert!(!owner.get(&format!("/exports/{kind}")).await.text.to_lowercase().contains("gone"), "{kind}");
    }
}

/// So many movements that no socket takes them all.
fn fill(world: &World, movements: i64) {
    let sql = format!(
        "INSERT INTO stock_movements (tenant_id, id, product_id, kind, quantity, unit_cost_minor, value_minor, \
         on_hand_after, value_after_minor, reason, created_by, created_at) \
         SELECT p.tenant_id, gen_random_uuid(), p.id, 'correction', 1, 400, 400, n, n, repeat('x', 100), '{}', now() \
         FROM products p, generate_series(1, {movements}) n",
        world.north.user("owner")
    );
    world.database(Login::Owner).batch_execute(&sql).unwrap();
}

async fn begin(owner: &Caller) -> Response {
    owner.request(Method::GET, "/exports/movements").send().await.unwrap()
}

/// Transactions of requests that are open, whatever they do.
fn open_transactions(world: &World) -> i64 {
    let open = "(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                AND usename = 'countinghouse_app' AND xact_start IS NOT NULL)";
    select(sql::<BigInt>(open)).get_result(&mut world.database(Login::Superuser)).unwrap()
}

/// Asks until there is a place for another file.
async fn until_there_is_a_place(owner: &Caller) {
    let begun = Instant::now();
    while owner.get("/exports/products").await.status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(60), "places are not given back");
    }
}

/// Those who do not read hold a file each, no transaction, and no more files than a client may have.
#[tokio::test]
async fn a_reader_who_does_not_read_holds_no_transaction() {
    let world = World::start().await;
    let owner = world.owner();
    owner.product("A", "9.99", 1).await;
    fill(&world, 100_000);
    let mut unread = Vec::new();
    for _ in 0..4 {
        let response = begin(&owner).await;
        assert!(response.status() == 200 && response.content_length().unwrap() > 10_000_000);
        unread.push(response);
    }
    assert_eq!(open_transactions(&world), 0);
    owner.get("/exports/products").await.problem(429, "rate_limited");
    world.caller(&world.south, "owner").get("/exports/products").await.expect(200);
    // One that is read to its end is whole, and makes room for the next.
    let whole = Answer::from(unread.pop().unwrap()).await;
    assert_eq!(whole.text.lines().count(), 100_002);
    until_there_is_a_place(&owner).await;
    // So does one whose reader is gone.
    unread.push(begin(&owner).await);
    owner.get("/exports/products").await.problem(429, "rate_limited");
    drop(unread);
    until_there_is_a_place(&owner).await;
}

/// What it holds is a connection: until it is let go, the next one waits.
#[tokio::test]
async fn an_export_keeps_its_turn_until_it_is_done_though_its_reader_is_gone() {
    // One turn.
    let world = World::builder().pool(4).start().await;
    let (owner, south) = (world.owner(), world.caller(&world.south, "owner"));
    owner.product("A", "9.99", 1).await;
    let mut holds = world.database(Login::Superuser);
    holds.batch_execute("BEGIN; LOCK TABLE stock_movements").unwrap();
    let url = owner.request(Method::GET, "/exports/movements").build().unwrap().url().clone();
    let address = (url.host_str().unwrap().to_owned(), url.port().unwrap());
    let mut reader = TcpStream::connect(address).await.unwrap();
    let head = format!("GET {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n", url.path(), owner.token());
    reader.write_all(head.as_bytes()).await.unwrap();
    let begun = Instant::now();
    while open_transactions(&world) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not begin");
    }
    // So that the service notices at once.
    reader.set_zero_linger().unwrap();
    drop(reader);
    let next = south.get("/exports/products");
    assert!(timeout(Duration::from_secs(1), next).await.is_err(), "it did not wait");
    holds.batch_execute("ROLLBACK").unwrap();
    south.get("/exports/products").await.expect(200);
}
