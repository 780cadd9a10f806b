//! A client's books as a test reads them: what each event posted, in the words of the golden
//! ledgers, and what the accounts come to.
//!
//! An entry is written `Dr 1100 40.00, 5000 22.00 / Cr 4000 40.00, 1200 22.00`; the order of its
//! lines does not count.

use crate::{Caller, Login, Tenant, World};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types};
use serde_json::{Value, json};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

/// One client's journal, with what a test does to fill it.
pub struct Ledger {
    pub caller: Caller,
    tenant: Tenant,
    digits: usize,
    /// The owner's connection: the journal is read as it stands, past the API.
    database: RefCell<PgConnection>,
    /// The last entry that was looked at.
    seen: Cell<i64>,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = sql_types::BigInt)]
    number: i64,
    #[diesel(sql_type = sql_types::Text)]
    source: String,
    #[diesel(sql_type = sql_types::Date)]
    date: chrono::NaiveDate,
    #[diesel(sql_type = sql_types::Text)]
    account: String,
    #[diesel(sql_type = sql_types::BigInt)]
    amount: i64,
}

impl Ledger {
    /// The books of a client whose currency has so many digits.
    pub fn new(world: &World, tenant: &Tenant, digits: usize) -> Self {
        let database = RefCell::new(world.database(Login::Owner));
        let caller = world.caller(tenant, "owner");
        Self { caller, tenant: tenant.clone(), digits, database, seen: Cell::new(0) }
    }

    /// Enters a product that nothing lies on the shelf of.
    pub async fn product(&self, sku: &str, tax_rate: &str) {
        let price = if self.digits == 0 { "1" } else { "1.0" };
        let body = json!({"sku": sku, "name": sku, "price": price, "tax_rate": tax_rate});
        self.caller.post("/products", &body).await.expect(201);
    }

    pub async fn product_with(&self, sku: &str, quantity: i64, unit_cost: &str) {
        let stock = json!({"quantity": quantity, "unit_cost": unit_cost});
        let body = json!({"sku": sku, "name": sku, "price": "1", "opening_stock": stock});
        self.caller.post("/products", &body).await.expect(201);
    }

    pub async fn find(&self, sku: &str) -> Value {
        self.caller.get(&format!("/products?sku={sku}")).await.expect(200)["data"][0].clone()
    }

    pub async fn set_tax(&self, sku: &str, tax_rate: &str) {
        let path = format!("/products/{}", self.find(sku).await["id"].as_str().expect("an id"));
        self.caller.patch(&path, &json!({"tax_rate": tax_rate})).await.expect(200);
    }

    /// Any adjustment of stock, by its body without the product.
    pub async fn adjust(&self, sku: &str, mut body: Value) {
        body["product_id"] = self.find(sku).await["id"].clone();
        self.caller.post("/inventory/adjustments", &body).await.expect(201);
    }

    pub async fn purchase(&self, sku: &str, quantity: i64, unit_cost: &str) {
        self.adjust(sku, json!({"kind": "purchase", "quantity": quantity, "unit_cost": unit_cost})).await;
    }

    pub async fn order(&self, body: Value) -> Value {
        self.caller.post("/orders", &body).await.expect(201)
    }

    /// So many of one product at a price.
    pub async fn sell(&self, sku: &str, quantity: i64, price: &str) -> Value {
        self.order(json!({"lines": [{"sku": sku, "quantity": quantity, "unit_price": price}]})).await
    }

    /// What happens to an order: `invoice`, `payments`, `refunds`, `fulfilments`.
    pub async fn on(&self, order: &Value, what: &str, body: Value) -> Value {
        let path = format!("/orders/{}/{what}", order["id"].as_str().expect("an id"));
        self.caller.post(&path, &body).await.expect(201)
    }

    /// Takes back so many units of an order's first line.
    pub async fn take_back(&self, order: &Value, quantity: i64, restock: bool) -> Value {
        let line = json!({"order_line_id": order["lines"][0]["id"], "quantity": quantity, "restock": restock});
        self.caller.post("/returns", &json!({"order_id": order["id"], "lines": [line]})).await.expect(201)
    }

    /// Checks the entries since the last look, one text each.
    #[track_caller]
    pub fn posts(&self, expected: &[&str]) {
        let found: Vec<_> = self.entries().into_iter().map(|(.., lines)| lines).collect();
        let expected: Vec<_> = expected.iter().map(|text| self.parse_entry(text)).collect();
        assert_eq!(found, expected);
    }

    /// The same, with source and date in front: `2026-03-31 sale Dr …`.
    #[track_caller]
    pub fn posts_dated(&self, expected: &[&str]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|text| {
                let mut parts = text.splitn(3, ' ');
                let mut part = || parts.next().expect("date, source and lines");
                (part().to_owned(), part().to_owned(), self.parse_entry(part()))
            })
            .collect();
        assert_eq!(self.entries(), expected);
    }

    /// Date, source and lines of the entries since the last look; debit is positive.
    fn entries(&self) -> Vec<(String, String, BTreeMap<String, i64>)> {
        let lines: Vec<Line> = sql_query(
            "SELECT e.number, e.source, e.date, l.account, l.amount_minor AS amount FROM journal_entries e \
             JOIN journal_lines l ON l.tenant_id = e.tenant_id AND l.entry_number = e.number \
             WHERE e.tenant_id = $1 AND e.number > $2 ORDER BY e.number",
        )
        .bind::<sql_types::Uuid, _>(self.tenant.id.0)
        .bind::<sql_types::BigInt, _>(self.seen.get())
        .load(&mut *self.database.borrow_mut())
        .expect("the journal");
        let mut entries: BTreeMap<i64, (String, String, BTreeMap<String, i64>)> = BTreeMap::new();
        for line in lines {
            let entry = (line.date.to_string(), line.source, BTreeMap::new());
            let twice = entries.entry(line.number).or_insert(entry).2.insert(line.account, line.amount);
            assert_eq!(twice, None, "an account twice in entry {}", line.number);
        }
        self.seen.set(entries.keys().last().copied().unwrap_or(self.seen.get()));
        entries.into_values().collect()
    }

    fn parse_entry(&self, text: &str) -> BTreeMap<String, i64> {
        let (debit, credit) = text.split_once(" / ").expect("Dr … / Cr …");
        let debit = self.amounts(debit.strip_prefix("Dr ").expect("Dr"));
        let credit = self.amounts(credit.strip_prefix("Cr ").expect("Cr"));
        debit.into_iter().chain(credit.into_iter().map(|(account, amount)| (account, -amount))).collect()
    }

    /// `1000 23.98, 2000 -40.00` as accounts and minor units.
    fn amounts(&self, text: &str) -> BTreeMap<String, i64> {
        let part = |part: &str| {
            let (account, amount) = part.trim().split_once(' ').expect("account and amount");
            let digits = amount.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            assert_eq!(digits, self.digits, "{amount}");
            (account.to_owned(), amount.replace('.', "").parse().expect("an amount"))
        };
        text.split(", ").map(part).collect()
    }

    /// Checks what all accounts come to, those at zero left out; debit is positive.
    #[track_caller]
    pub fn balances(&self, expected: &str) {
        #[derive(QueryableByName)]
        struct Balance {
            #[diesel(sql_type = sql_types::Text)]
            account: String,
            #[diesel(sql_type = sql_types::BigInt)]
            amount: i64,
        }
        let found: Vec<Balance> = sql_query(
            "SELECT account, sum(amount_minor)::bigint AS amount FROM journal_lines WHERE tenant_id = $1 \
             GROUP BY account HAVING sum(amount_minor) <> 0",
        )
        .bind::<sql_types::Uuid, _>(self.tenant.id.0)
        .load(&mut *self.database.borrow_mut())
        .expect("the journal");
        let found: BTreeMap<_, _> = found.into_iter().map(|balance| (balance.account, balance.amount)).collect();
        assert_eq!(found, self.amounts(expected));
    }

    /// Checks how much of a product there is, and what it is worth.
    pub async fn stock(&self, sku: &str, on_hand: i64, value: &str) {
        let product = self.find(sku).await;
        assert_eq!((&product["on_hand"], &product["inventory_value"]), (&json!(on_hand), &json!(value)), "{sku}");
    }
}
