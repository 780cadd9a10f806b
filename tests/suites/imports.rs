//! Imports: what is entered, what is refused and where it stands, and workers that die over it.

use crate::jobs::{count, start_with, stop, until};
use countinghouse_api::{
    features::imports::ReadImport,
    platform::{
        http::MAX_UPLOAD,
        jobs::Handlers,
        points::Point,
        sheets::{CSV, XLSX},
    },
};
use countinghouse_tests::{Answer, Caller, Ledger, Login, Process, World};
use diesel::connection::SimpleConnection;
use reqwest::Method;
use serde_json::{Value, json};

async fn send(caller: &Caller, path: &str, media_type: &str, file: impl Into<Vec<u8>>) -> Answer {
    caller.send(Method::POST, &format!("/imports/{path}"), media_type, file).await
}

/// Lets a worker read all that waits.
async fn work(world: &World) {
    let worker = start_with(world, Handlers::default().with::<ReadImport>());
    until(world, "imports WHERE finished_at IS NULL", 0).await;
    stop(worker).await;
}

/// Brings a file in and answers what became of it: the import, and its faults as `line column code`.
async fn bring_as(
    world: &World,
    caller: &Caller,
    path: &str,
    media_type: &str,
    file: impl Into<Vec<u8>>,
) -> (Value, Vec<String>) {
    let id = send(caller, path, media_type, file).await.expect(201)["id"].as_str().unwrap().to_owned();
    work(world).await;
    let import = caller.get(&format!("/imports/{id}")).await.expect(200);
    let errors = caller.get(&format!("/imports/{id}/errors?limit=200")).await.expect(200);
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string().replace("null", "-"), str::to_owned);
    let fault = |error: &Value| format!("{} {} {}", word(&error["line"]), word(&error["column"]), word(&error["code"]));
    (import, errors["data"].as_array().unwrap().iter().map(fault).collect())
}

async fn bring(world: &World, path: &str, csv: impl Into<Vec<u8>>) -> (Value, Vec<String>) {
    bring_as(world, &world.owner(), path, CSV, csv).await
}

/// How it ended: status, rows that were checked, written and refused.
fn ending(import: &Value) -> (&str, i64, i64, i64) {
    let rows = |name: &str| import[name].as_i64().unwrap();
    (import["status"].as_str().unwrap(), rows("rows_checked"), rows("rows_written"), rows("rows_refused"))
}

async fn skus(caller: &Caller) -> Vec<String> {
    let products = caller.get("/products?limit=200").await.expect(200);
    let mut skus: Vec<_> =
        products["data"].as_array().unwrap().iter().map(|p| p["sku"].as_str().unwrap().to_owned()).collect();
    skus.sort();
    skus
}

#[tokio::test]
async fn products_come_in_whatever_the_file_looks_like() {
    let world = World::start().await;
    for (at, file) in [
        "sku,name,price,tax_rate,attributes\nP0,Größe,12.50,20,\"{\"\"colour\"\": \"\"red\"\"}\"\n".as_bytes().to_vec(),
        "\u{feff}SKU;Name;Price;Tax rate;Attributes\r\nP1;Größe;12,50;20,00;\"{\"\"colour\"\": \"\"red\"\"}\"\r\n"
            .as_bytes()
            .to_vec(),
        b"sku;name;price;tax_rate;attributes\nP2;Gr\xf6\xdfe;12,5;20;\"{\"\"colour\"\": \"\"red\"\"}\"\n".to_vec(),
    ]
    .into_iter()
    .enumerate()
    {
        let (import, faults) = bring(&world, "products", file).await;
        assert_eq!((ending(&import), faults), (("done", 1, 1, 0), vec![]), "{at}");
        let found = world.owner().get(&format!("/products?sku=P{at}")).await.expect(200)["data"][0].clone();
        let seen = json!([found["name"], found["price"], found["tax_rate"], found["attributes"], found["on_hand"]]);
        assert_eq!(seen, json!(["Größe", "12.50", "20.00", {"colour": "red"}, 0]));
    }
    assert_eq!(count(&world, "import_chunks"), 0);
    // Each product has its entry in the log, in the name of who brought it.
    let owner = world.north.user("owner");
    assert_eq!(count(&world, &format!("audit_log WHERE action = 'product.created' AND actor_id = '{owner}'")), 3);
}

const BAD: &str = "sku,name,price,low_stock_threshold,attributes,active\n\
    A,Good,1.00,,,\n\
    ,No sku,1.00,,,\n\
    B,Dear,1.001,x,{},\n\
    C,,free,-1,red,perhaps\n\
    A,Twice,1.00,,,\n\
    TAKEN,Taken,1.00,,,\n\
    D,Wide,1.00,,,,x\n\
    E,Good too,2.00,5,{},false\n";
const FAULTS: [&str; 11] = [
    "3 sku missing_value",
    "4 low_stock_threshold invalid_number",
    "4 price too_precise",
    "5 attributes invalid_attributes",
    "5 name missing_value",
    "5 price invalid_decimal",
    "5 active invalid_flag",
    "5 low_stock_threshold out_of_range",
    "6 sku duplicate",
    "7 sku sku_taken",
    "8 - too_many_cells",
];

#[tokio::test]
async fn faults_are_named_by_line_and_column_and_nothing_is_entered_or_only_the_rest() {
    let world = World::start().await;
    world.owner().product("TAKEN", "1.00", 1).await;
    for path in ["products?dry_run=true", "products"] {
        let (import, faults) = bring(&world, path, BAD).await;
        assert_eq!((ending(&import), faults), (("failed", 8, 0, 6), FAULTS.map(str::to_owned).to_vec()), "{path}");
        assert_eq!((import["errors_found"].as_i64(), skus(&world.owner()).await), (Some(11), vec!["TAKEN".to_owned()]));
    }
    let (import, faults) = bring(&world, "products?mode=skip_bad&dry_run=true", BAD).await;
    assert_eq!((ending(&import), faults.len()), (("done", 8, 0, 6), 11));
    let (import, faults) = bring(&world, "products?mode=skip_bad", BAD).await;
    assert_eq!((ending(&import), faults), (("done", 8, 2, 6), FAULTS.map(str::to_owned).to_vec()));
    assert_eq!(skus(&world.owner()).await, ["A", "TAKEN"]);
    let archived = world.owner().get("/products?active=false").await.expect(200);
    assert_eq!(archived["data"][0]["sku"], "E");
    // Once more: those that are there are no longer free.
    let (import, faults) = bring(&world, "products?mode=skip_bad", BAD).await;
    assert_eq!((ending(&import), &faults[0]), (("done", 8, 0, 8), &"2 sku sku_taken".to_owned()));
}

#[tokio::test]
async fn a_good_dry_run_enters_nothing() {
    let world = World::start().await;
    for mode in ["all_or_nothing", "skip_bad"] {
        let path = format!("products?dry_run=true&mode={mode}");
        let (import, faults) = bring(&world, &path, "sku,name,price\nA,x,1\n").await;
        assert_eq!((ending(&import), faults), (("done", 1, 0, 0), vec![]));
    }
    assert_eq!((count(&world, "products"), count(&world, "audit_log WHERE action = 'product.created'")), (0, 0));
}

#[tokio::test]
async fn files_that_are_none_are_refused_with_the_reason() {
    let world = World::start().await;
    let whole = world.owner().request(Method::GET, "/exports/products?format=xlsx").send().await.unwrap();
    let whole = whole.bytes().await.unwrap().to_vec();
    for (media_type, file, faults) in [
        (CSV, Vec::new(), &["- - empty"][..]),
        (CSV, b"\xef\xbb\xbfsku\xff".to_vec(), &["- - invalid_encoding"]),
        (
            CSV,
            b"sku,sku,colour\nA,B,C\n".to_vec(),
            &["1 sku duplicate_column", "1 colour unknown_column", "1 name missing_column", "1 price missing_column"],
        ),
        (XLSX, b"sku,name,price\n".to_vec(), &["- - unreadable"]),
        (XLSX, whole[..whole.len() / 2].to_vec(), &["- - unreadable"]),
    ] {
        for mode in ["all_or_nothing", "skip_bad"] {
            let (import, found) =
                bring_as(&world, &world.owner(), &format!("products?mode={mode}"), media_type, file.clone()).await;
            assert_eq!(
                (import["status"].as_str(), found),
                (Some("failed"), faults.iter().map(|f| (*f).to_owned()).collect())
            );
        }
    }
    // A heading alone is a file of nothing.
    assert_eq!(ending(&bring_as(&world, &world.owner(), "products", XLSX, whole).await.0), ("done", 0, 0, 0));
    let long = format!("sku,name,price\nA,{},1\nB,x,1\n", "x".repeat(10_000_000));
    let (import, faults) = bring(&world, "products?mode=skip_bad", long).await;
    assert_eq!((ending(&import), &faults[0]), (("done", 2, 1, 1), &"2 - too_long".to_owned()));
}

#[tokio::test]
async fn what_is_refused_at_the_door() {
    let world = World::start().await;
    let owner = world.owner();
    send(&owner, "products", "application/json", "{}").await.problem(415, "unsupported_media_type");
    send(&owner, "products", "text/csv; charset=utf-8", "sku\n").await.expect(201);
    send(&owner, "products?mode=some", CSV, "sku\n").await.invalid(&[("/mode", "invalid_value")]);
    send(&owner, "opening-balances?mode=skip_bad", CSV, "x").await.invalid(&[("/mode", "unknown_field")]);
    let large = vec![b'x'; usize::try_from(MAX_UPLOAD).unwrap() + 1];
    send(&owner, "products", CSV, large).await.problem(413, "body_too_large");
    assert_eq!(count(&world, "imports"), 1);
    let mut waiting = 0;
    let answer = loop {
        let answer = send(&owner, "products", CSV, vec![b'x'; usize::try_from(MAX_UPLOAD).unwrap()]).await;
        if answer.status != 201 {
            break answer;
        }
        waiting += 1;
    };
    answer.problem(409, "too_many_imports");
    assert_eq!(waiting, 7);
}

#[tokio::test]
async fn who_may_not_bring_a_kind_sees_none_of_it() {
    let world = World::start().await;
    let owner = world.owner();
    let id = owner.import("products", BAD).await.expect(201)["id"].as_str().unwrap().to_owned();
    let [sales, south] = [world.caller(&world.north, "sales"), world.caller(&world.south, "owner")];
    sales.import("products", BAD).await.problem(403, "permission_denied");
    sales.import("orders", BAD).await.problem(403, "permission_denied");
    for caller in [&sales, &south] {
        for path in [format!("/imports/{id}"), format!("/imports/{id}/errors")] {
            caller.get(&path).await.problem(404, "not_found");
        }
        assert_eq!(caller.get("/imports").await.expect(200)["data"], json!([]));
    }
    assert_eq!(owner.get("/imports").await.expect(200)["data"][0]["id"], id);
    // The owner leaves before the file is read.
    world.database(Login::Owner).batch_execute("UPDATE users SET disabled = true WHERE username = 'owner'").unwrap();
    work(&world).await;
    assert_eq!(count(&world, "products"), 0);
    assert_eq!(count(&world, "import_errors WHERE code = 'user_gone'"), 1);
}

#[tokio::test]
async fn a_file_with_a_key_is_taken_in_once() {
    let world = World::start().await;
    let send = async |file: &'static str| {
        let request = world.owner().request(Method::POST, "/imports/products").header("content-type", CSV);
        Answer::of(request.header("idempotency-key", "spring").body(file)).await
    };
    let first = send("sku,name,price\nA,x,1\n").await.expect(201)["id"].clone();
    let again = send("sku,name,price\nA,x,1\n").await;
    assert_eq!((again.header("idempotency-replayed"), &again.body["id"]), ("true", &first));
    send("sku,name,price\nB,x,1\n").await.problem(422, "idempotency_key_reused");
    work(&world).await;
    assert_eq!((count(&world, "imports"), skus(&world.owner()).await), (1, vec!["A".to_owned()]));
}

#[tokio::test]
async fn what_one_client_exports_another_can_import() {
    let world = World::start().await;
    let (owner, south) = (world.owner(), world.caller(&world.south, "owner"));
    let odd = json!({"sku": "=1+1", "name": "'s \"odd\", name", "description": "two\nlines", "price": "0.10",
        "tax_rate": "3.3333", "barcode": "0012", "low_stock_threshold": 4, "attributes": {"a": "=b", "c": "d,e"}});
    owner.post("/products", &odd).await.expect(201);
    owner.product("PLAIN", "9.99", 3).await;
    let address = json!({"street1": "Main 1", "city": "Oslo", "postal_code": "0150", "country": "NO"});
    let customer = json!({"email": "o@example.com", "last_name": "Berg", "phone": "+47 1", "billing_address": address,
        "payment_terms_days": 14, "note": "-"});
    owner.post("/customers", &customer).await.expect(201);
    for (format, media_type) in [("csv", CSV), ("xlsx", XLSX)] {
        for kind in ["products", "customers"] {
            let path = format!("/exports/{kind}?format={format}");
            let file = owner.request(Method::GET, &path).send().await.unwrap().bytes().await.unwrap();
            let (import, faults) = bring_as(&world, &south, kind, media_type, file.to_vec()).await;
            assert_eq!((import["status"].as_str(), faults), (Some("done"), vec![]), "{kind} {format}");
        }
        let theirs = south.get("/products?sku=%3D1%2B1").await.expect(200)["data"][0].clone();
        for (field, value) in odd.as_object().unwrap() {
            assert_eq!(&theirs[field], value, "{field} {format}");
        }
        let theirs = south.get("/customers").await.expect(200)["data"][0].clone();
        for (field, value) in customer.as_object().unwrap() {
            assert_eq!(&theirs[field], value, "{field} {format}");
        }
        let forget =
            "UPDATE products SET sku = id::text WHERE tenant_id IN (SELECT id FROM tenants WHERE slug = 'south')";
        world.database(Login::Owner).batch_execute(forget).unwrap();
    }
}

#[tokio::test]
async fn customers_are_checked_as_always() {
    let world = World::start().await;
    let file = "email,last_name,billing_street1,billing_city,payment_terms_days\n\
        o@example.com,Berg,,,14\n\
        nonsense,Berg,,,-1\n\
        ,,,,3\n\
        ,Lund,Main 1,,\n";
    let (import, faults) = bring(&world, "customers", file).await;
    let expected = [
        "3 email invalid_email",
        "3 payment_terms_days out_of_range",
        "4 - nobody",
        "5 billing_city too_short",
        "5 billing_postal_code too_short",
        "5 billing_country too_short",
    ];
    assert_eq!((ending(&import), faults), (("failed", 4, 0, 3), expected.map(str::to_owned).to_vec()));
    let (import, _) = bring(&world, "customers?mode=skip_bad", file).await;
    assert_eq!(ending(&import), ("done", 4, 1, 3));
    assert_eq!(world.owner().get("/customers?email=o@example.com").await.expect(200)["data"][0]["last_name"], "Berg");
}

#[tokio::test]
async fn opening_stock_is_booked_against_opening_balance_equity() {
    let world = World::start().await;
    let owner = world.owner();
    let books = Ledger::new(&world, &world.north, 2);
    for sku in ["A", "B", "C"] {
        owner.post("/products", &json!({"sku": sku, "name": sku, "price": "9.99"})).await.expect(201);
    }
    owner.product("MOVED", "1.00", 1).await;
    books.posts(&["Dr 1200 4.00 / Cr 3900 4.00"]);
    let file = "sku,quantity,unit_cost\nA,3,3.33\nMOVED,5,1.00\nNONE,1,1.00\nA,1,1.00\nB,-1,1.00\nC,1,100000000001\n";
    let expected = [
        "3 sku stock_has_moved",
        "4 sku not_found",
        "5 sku duplicate",
        "6 quantity out_of_range",
        "7 unit_cost too_large",
    ];
    let (import, faults) = bring(&world, "opening-stock", file).await;
    assert_eq!((ending(&import), faults), (("failed", 6, 0, 5), expected.map(str::to_owned).to_vec()));
    books.posts(&[]);
    let (import, _) = bring(&world, "opening-stock?mode=skip_bad", file).await;
    assert_eq!(ending(&import), ("done", 6, 1, 5));
    books.posts(&["Dr 1200 9.99 / Cr 3900 9.99"]);
    let (import, _) = bring(&world, "opening-stock", "sku,quantity,unit_cost\nB,4,0.25\nC,0,1.00\n").await;
    assert_eq!(ending(&import), ("done", 2, 2, 0));
    books.posts(&["Dr 1200 1.00 / Cr 3900 1.00"]);
    let movements = owner.get("/inventory/movements?kind=opening").await.expect(200);
    assert_eq!(movements["data"].as_array().unwrap().len(), 3);
    assert!(world.verify_books(None).holds());
}

#[tokio::test]
async fn opening_balances_become_one_entry_that_balances() {
    let world = World::start().await;
    let books = Ledger::new(&world, &world.north, 2);
    let bad = "account,debit,credit\n1000,100.00,\n1200,5.00,\n7777,1.00,\n6000,1.00,2.00\n2000,x,\n";
    let (import, faults) = bring(&world, "opening-balances", bad).await;
    assert_eq!((ending(&import), faults), (("failed", 5, 0, 1), vec!["6 debit invalid_decimal".to_owned()]));
    let (import, faults) = bring(&world, "opening-balances", bad.replace('x', "1.00")).await;
    let expected = ["3 account control_account", "4 account not_found", "5 - one_of"];
    assert_eq!((ending(&import), faults), (("failed", 5, 0, 3), expected.map(str::to_owned).to_vec()));
    let good = "account;debit;credit;memo\n1000;100,00;;Till\n2000;;30,00;\n";
    let (import, _) = bring(&world, "opening-balances?dry_run=true&date=2026-01-01", good).await;
    assert_eq!(ending(&import), ("done", 2, 0, 0));
    books.posts(&[]);
    let (import, _) = bring(&world, "opening-balances?date=2026-01-01", good).await;
    assert_eq!(ending(&import), ("done", 2, 2, 0));
    books.posts(&["Dr 1000 100.00 / Cr 2000 30.00, 3900 70.00"]);
    let entry = world.owner().get("/accounting/journal-entries").await.expect(200)["data"][0].clone();
    assert_eq!((&entry["date"], &entry["memo"]), (&json!("2026-01-01"), &json!("Opening balances")));
    world.owner().post("/accounting/periods/2026-01/close", &json!({})).await.expect(200);
    let (import, faults) = bring(&world, "opening-balances?date=2026-01-31", good).await;
    assert_eq!((import["status"].as_str(), faults), (Some("failed"), vec!["- - period_closed".to_owned()]));
    assert!(world.verify_books(None).holds());
}

const PAST: &str = "external_reference,ordered_at,sku,quantity,unit_price,discount_pct,shipping,email\n\
    R-1,2026-03-31T10:00:00+02:00,A,2,9.99,,4.95,o@example.com\n\
    R-1,2026-03-31T10:00:00+02:00,B,1,,50,,\n\
    R-2,2026-04-01,A,100,,,,\n\
    R-3,2026-04-02,A,0,,,,\n\
    R-3,2026-04-02,NONE,1,,,,\n\
    R-4,yesterday,A,1,,,,\n\
    R-5,2999-01-01,A,1,,,,\n\
    R-6,2026-04-03,A,1,8.00,,,\n";

#[tokio::test]
async fn past_orders_are_booked_in_their_own_time() {
    let world = World::start().await;
    let owner = world.owner();
    owner.product("A", "9.99", 10).await;
    owner.product("B", "5.00", 10).await;
    let expected = [
        "4 quantity insufficient_stock",
        "5 quantity out_of_range",
        "7 ordered_at invalid_time",
        "8 ordered_at in_the_future",
    ];
    let (import, faults) = bring(&world, "orders", PAST).await;
    assert_eq!((ending(&import), faults), (("failed", 8, 0, 5), expected.map(str::to_owned).to_vec()));
    assert_eq!(count(&world, "orders"), 0);
    let (import, _) = bring(&world, "orders?mode=skip_bad", PAST).await;
    assert_eq!(ending(&import), ("done", 8, 3, 5));
    let orders = owner.get("/orders?channel=import").await.expect(200)["data"].clone();
    let seen: Vec<_> = orders
        .as_array()
        .unwrap()
        .iter()
        .map(|order| {
            (
                order["external_reference"].as_str().unwrap(),
                order["ordered_at"].as_str().unwrap(),
                order["totals"]["grand_total"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(seen, [("R-6", "2026-04-02T22:00:00Z", "8.00"), ("R-1", "2026-03-31T08:00:00Z", "27.43")]);
    let invoices = format!("/orders/{}/invoices", orders[1]["id"].as_str().unwrap());
    assert_eq!(owner.get(&invoices).await.expect(200)["data"][0]["date"], "2026-03-31");
    // Again, whole this time: none of them is new.
    let again = "external_reference,ordered_at,sku,quantity\nR-6,2026-04-03,A,1\nR-7,2026-04-03,A,1\n";
    let (import, faults) = bring(&world, "orders", again).await;
    assert_eq!(
        (ending(&import), faults),
        (("failed", 2, 0, 1), vec!["2 external_reference duplicate_reference".to_owned()])
    );
    let (import, _) = bring(&world, "orders", again.replace("R-6", "R-8")).await;
    assert_eq!(ending(&import), ("done", 2, 2, 0));
    assert!(world.verify_books(None).holds());
}

/// So many rows that they come in several steps.
fn many(rows: usize) -> String {
    let row = |at: usize| if at % 100 == 7 { format!("K{at},,1.00\n") } else { format!("K{at},Name,1.00\n") };
    format!("sku,name,price\n{}", (0..rows).map(row).collect::<String>())
}

struct Killed {
    world: World,
    environment: Vec<(&'static str, String)>,
}

impl Killed {
    async fn over(path: &str, file: String) -> Self {
        let world = World::start().await;
        world.owner().import(path, file).await.expect(201);
        let mut environment = world.environment();
        environment.push(("WORKER_LEASE_SECONDS", "3".to_owned()));
        Self { world, environment }
    }

    /// Kills the worker, lets another one go on, and looks at what is there then.
    async fn then_another(self, mut worker: Process, rows: i64, written: i64) {
        worker.signal("KILL");
        worker.wait();
        let next = Process::work(&self.environment);
        until(&self.world, "imports WHERE status = 'done'", 1).await;
        drop(next);
        let counted = |sql: &str| count(&self.world, sql);
        assert_eq!((counted("products"), counted("stock")), (written, written));
        assert_eq!(counted("audit_log WHERE action = 'product.created'"), written);
        assert_eq!(counted("events WHERE kind = 'product.created'"), written);
        assert_eq!(counted(&format!("imports WHERE rows_written = {written} AND rows_checked = {rows}")), 1);
        assert_eq!(counted("import_chunks"), 0);
    }
}

/// Killed before the commit of the last transaction: all is entered in it, or it only ends the import.
#[tokio::test]
async fn a_worker_that_is_killed_at_the_end_leaves_nothing_half_and_nothing_twice() {
    for (mode, file, written) in
        [("all_or_nothing", many(3000).replace(",,", ",Name,"), 3000), ("skip_bad", many(3000), 2970)]
    {
        let killed = Killed::over(&format!("products?mode={mode}"), file).await;
        let mut doomed = killed.environment.clone();
        doomed.push(("STOP_AT", format!("{:?}", Point::Finishing)));
        let mut worker = Process::work(&doomed);
        worker.wait_for("held at a named point");
        killed.then_another(worker, 3000, written).await;
    }
}

/// Killed somewhere between the steps.
#[tokio::test]
async fn a_worker_that_is_killed_under_way_leaves_nothing_half_and_nothing_twice() {
    let killed = Killed::over("products?mode=skip_bad", many(10_000)).await;
    let worker = Process::work(&killed.environment);
    let begun = std::time::Instant::now();
    while count(&killed.world, "imports WHERE rows_written > 0") == 0 {
        assert!(begun.elapsed().as_secs() < 60, "nothing is entered");
    }
    killed.then_another(worker, 10_000, 9_900).await;
}

/// Two files with the same new products at once: each product is there once, whoever comes first.
#[tokio::test]
async fn two_files_at_once_do_not_enter_a_product_twice() {
    let world = World::start().await;
    let file = many(2000).replace(",,", ",Name,");
    for mode in ["skip_bad", "all_or_nothing", "skip_bad"] {
        world.owner().import(&format!("products?mode={mode}"), file.clone()).await.expect(201);
    }
    work(&world).await;
    assert_eq!((count(&world, "products"), count(&world, "stock")), (2000, 2000));
    let wrong = "imports WHERE rows_written + rows_refused <> 2000 AND status = 'done'";
    assert_eq!((count(&world, wrong), count(&world, "imports WHERE status IN ('done', 'failed')")), (0, 3));
}
