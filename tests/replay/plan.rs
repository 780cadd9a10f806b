//! What is to stand in the service: the store's customers, its tracks as products, its invoices as
//! orders of their day that were paid on it. The store knows neither returns nor second thoughts: to every tenth
//! order something happens afterwards. Of most of them all comes back, and is refunded; some are edited, and some
//! cancelled.

use crate::fixture::{self, Cents, Customer, Invoice, Store, Track};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    Attributes, CustomerId,
    customers::{Address, NewCustomer},
    money::div_half_up,
    orders::{NewOrder, NewOrderLine},
    products::{NewProduct, OpeningStock},
};
use std::collections::BTreeMap;

pub const CHANNEL: &str = "chinook";
/// Units of each product that nobody buys.
const SPARE: i64 = 10;
/// To one of so many orders something happens afterwards.
const TOUCHED: i64 = 10;
/// What happens to them, over and over. An edit or a cancel takes a code of a second factor, of which whoever enrols
/// gets ten at once: nobody waits half a minute for each.
const FATES: [Fate; 9] = {
    let mut fates = [Fate::Returned; 9];
    fates[1] = Fate::Edited;
    fates[5] = Fate::Cancelled;
    fates
};

/// What becomes of an order after it was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Kept,
    /// One more of its first line is wanted.
    Edited,
    Cancelled,
    /// All of it comes back.
    Returned,
}

pub struct Plan {
    /// In the order of the customers' numbers.
    pub customers: Vec<NewCustomer>,
    /// In the order of the tracks' numbers.
    pub products: Vec<Product>,
    /// In the order of the invoices' numbers.
    pub orders: Vec<Order>,
}

pub struct Product {
    pub sku: String,
    pub name: String,
    pub price: Cents,
    pub attributes: BTreeMap<String, String>,
    pub opening: i64,
    pub unit_cost: Cents,
    pub sold: i64,
    /// Units that edits sell on top.
    pub added: i64,
    /// Units of orders that are cancelled.
    pub cancelled: i64,
    /// Units that come back.
    pub returned: i64,
}

pub struct Order {
    pub reference: String,
    /// The e-mail address of who bought: no two customers of the store have the same.
    pub email: String,
    pub date: DateTime<Utc>,
    /// As they were ordered.
    pub lines: Vec<Line>,
    /// Of what was ordered.
    pub total: Cents,
    pub fate: Fate,
}

#[derive(Clone)]
pub struct Line {
    pub sku: String,
    pub quantity: i64,
    pub unit_price: Cents,
}

pub fn make(store: &Store) -> Plan {
    let units_of = |fate: Fate| {
        let orders = store.invoices.iter().filter(move |(number, _)| fate_of(**number) == fate);
        units(orders.flat_map(|(_, invoice)| &invoice.lines).map(|line| (line.track, line.quantity)))
    };
    let sold = units(store.lines().map(|line| (line.track, line.quantity)));
    let edited = store.invoices.iter().filter(|(number, _)| fate_of(**number) == Fate::Edited);
    let added = units(edited.filter_map(|(_, invoice)| Some((invoice.lines.first()?.track, 1))));
    let [cancelled, returned] = [Fate::Cancelled, Fate::Returned].map(units_of);
    let product = |(number, track): (&i64, &Track)| {
        let of = |units: &BTreeMap<i64, i64>| units.get(number).copied().unwrap_or(0);
        let moves = [of(&sold), of(&added), of(&cancelled), of(&returned)];
        product(*number, track, moves)
    };
    let order = |(number, invoice): (&i64, &Invoice)| Order {
        reference: number.to_string(),
        email: store.customers.get(&invoice.customer).map(|customer| customer.email.clone()).unwrap_or_default(),
        date: invoice.date,
        lines: invoice.lines.iter().map(line).collect(),
        total: invoice.total,
        fate: fate_of(*number),
    };
    Plan {
        customers: store.customers.values().map(customer).collect(),
        products: store.tracks.iter().map(product).collect(),
        orders: store.invoices.iter().map(order).collect(),
    }
}

fn fate_of(invoice: i64) -> Fate {
    if invoice % TOUCHED != 0 {
        return Fate::Kept;
    }
    let turn = usize::try_from(invoice / TOUCHED).unwrap_or(0) % FATES.len();
    FATES.get(turn).copied().unwrap_or(Fate::Kept)
}

/// How many of each track.
fn units(lines: impl Iterator<Item = (i64, i64)>) -> BTreeMap<i64, i64> {
    let mut units = BTreeMap::new();
    for (track, quantity) in lines {
        *units.entry(track).or_default() += quantity;
    }
    units
}

fn customer(customer: &Customer) -> NewCustomer {
    NewCustomer {
        email: Some(customer.email.clone()),
        first_name: Some(customer.first_name.clone()),
        last_name: Some(customer.last_name.clone()),
        company: customer.company.clone(),
        phone: customer.phone.clone(),
        billing_address: Some(Address {
            name: None,
            company: None,
            street1: customer.address.clone(),
            street2: None,
            city: customer.city.clone(),
            region: customer.state.clone(),
            // A few of the store's have none, and an address of the service has one.
            postal_code: customer.postal_code.clone().unwrap_or_else(|| "-".to_owned()),
            country: customer.country.clone(),
            phone: None,
        }),
        ..NewCustomer::default()
    }
}

fn sku(track: i64) -> String {
    format!("TRACK-{track}")
}

fn product(number: i64, track: &Track, [sold, added, cancelled, returned]: [i64; 4]) -> Product {
    Product {
        sku: sku(number),
        name: track.name.clone(),
        price: track.price,
        attributes: track.attributes.clone(),
        opening: SPARE + sold,
        unit_cost: cost_of(track.price),
        sold,
        added,
        cancelled,
        returned,
    }
}

fn line(line: &fixture::Line) -> Line {
    Line { sku: sku(line.track), quantity: line.quantity, unit_price: line.unit_price }
}

/// 60 % of the price, in whole cents. The store itself does not say what its goods cost.
fn cost_of(price: Cents) -> Cents {
    Cents(i64::try_from(div_half_up(i128::from(price.0) * 60, 100)).unwrap_or(price.0))
}

impl Product {
    /// Units that lie there in the end.
    pub fn left(&self) -> i64 {
        self.opening - self.waiting()
    }

    /// Units that were sold and did not leave: nothing of the store was sent.
    pub fn waiting(&self) -> i64 {
        self.sold + self.added - self.cancelled - self.returned
    }

    /// In cents.
    pub fn cost_of_sold(&self) -> i64 {
        self.sold * self.unit_cost.0
    }

    pub fn to_wire(&self) -> NewProduct {
        NewProduct {
            sku: self.sku.clone(),
            name: self.name.clone(),
            description: None,
            barcode: None,
            price: self.price.to_decimal(),
            tax_rate: None,
            low_stock_threshold: None,
            attributes: Some(Attributes(self.attributes.clone())),
            opening_stock: Some(OpeningStock { quantity: self.opening, unit_cost: self.unit_cost.to_decimal() }),
        }
    }
}

impl Order {
    /// The lines in the end.
    pub fn final_lines(&self) -> Vec<Line> {
        let mut lines = self.lines.clone();
        if let (Fate::Edited, Some(first)) = (self.fate, lines.first_mut()) {
            first.quantity += 1;
        }
        lines
    }

    /// What the order comes to in the end.
    pub fn final_total(&self) -> Cents {
        Cents(self.final_lines().iter().map(|line| line.quantity * line.unit_price.0).sum())
    }

    /// The price is left to the catalogue: every line of the store was sold at its track's price.
    pub fn to_wire(&self, customer: Option<CustomerId>) -> NewOrder {
        let line = |line: &Line| NewOrderLine {
            sku: Some(line.sku.clone()),
            quantity: line.quantity,
            ..NewOrderLine::default()
        };
        NewOrder {
            lines: self.lines.iter().map(line).collect(),
            channel: Some(CHANNEL.to_owned()),
            external_reference: Some(self.reference.clone()),
            customer_id: customer,
            ordered_at: Some(self.date),
            ..NewOrder::default()
        }
    }
}
