//! What the clients do: sell, change and cancel what they sold, collect, take back, refund, and buy; and what
//! must have come of it.

use super::{
    Simulation,
    requests::{Request, State},
};
use countinghouse_tests::{Dice, Login, Tenant, World};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The client whose owner has a second factor, and so edits and cancels.
pub const EDITOR: usize = 0;

fn id(thing: &Value) -> String {
    thing["id"].as_str().expect("an id").to_owned()
}

/// A client, and what it sells.
pub struct Client {
    pub tenant: Tenant,
    digits: u32,
    products: Vec<String>,
}

impl Client {
    pub async fn open(world: &World, tenant: Tenant, digits: u32, dice: &mut Dice) -> Self {
        let mut client = Self { tenant, digits, products: Vec::new() };
        let owner = world.caller(&client.tenant, "owner");
        for sku in ["A", "B"] {
            let stock = json!({"quantity": 5 + dice.roll(30), "unit_cost": client.amount(dice, 500)});
            let body = json!({"sku": sku, "name": sku, "price": client.amount(dice, 2_000), "tax_rate": "19",
                "opening_stock": stock});
            let product = owner.post("/products", &body).await.expect(201);
            client.products.push(product["id"].as_str().unwrap().to_owned());
        }
        client
    }

    /// Between one and so many minor units.
    fn amount(&self, dice: &mut Dice, most: u64) -> String {
        let (minor, unit) = (1 + dice.roll(most), 10_u64.pow(self.digits));
        format!("{}.{:0digits$}", minor / unit, minor % unit, digits = self.digits as usize)
    }
}

impl Simulation {
    fn some_client(&mut self) -> usize {
        self.dice.roll(self.clients.len() as u64) as usize
    }

    pub fn order(&mut self) {
        let at = self.some_client();
        let products = &self.clients[at].products;
        let lines: Vec<Value> = (0..=self.dice.roll(2))
            .map(|_| json!({"product_id": self.dice.pick(products), "quantity": 1 + self.dice.roll(4)}))
            .collect();
        let reference = format!("R-{}", self.requests.len());
        self.ask(at, "/orders".to_owned(), json!({"lines": lines, "external_reference": reference}));
    }

    /// What was acknowledged at this path, and the client of it.
    fn acknowledged(&self, path: &str) -> Vec<(usize, Value)> {
        let requests = self.requests.iter().filter(|request| request.path == path);
        requests.filter_map(|request| Some((request.client, request.answer()?))).collect()
    }

    /// For an order that was acknowledged: all of it, or some, perhaps too much.
    pub fn pay(&mut self) {
        let Some((at, order)) = self.dice.pick(&self.acknowledged("/orders")).cloned() else { return };
        let amount = match self.dice.roll(2) {
            0 => order["totals"]["grand_total"].as_str().expect("an amount").to_owned(),
            _ => self.clients[at].amount(&mut self.dice, 3_000),
        };
        self.move_money(at, &order["id"], "payments", amount);
    }

    /// Of what was taken back, perhaps of an order that was not paid; where nothing was, something is.
    pub fn refund(&mut self) {
        let returned = self.acknowledged("/returns");
        let Some((at, returned)) = self.pick_paid(&returned, "order_id") else { return self.take_back() };
        let amount = self.clients[at].amount(&mut self.dice, 500);
        self.move_money(at, &returned["order_id"], "refunds", amount);
    }

    /// One of these, whose order this member names: of an order that was paid in full at once, if there is one.
    fn pick_paid(&mut self, of: &[(usize, Value)], order: &str) -> Option<(usize, Value)> {
        let orders = self.acknowledged("/orders").into_iter();
        let totals: BTreeMap<String, Value> =
            orders.map(|(_, order)| (id(&order), order["totals"]["grand_total"].clone())).collect();
        let in_full = |(_, one): &&(usize, Value)| {
            let order = one[order].as_str().unwrap_or_default();
            let (path, total) = (format!("/orders/{order}/payments"), totals.get(order));
            let mut payments = self.requests.iter().filter(|request| request.path == path);
            payments.any(|request| request.answer().is_some() && Some(&request.body["amount"]) == total)
        };
        let paid: Vec<_> = of.iter().filter(in_full).cloned().collect();
        self.dice.pick(if paid.is_empty() { of } else { &paid }).cloned()
    }

    fn move_money(&mut self, at: usize, order: &Value, what: &str, amount: String) {
        let path = format!("/orders/{}/{what}", order.as_str().expect("an id"));
        self.ask(at, path, json!({"amount": amount, "method": "card"}));
    }

    /// Of an order that was acknowledged, and perhaps more than was sold.
    pub fn take_back(&mut self) {
        let orders = self.acknowledged("/orders");
        let Some((at, order)) = self.pick_paid(&orders, "id") else { return };
        let line = self.dice.pick(order["lines"].as_array().expect("lines"));
        let line = json!({"order_line_id": line.expect("a line")["id"], "quantity": 1 + self.dice.roll(3),
            "restock": self.dice.roll(2) == 0});
        self.ask(at, "/returns".to_owned(), json!({"order_id": order["id"], "lines": [line]}));
    }

    fn some_order_of_the_editor(&mut self) -> Option<(usize, Value)> {
        let mut orders = self.acknowledged("/orders");
        orders.retain(|(client, _)| *client == EDITOR);
        self.dice.pick(&orders).cloned()
    }

    /// Another quantity of the first line, another product beside it, and always another note.
    pub fn edit(&mut self) {
        let Some((at, order)) = self.some_order_of_the_editor() else { return };
        let note = format!("N-{}", self.requests.len());
        let mut lines = vec![json!({"id": order["lines"][0]["id"], "quantity": 1 + self.dice.roll(5)})];
        if self.dice.roll(2) == 0 {
            lines.push(json!({"product_id": self.dice.pick(&self.clients[at].products), "quantity": 1}));
        }
        let path = format!("/orders/{}", id(&order));
        self.ask_with_code(at, Method::PATCH, path, json!({"lines": lines, "note": note}));
    }

    pub fn cancel(&mut self) {
        if let Some((at, order)) = self.some_order_of_the_editor() {
            self.ask_with_code(at, Method::DELETE, format!("/orders/{}", id(&order)), Value::Null);
        }
    }

    pub fn adjust(&mut self) {
        let at = self.some_client();
        let cost = self.clients[at].amount(&mut self.dice, 700);
        let product = self.dice.pick(&self.clients[at].products);
        let body = match self.dice.roll(3) {
            0 => json!({"product_id": product, "kind": "damage", "quantity": 1 + self.dice.roll(3)}),
            _ => {
                json!({"product_id": product, "kind": "purchase", "quantity": 1 + self.dice.roll(9), "unit_cost": cost})
            }
        };
        self.ask(at, "/inventory/adjustments".to_owned(), body);
    }

    /// The orders, payments, returns and movements that stand there are those that were acknowledged, once each.
    pub fn check_business(&self) {
        let expected = |is: fn(&Request) -> bool| -> BTreeMap<String, String> {
            let done = self.requests.iter().filter(|request| is(request));
            let told =
                done.filter_map(|request| Some((request.answer()?["id"].as_str()?.to_owned(), self.slug(request))));
            told.collect()
        };
        let order = |request: &Request| request.path == "/orders";
        let payment = |request: &Request| request.path.ends_with("/payments") || request.path.ends_with("/refunds");
        let returned = |request: &Request| request.path == "/returns";
        let adjustment = |request: &Request| request.path == "/inventory/adjustments";
        assert_eq!(self.standing("orders t"), expected(order));
        assert_eq!(self.standing("payments t"), expected(payment));
        assert_eq!(self.standing("returns t"), expected(returned));
        let by_hand = "(SELECT * FROM stock_movements WHERE order_id IS NULL AND kind <> 'opening') t";
        assert_eq!(self.standing(by_hand), expected(adjustment));
        let done = |method: Method| {
            let of = self.requests.iter().filter(move |request| request.method == method);
            of.filter(|request| matches!(request.state, State::Done(_)))
        };
        let cancelled = done(Method::DELETE).map(|request| (request.path.replace("/orders/", ""), self.slug(request)));
        assert_eq!(self.standing("(SELECT * FROM orders WHERE cancelled_at IS NOT NULL) t"), cancelled.collect());
        let edits = "(SELECT * FROM session_events WHERE kind = 'order_edited') t";
        assert_eq!(self.standing(edits).len(), done(Method::PATCH).count());
    }

    fn slug(&self, request: &Request) -> String {
        self.clients[request.client].tenant.slug.to_owned()
    }

    /// Ids of the rows that there are, and whose they are.
    fn standing(&self, from: &str) -> BTreeMap<String, String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = sql_types::Text)]
            id: String,
            #[diesel(sql_type = sql_types::Text)]
            slug: String,
        }
        let sql = format!("SELECT t.id::text, c.slug FROM {from} JOIN tenants c ON c.id = t.tenant_id");
        let rows: Vec<Row> = sql_query(sql).load(&mut self.world.database(Login::Owner)).unwrap();
        rows.into_iter().map(|row| (row.id, row.slug)).collect()
    }
}

impl Request {
    /// The answer, when it was done.
    pub fn answer(&self) -> Option<Value> {
        match &self.state {
            State::Done(text) => serde_json::from_str(text).ok(),
            State::Open | State::Refused => None,
        }
    }
}
