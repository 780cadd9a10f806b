//! Random walks over everything that moves goods or money, by two clients at once in currencies of
//! 2, 0 and 3 digits: all that must hold of the books holds after every step.
//!
//! A walk is its seed: the same number walks the same way, and stands in the message of a failure.
//! The worlds are few and long, since a new database for each walk would cost more than the walk.

use countinghouse_tests::{Answer, Caller, Dice, Editor, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// 256 walks in all.
const WALKS: u64 = 256;
const STEPS: usize = 12;

/// A client on its walk: its products, and its orders as they were last seen.
struct Walker<'w> {
    caller: Caller,
    /// The same person, whose second factor edits and cancels take.
    editor: &'w Editor<'w>,
    digits: u32,
    products: Vec<String>,
    orders: Vec<Value>,
    /// How often each kind of step was done, and not refused.
    done: BTreeMap<&'static str, u32>,
}

impl<'w> Walker<'w> {
    async fn new(editor: &'w Editor<'w>, digits: u32, dice: &mut Dice) -> Self {
        let mut walker = Self {
            caller: editor.caller(),
            editor,
            digits,
            products: Vec::new(),
            orders: Vec::new(),
            done: BTreeMap::new(),
        };
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
        match dice.roll(14) {
            0 | 1 => self.adjust(dice).await,
            2..=4 => self.order(dice).await,
            5 => self.invoice(dice).await,
            6 | 7 => self.pay(dice).await,
            8 => self.refund(dice).await,
            9 => self.return_some(dice).await,
            10 | 11 => self.edit(dice).await,
            12 => self.cancel(dice).await,
            _ => self.fulfil(dice).await,
        }
    }

    async fn adjust(&mut self, dice: &mut Dice) {
        let kind = *dice.pick(&["purchase", "purchase", "damage", "count", "correction"]).unwrap();
        let quantity = match kind {
            "correction" => dice.roll(9) as i64 - 4,
            _ => dice.roll(20) as i64,
        };
        let mut body = json!({"product_id": dice.pick(&self.products), "kind": kind, "quantity": quantity});
        if kind == "purchase" || kind != "damage" && dice.roll(2) == 0 {
            body["unit_cost"] = json!(self.amount(dice, 700));
        }
        let answer = self.caller.post("/inventory/adjustments", &body).await;
        // By nothing, or onto an empty shelf without a cost.
        self.note(kind, answer, &["insufficient_stock", "out_of_range", "unit_cost_required"]);
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
        let answer = self.caller.post("/orders", &body).await;
        let order = self.note("order", answer, &["insufficient_stock"]);
        self.orders.extend(order);
    }

    async fn on(&mut self, order: &Value, what: &'static str, body: Value, refusals: &[&str]) {
        let path = format!("/orders/{}/{what}", order["id"].as_str().unwrap());
        let answer = self.caller.post(&path, &body).await;
        self.note(what, answer, refusals);
    }

    /// The body of a success, which is counted; a refusal must be for one of these reasons.
    #[track_caller]
    fn note(&mut self, what: &'static str, answer: Answer, refusals: &[&str]) -> Option<Value> {
        if answer.status < 300 {
            *self.done.entry(what).or_default() += 1;
            return Some(answer.body);
        }
        let faults = answer.body["errors"].as_array().into_iter().flatten().map(|fault| &fault["code"]);
        let reasons: Vec<&str> = if answer.status == 422 { faults.collect() } else { vec![&answer.body["code"]] }
            .into_iter()
            .map(|code| code.as_str().unwrap_or_default())
            .collect();
        let known = !reasons.is_empty() && reasons.iter().all(|reason| refusals.contains(reason));
        assert!(known, "{what}: {answer:?}");
        None
    }

    /// Some lines stay, most of them with another quantity, and others are new.
    async fn edit(&mut self, dice: &mut Dice) {
        let Some(order) = dice.pick(&self.orders).cloned() else { return };
        // By its lines of now, which another edit may have changed.
        let order = self.editor.look(&order).await;
        let mut lines = Vec::new();
        for line in order["lines"].as_array().unwrap() {
            if dice.roll(4) > 0 {
                lines.push(json!({"id": line["id"], "quantity": 1 + dice.roll(6)}));
            }
        }
        for line in &mut lines {
            if dice.roll(4) == 0 {
                line["unit_price"] = json!(self.amount(dice, 3_000));
                line["discount_pct"] = json!(format!("{}.5", dice.roll(99)));
            }
        }
        if lines.is_empty() || dice.roll(3) == 0 {
            lines.push(json!({"product_id": dice.pick(&self.products), "quantity": 1 + dice.roll(4)}));
        }
        let mut body = json!({"lines": lines});
        if dice.roll(4) == 0 {
            body["shipping"] = json!(self.amount(dice, 900));
        }
        let answer = self.editor.edit(&order, &body).await;
        self.note("edit", answer, &["insufficient_stock", "order_not_editable"]);
    }

    async fn cancel(&mut self, dice: &mut Dice) {
        if let Some(order) = dice.pick(&self.orders).cloned() {
            let answer = self.editor.cancel(&order).await;
            self.note("cancel", answer, &["order_not_editable"]);
        }
    }

    async fn invoice(&mut self, dice: &mut Dice) {
        if let Some(order) = dice.pick(&self.orders).cloned() {
            self.on(&order, "invoice", json!({}), &["already_invoiced", "order_cancelled"]).await;
        }
    }

    async fn pay(&mut self, dice: &mut Dice) {
        if let Some(order) = dice.pick(&self.orders).cloned() {
            let total = order["totals"]["grand_total"].as_str().unwrap().replace('.', "").parse::<u64>().unwrap();
            let most = if dice.roll(2) == 0 { total } else { dice.roll(total + 2) };
            let body = json!({"amount": self.written(most), "method": "card"});
            self.on(&order, "payments", body, &["overpaid", "not_invoiced", "out_of_range"]).await;
        }
    }

    /// Of a paid order something comes back, and the customer gets what they are owed, or about that.
    async fn refund(&mut self, dice: &mut Dice) {
        let Some(order) = dice.pick(&self.orders).cloned() else { return };
        let due = self.due(&order).await;
        if due > 0 {
            let body = json!({"amount": self.written(due.unsigned_abs()), "method": "card"});
            self.on(&order, "payments", body, &["not_invoiced"]).await;
        }
        self.take_back(&order, dice).await;
        let owed = u64::try_from(-self.due(&order).await).unwrap_or_default();
        let amount = if dice.roll(2) == 0 { owed } else { dice.roll(owed + 2) };
        let body = json!({"amount": self.written(amount), "method": "card"});
        self.on(&order, "refunds", body, &["over_refunded", "not_invoiced", "out_of_range"]).await;
    }

    /// What an order owes, in minor units.
    async fn due(&self, order: &Value) -> i64 {
        let order = self.caller.get(&format!("/orders/{}", order["id"].as_str().unwrap())).await.expect(200);
        order["amount_due"].as_str().unwrap().replace('.', "").parse().unwrap()
    }

    async fn return_some(&mut self, dice: &mut Dice) {
        if let Some(order) = dice.pick(&self.orders).cloned() {
            self.take_back(&order, dice).await;
        }
    }

    /// Some units of some lines, restocked or not; now and then a line twice, and more than there are.
    async fn take_back(&mut self, order: &Value, dice: &mut Dice) {
        let sold = order["lines"].as_array().unwrap();
        let line = |dice: &mut Dice| {
            json!({"order_line_id": dice.pick(sold).unwrap()["id"], "quantity": 1 + dice.roll(3),
                "restock": dice.roll(3) > 0})
        };
        let lines: Vec<Value> = (0..=dice.roll(2)).map(|_| line(dice)).collect();
        let body = json!({"order_id": order["id"], "lines": lines, "credit_shipping": dice.roll(2) == 0});
        let answer = self.caller.post("/returns", &body).await;
        self.note("return", answer, &["not_invoiced", "return_exceeds_sold", "not_found"]);
    }

    async fn fulfil(&mut self, dice: &mut Dice) {
        if let Some(order) = dice.pick(&self.orders).cloned() {
            let mut body = json!({"carrier": "UPS", "tracking_number": "1Z"});
            if let Some(line) =
                order["lines"].as_array().filter(|_| dice.roll(2) == 0).and_then(|lines| dice.pick(lines))
            {
                body["lines"] = json!([{"order_line_id": line["id"], "quantity": 1 + dice.roll(4)}]);
            }
            self.on(&order, "fulfilments", body, &["fulfilment_exceeds_ordered", "nothing_to_fulfil", "not_found"])
                .await;
        }
    }
}

/// The two clients of this world take turns, each walk with products of its own.
async fn walk(currencies: [(&str, u32); 2], seeds: std::ops::Range<u64>) {
    let world = World::start().await;
    let mut auditor = world.auditor();
    for (tenant, (currency, _)) in [&world.north, &world.south].into_iter().zip(currencies) {
        let profile = json!({"currency": currency});
        world.caller(tenant, "owner").patch("/client", &profile).await.expect(200);
    }
    let editors =
        [Editor::enrol(&world, &world.north, "owner").await, Editor::enrol(&world, &world.south, "owner").await];
    let mut done = BTreeMap::new();
    for seed in seeds {
        let mut dice = Dice::of(seed);
        let [(_, first), (_, second)] = currencies;
        let mut north = Walker::new(&editors[0], first, &mut dice).await;
        let mut south = Walker::new(&editors[1], second, &mut dice).await;
        for step in 0..STEPS {
            let (walker, slug) = if dice.roll(2) == 0 { (&mut north, "north") } else { (&mut south, "south") };
            walker.step(&mut dice).await;
            let books = auditor.verify_books(Some(slug));
            assert!(books.holds(), "walk {seed}, step {step}:\n{books}");
        }
        let books = auditor.verify_books(None);
        assert!(books.holds(), "walk {seed}:\n{books}");
        for (what, times) in north.done.into_iter().chain(south.done) {
            *done.entry(what).or_insert(0) += times;
        }
    }
    let steps = [
        "purchase",
        "damage",
        "count",
        "correction",
        "order",
        "invoice",
        "payments",
        "refunds",
        "fulfilments",
        "return",
        "edit",
        "cancel",
    ];
    assert!(steps.iter().all(|step| done.contains_key(step)), "not all was ever done: {done:?}");
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
