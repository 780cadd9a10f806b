//! `countinghouse verify books`: what it says when all holds, and when something does not.

use countinghouse_tests::{Caller, Cluster, Login, Process, World};
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::collections::BTreeSet;

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
        let invoiced = owner.order(&product, 2).await.expect(201);
        let path = |what: &str| format!("/orders/{}/{what}", invoiced["id"].as_str().unwrap());
        owner.post(&path("payments"), &json!({"amount": "1.00", "method": "card"})).await.expect(201);
        let parcel = json!({"carrier": "UPS", "tracking_number": "1Z",
            "lines": [{"order_line_id": invoiced["lines"][0]["id"], "quantity": 1}]});
        owner.post(&path("fulfilments"), &parcel).await.expect(201);
        let back = json!({"order_line_id": invoiced["lines"][0]["id"], "quantity": 1, "restock": true});
        owner.post("/returns", &json!({"order_id": invoiced["id"], "lines": [back]})).await.expect(201);
        owner.patch("/client", &json!({"auto_invoice": false})).await.expect(200);
        owner.order(&product, 1).await.expect(201);
        // A gift that cost nothing: its invoice has nothing to post.
        owner.patch("/client", &json!({"auto_invoice": true})).await.expect(200);
        let gift = json!({"sku": "G", "name": "G", "price": "0", "opening_stock": {"quantity": 5, "unit_cost": "0"}});
        let gift = owner.post("/products", &gift).await.expect(201);
        owner.order(gift["id"].as_str().unwrap(), 1).await.expect(201);
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
        ["0", "4"]
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

/// Each check finds what is broken before it, and each is tried.
#[tokio::test]
async fn whatever_is_broken_is_found() {
    let free = "ALTER TABLE journal_lines DISABLE TRIGGER USER; ALTER TABLE journal_entries DISABLE TRIGGER USER;";
    let mut tried = BTreeSet::new();
    let mut known = BTreeSet::new();
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
        (
            "UPDATE stock_movements SET value_minor = value_minor - 1 WHERE $ AND order_id IS NOT NULL",
            "goods of orders have their entries",
        ),
        (
            "UPDATE journal_lines SET account = '6000' WHERE $ AND account = '5000'",
            "goods of invoiced orders are cost of goods sold",
        ),
        (
            "UPDATE orders SET cost_minor = cost_minor + 1 WHERE $ AND state = 'placed'",
            "what is placed and not invoiced is account 1250",
        ),
        (
            "UPDATE orders SET total_minor = total_minor + 1, tax_minor = tax_minor + 1 WHERE $",
            "what orders owe is account 1100",
        ),
        ("UPDATE order_lines SET tax_minor = tax_minor + 1 WHERE $", "orders are what their lines and goods come to"),
        ("DELETE FROM payments WHERE $", "orders are paid what their payments come to"),
        (
            "UPDATE journal_entries SET source_id = gen_random_uuid() WHERE $ AND source = 'payment'",
            "payments have their entry",
        ),
        ("DELETE FROM invoices WHERE $ AND kind = 'invoice'", "what is invoiced has its invoice, and that its entry"),
        (
            "UPDATE journal_entries SET source_id = gen_random_uuid() WHERE $ AND source = 'invoice'",
            "what is invoiced has its invoice, and that its entry",
        ),
        (
            "UPDATE stock SET unfulfilled = unfulfilled - 1 WHERE $",
            "goods that wait to leave are sold and in no parcel",
        ),
        ("UPDATE invoices SET number = number + 10 WHERE $", "invoice numbers have no gap"),
        (
            "UPDATE orders SET credited_minor = credited_minor + 1 WHERE $ AND paid_minor > 0",
            "invoices less credit notes are what orders come to",
        ),
        (
            "UPDATE journal_entries SET source_id = gen_random_uuid() WHERE $ AND source = 'invoice'",
            "invoices and credit notes are what their entries say",
        ),
        (
            "UPDATE invoices SET goods = jsonb_set(goods, '{0,net}', '1') WHERE $ AND kind = 'credit_note'",
            "what invoices and credit notes sold is what they post",
        ),
        (
            "UPDATE invoices SET goods = jsonb_set(goods, '{0,cost}', '1') WHERE $ AND kind = 'invoice'",
            "what invoices and credit notes sold is what they post",
        ),
        (
            "INSERT INTO product_daily_sales SELECT tenant_id, '2026-01-01', id, 'invoice', 1, 1, 0, 1 FROM products WHERE $",
            "sales by day are those of invoices and credit notes",
        ),
        ("UPDATE return_lines SET quantity = quantity + 1 WHERE $", "what came back of lines is what returns say"),
        (
            "UPDATE stock_movements SET value_minor = value_minor + 1 WHERE $ AND return_id IS NOT NULL",
            "returns restock what their movements bring, and credit their order",
        ),
    ] {
        let world = World::start().await;
        some_business(&world).await;
        let report = world.verify_books(None);
        assert!(report.holds(), "{report}");
        let north = format!("tenant_id = '{}'", world.north.id);
        let mut owner = world.database(Login::Owner);
        owner.batch_execute(&format!("BEGIN; {free} {}; COMMIT", spoil.replace('$', &north))).unwrap();
        let report = world.verify_books(None);
        let found = report.findings.iter().any(|finding| finding.check == check && finding.client == "north");
        assert!(!report.holds() && found, "{spoil} is not found by {check}:\n{report}");
        assert!(report.findings.iter().all(|finding| finding.client == "north"), "{report}");
        tried.insert(check);
        known.extend(report.checks.iter().map(|check| check.name));
    }
    assert_eq!(tried, known);
}
