//! Random walks over everything that moves goods or money, by two clients at once in currencies of
//! 2, 0 and 3 digits: all that must hold of the books holds after every step.
//!
//! A walk is its seed: the same number walks the same way, and stands in the message of a failure.
//! The worlds are few and long, since a new database for each walk would cost more than the walk.

use countinghouse_tests::{Answer, Caller, Dice, Tenant, World};
use serde_json::{Value, json};

/// 256 walks in all.
const WALKS: u64 = 256;
const STEPS: usize = 12;

/// A client on its walk: its products, and its orders as they were last seen.
struct Walker {
    caller: Caller,
    digits: u32,
    products: Vec<String>,
    orders: Vec<Value>,
}

impl Walker {
    async fn new(world: &World, tenant: &Tenant, digits: u32, dice: &mut Dice) -> Self {
        let mut walker =
            Self { caller: world.caller(tenant, "owner"), digits, products: Vec::new(), orders: Vec::new() };
        for tax_rate in ["0", "20", "7.7"] {
            let sku = format!("{}-{tax_rate}", uuid::Uuid::new_v4());
            let stock = json!({"quantity": dice.roll(30), "unit_cost": walker.amount(dice, 500)});
            let body = json!({"sku": sku, "name": sku, "price": walker.amount(dice, 2_000), "tax_rate": tax_rate,
                "opening_stock": stock});
            let product = walker.caller.post("/products", &body).await.expect(201);
            walker.products.push(product["id"].as_str().unwrap().to_owned());
        }
        walker
    }

    /// So many minor units at most, as the currency writes them.
    fn amount(&self, dice: &mut Dice, most: u64) -> String {
        self.written(dice.roll(most + 1))
    }

    fn written(&self, minor: u64) -> String {
        let unit = 10_u64.pow(self.digits);
        match self.digits {
            0 => minor.to_string(),
            digits => format!("{}.{:0digits$}", minor / unit, minor % unit, digits = digits as usize),
        }
    }

    async fn step(&mut self, dice: &mut Dice) {
        match dice.roll(10) {
            0 | 1 => self.adjust(dice).await,
            2..=4 => self.order(dice).await,
            5 => self.invoice(dice).await,
            6 | 7 => self.pay(dice).await,
            8 => self.refund(dice).await,
            _ => self.fulfil(dice).await,
        }
    }

    async fn adjust(&self, dice: &mut Dice) {
        let kind = *dice.pick(&["purchase", "purchase", "damage", "count", "correction"]).unwrap();
        let quantity = match kind {
            "correction" => dice.roll(9) as i64 - 4,
            _ => dice.roll(20) as i64,
        };
        let mut body = json!({"product_id": dice.pick(&self.products), "kind": kind, "quantity": quantity});
        if kind == "purchase" || dice.roll(2) == 0 {
            body["unit_cost"] = json!(self.amount(dice, 700));
        }
        either(self.caller.post("/inventory/adjustments", &body).await, &[409, 422]);
    }

    async fn order(&mut self, dice: &mut Dice) {
        let line = |dice: &mut Dice| {
            let mut line = json!({"product_id": dice.pick(&self.products), "quantity": 1 + dice.roll(6)});
            if dice.roll(2) == 0 {
                line["discount_pct"] = json!(format!("{}.{:02}", dice.roll(100), dice.roll(100)));
            }
            if dice.roll(3) == 0 {
                line["unit_price"] = json!(self.amount(dice, 3_000));
            }
            line
        };
        let lines: Vec<Value> = (0..=dice.roll(3)).map(|_| line(dice)).collect();
        let mut body = json!({"lines": lines});
        if dice.roll(3) == 0 {
            body["shipping"] = json!(self.amount(dice, 900));
        }
        if dice.roll(4) == 0 {
            body["ordered_at"] = json!(format!("2026-0{}-1{}T22:30:00Z", 1 + dice.roll(9), dice.roll(10)));
        }
        let policies = json!({"auto_invoice": dice.roll(3) > 0, "prices_include_tax": dice.roll(2) == 0,
            "shipping_tax_rate": if dice.roll(2) == 0 { "0" } else { "19" }});
        if dice.roll(3) == 0 {
            self.caller.patch("/client", &policies).await.expect(200);
        }
        self.orders.extend(either(self.caller.post("/orders", &body).await, &[409]));
    }

    async fn on(&self, order: &Value, what: &str, body: Value, refusals: &[u16]) {
        let path = format!("/orders/{}/{what}", order["id"].as_str().unwrap());
        either(self.caller.post(&path, &body).await, refusals);
    }

    async fn invoice(&self, dice: &mut Dice) {
        if let Some(order) = dice.pick(&self.orders) {
            self.on(order, "invoice", json!({}), &[409]).await;
        }
    }

    async fn pay(&self, dice: &mut Dice) {
        if let Some(order) = dice.pick(&self.orders) {
            let total = order["totals"]["grand_total"].as_str().unwrap().replace('.', "").parse::<u64>().unwrap();
            let most = if dice.roll(2) == 0 { total } else { dice.roll(total + 2) };
            let body = json!({"amount": self.written(most), "method": "card"});
            self.on(order, "payments", body, &[409, 422]).await;
        }
    }

    /// Nothing makes the client owe yet: refunds are refused, and post nothing.
    async fn refund(&self, dice: &mut Dice) {
        if let Some(order) = dice.pick(&self.orders) {
            let body = json!({"amount": self.amount(dice, 500), "method": "card"});
            self.on(order, "refunds", body, &[409, 422]).await;
        }
    }

    async fn fulfil(&self, dice: &mut Dice) {
        if let Some(order) = dice.pick(&self.orders) {
            let mut body = json!({"carrier": "UPS", "tracking_number": "1Z"});
            if let Some(line) =
                order["lines"].as_array().filter(|_| dice.roll(2) == 0).and_then(|lines| dice.pick(lines))
            {
                body["lines"] = json!([{"order_line_id": line["id"], "quantity": 1 + dice.roll(4)}]);
            }
            self.on(order, "fulfilments", body, &[409]).await;
        }
    }
}

/// The body of a success; a refusal must be one of these.
#[track_caller]
fn either(answer: Answer, refusals: &[u16]) -> Option<Value> {
    if answer.status == 200 || answer.status == 201 {
        return Some(answer.body);
    }
    assert!(refusals.contains(&answer.status), "{answer:?}");
    None
}

/// The two clients of this world take turns, each walk with products of its own.
async fn walk(currencies: [(&str, u32); 2], seeds: std::ops::Range<u64>) {
    let world = World::start().await;
    let mut auditor = world.auditor();
    for (tenant, (currency, _)) in [&world.north, &world.south].into_iter().zip(currencies) {
        let profile = json!({"currency": currency});
        world.caller(tenant, "owner").patch("/client", &profile).await.expect(200);
    }
    for seed in seeds {
        let mut dice = Dice::of(seed);
        let [(_, first), (_, second)] = currencies;
        let mut north = Walker::new(&world, &world.north, first, &mut dice).await;
        let mut south = Walker::new(&world, &world.south, second, &mut dice).await;
        for step in 0..STEPS {
            let (walker, slug) = if dice.roll(2) == 0 { (&mut north, "north") } else { (&mut south, "south") };
            walker.step(&mut dice).await;
            let books = auditor.verify_books(Some(slug));
            assert!(books.holds(), "walk {seed}, step {step}:\n{books}");
        }
        let books = auditor.verify_books(None);
        assert!(books.holds(), "walk {seed}:\n{books}");
    }
}

#[tokio::test]
async fn the_books_hold_on_walks_in_euros_and_yen() {
    walk([("EUR", 2), ("JPY", 0)], 0..WALKS / 3).await;
}

#[tokio::test]
async fn the_books_hold_on_walks_in_yen_and_dinars() {
    walk([("JPY", 0), ("KWD", 3)], WALKS / 3..WALKS * 2 / 3).await;
}

#[tokio::test]
async fn the_books_hold_on_walks_in_dinars_and_euros() {
    walk([("KWD", 3), ("EUR", 2)], WALKS * 2 / 3..WALKS).await;
}
