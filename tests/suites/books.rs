//! `countinghouse verify books`: what holds, what it says when something does not, and that it
//! holds after every step of random walks over stock.

use countinghouse_api::features::verify::{self, Report};
use countinghouse_tests::{Caller, Cluster, Login, PASSWORD, Process, World};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

fn verify_books(world: &World, client: Option<&str>) -> Report {
    let url = Cluster::get().url(Login::Owner, &world.database);
    verify::books(&url, client).expect("the database answers").expect("there is such a client")
}

/// The environment of a process that may read all rows.
fn owners_environment(world: &World) -> Vec<(&'static str, String)> {
    vec![("DATABASE_URL_OWNER", Cluster::get().url(Login::Owner, &world.database))]
}

async fn adjust(caller: &Caller, product: &str, kind: &str, quantity: i64, cost: Option<&str>) -> u16 {
    let mut body = json!({"product_id": product, "kind": kind, "quantity": quantity});
    if let Some(cost) = cost {
        body["unit_cost"] = json!(cost);
    }
    caller.post("/inventory/adjustments", &body).await.status
}

async fn some_business(world: &World) {
    for (tenant, quantity) in [(&world.north, 10), (&world.south, 7)] {
        let owner = world.caller(tenant, "owner");
        let product = owner.product("A", "9.99", quantity).await;
        assert_eq!(adjust(&owner, &product, "purchase", 3, Some("5.01")).await, 201);
        assert_eq!(adjust(&owner, &product, "damage", 2, None).await, 201);
    }
}

#[tokio::test]
async fn the_command_prints_a_table_and_says_whether_the_books_hold() {
    let world = World::start().await;
    some_business(&world).await;
    let run = |arguments: &[&str]| {
        Process::run(&owners_environment(&world), &[["verify", "books"].as_slice(), arguments].concat(), "")
    };
    let whole = run(&[]);
    let text = String::from_utf8(whole.stdout).unwrap();
    assert!(whole.status.success(), "{text}{}", String::from_utf8_lossy(&whole.stderr));
    assert!(text.ends_with("2 clients: the books hold\n"), "{text}");
    let row =
        |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {text}"));
    assert_eq!(
        row("stock is the sum of its movements").split_whitespace().rev().take(2).collect::<Vec<_>>(),
        ["0", "2"]
    );
    let unknown = run(&["--client", "nobody"]);
    assert!(!unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains("no such client"));

    let spoil = "UPDATE stock SET value_minor = value_minor + 1 WHERE tenant_id = (SELECT id FROM tenants WHERE slug = 'south')";
    world.database(Login::Owner).batch_execute(spoil).unwrap();
    assert!(run(&["--client", "north"]).status.success());
    for arguments in [[].as_slice(), &["--client", "south"]] {
        let broken = run(arguments);
        let text = String::from_utf8(broken.stdout).unwrap();
        assert_eq!(broken.status.code(), Some(1), "{text}");
        assert!(text.contains("south: what stock is worth is account 1200: stock is worth"), "{text}");
        assert!(text.contains("south: stock is the sum of its movements: product"), "{text}");
        assert!(text.ends_with("the books are broken\n"), "{text}");
    }
    // Without the owner's login there is nothing to look at.
    assert!(!Process::run(&world.environment(), &["verify", "books"], "").status.success());
}

/// Each check sees what only it can see.
#[tokio::test]
async fn whatever_is_broken_is_found() {
    let free = "ALTER TABLE journal_lines DISABLE TRIGGER USER; ALTER TABLE journal_entries DISABLE TRIGGER USER;";
    for (spoil, check) in [
        (
            "UPDATE journal_lines SET amount_minor = amount_minor + 1 WHERE $ AND entry_number = 1 AND account = '1200'",
            "every entry balances",
        ),
        ("DELETE FROM journal_lines WHERE $ AND entry_number = 1", "every entry balances"),
        ("UPDATE journal_counters SET last_number = last_number + 1 WHERE $", "entry numbers have no gap"),
        (
            "UPDATE journal_lines SET date = date - 1 WHERE $ AND entry_number = 1",
            "lines have an entry of their day, and an account",
        ),
        (
            "UPDATE journal_lines SET account = '7777' WHERE $ AND entry_number = 1 AND account = '3900'",
            "lines have an entry of their day, and an account",
        ),
        (
            "INSERT INTO account_daily_totals SELECT id, '6000', '2026-01-01', 5 FROM tenants WHERE slug = 'north'",
            "sums by day are those of the lines",
        ),
        (
            "INSERT INTO account_daily_totals SELECT id, '6000', '2026-01-01', 5 FROM tenants WHERE slug = 'north'",
            "the trial balance is zero",
        ),
        ("UPDATE stock SET on_hand = on_hand + 1 WHERE $", "stock is the sum of its movements"),
        ("UPDATE stock SET value_minor = value_minor + 1 WHERE $", "what stock is worth is account 1200"),
        (
            "UPDATE journal_entries SET source_id = gen_random_uuid() WHERE $ AND number = 2",
            "movements with value have their entry",
        ),
    ] {
        let world = World::start().await;
        some_business(&world).await;
        let report = verify_books(&world, None);
        assert!(report.holds(), "{report}");
        let north = format!("tenant_id = '{}'", world.north.id);
        let mut owner = world.database(Login::Owner);
        owner.batch_execute(&format!("BEGIN; {free} {}; COMMIT", spoil.replace('$', &north))).unwrap();
        let report = verify_books(&world, None);
        let found = report.findings.iter().any(|finding| finding.check == check && finding.client == "north");
        assert!(!report.holds() && found, "{spoil} is not found by {check}:\n{report}");
        assert!(report.findings.iter().all(|finding| finding.client == "north"), "{report}");
    }
}

/// Numbers that look random and are the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.roll(from.len() as u64)).unwrap()]
    }
}

/// The owners of three clients, whose currencies have two, no and three digits, with prices there.
async fn three_clients(world: &World) -> Vec<(&'static str, Caller, [&'static str; 3])> {
    let mut clients = vec![("north", world.owner(), ["0.01", "4.37", "1000.00"])];
    for (slug, currency, costs) in
        [("tokyo", "JPY", ["1", "437", "10000"]), ("kuwait", "KWD", ["0.001", "1.234", "99.999"])]
    {
        let client = json!({"slug": slug, "name": slug, "currency": currency, "time_zone": "Asia/Tokyo"});
        let body = json!({"client": client, "owner": {"username": "olga", "password": PASSWORD}});
        world.superadmin().post("/admin/tenants", &body).await.expect(201);
        let body = json!({"client_id": slug, "username": "olga", "password": PASSWORD});
        let logged_in = world.nobody().post("/auth/login", &body).await.expect(200);
        clients.push((slug, world.with_token(logged_in["access_token"].as_str().unwrap()), costs));
    }
    clients
}

/// One step of a walk over two products; what is refused is no less a step.
async fn step(dice: &mut Dice, owner: &Caller, products: &[Value; 2], costs: &[&str; 3]) -> (String, u16) {
    let product = products[usize::try_from(dice.roll(2)).unwrap()].as_str().unwrap().to_owned();
    let quantity = i64::try_from(1 + dice.roll(9)).unwrap();
    let (kind, quantity, cost) = match dice.roll(6) {
        0 | 1 => ("purchase", quantity, Some(dice.pick(costs))),
        2 => ("damage", quantity, None),
        3 => ("correction", quantity - 5, (dice.roll(2) == 0).then(|| dice.pick(costs))),
        4 => ("count", quantity, Some(dice.pick(costs))),
        _ => ("count", quantity + 20, Some(dice.pick(costs))),
    };
    (format!("{kind} {quantity} {cost:?}"), adjust(owner, &product, kind, quantity, cost).await)
}

#[tokio::test]
async fn the_books_hold_after_every_step_of_64_walks_over_stock() {
    let world = World::start().await;
    let clients = three_clients(&world).await;
    let mut done = 0;
    for walk in 0..64_u64 {
        let mut dice = Dice(walk);
        let (slug, owner, costs) = &clients[usize::try_from(walk % 3).unwrap()];
        let mut products = [Value::Null, Value::Null];
        for (at, product) in products.iter_mut().enumerate() {
            let body = json!({"sku": format!("{walk}-{at}"), "name": "x", "price": costs[1],
                "opening_stock": {"quantity": dice.roll(4), "unit_cost": dice.pick(costs)}});
            *product = owner.post("/products", &body).await.expect(201)["id"].clone();
        }
        for at in 0..6 {
            let (step, status) = step(&mut dice, owner, &products, costs).await;
            assert!([201, 409, 422].contains(&status), "walk {walk}, step {at}, {step}: {status}");
            done += u32::from(status == 201);
            let report = verify_books(&world, Some(slug));
            assert!(report.holds(), "walk {walk}, step {at}, {step}:\n{report}");
        }
    }
    assert!(done > 200, "only {done} steps of {} did something", 64 * 6);
    let report = verify_books(&world, None);
    assert!(report.holds(), "{report}");
}
