//! What is to stand in the service: the store's customers, its tracks as products, its invoices as
//! orders of their day that were paid on it. The store knows no returns: of every tenth order all comes
//! back, and is refunded.

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
/// Of so many orders one comes back.
const RETURNED: i64 = 10;

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
    /// Units among them that come back.
    pub returned: i64,
}

pub struct Order {
    pub reference: String,
    /// The e-mail address of who bought: no two customers of the store have the same.
    pub email: String,
    pub date: DateTime<Utc>,
    pub lines: Vec<Line>,
    pub total: Cents,
    /// Whether all of it comes back.
    pub returned: bool,
}

pub struct Line {
    pub sku: String,
    pub quantity: i64,
    pub unit_price: Cents,
}

pub fn make(store: &Store) -> Plan {
    let sold = units(store.lines());
    let returned =
        units(store.invoices.iter().filter(|(number, _)| comes_back(**number)).flat_map(|(_, one)| &one.lines));
    let of = |units: &BTreeMap<i64, i64>, track: &i64| units.get(track).copied().unwrap_or(0);
    let product = |(number, track): (&i64, &Track)| product(*number, track, of(&sold, number), of(&returned, number));
    let order = |(number, invoice): (&i64, &Invoice)| Order {
        reference: number.to_string(),
        email: store.customers.get(&invoice.customer).map(|customer| customer.email.clone()).unwrap_or_default(),
        date: invoice.date,
        lines: invoice.lines.iter().map(line).collect(),
        total: invoice.total,
        returned: comes_back(*number),
    };
    Plan {
        customers: store.customers.values().map(customer).collect(),
        products: store.tracks.iter().map(product).collect(),
        orders: store.invoices.iter().map(order).collect(),
    }
}

fn comes_back(invoice: i64) -> bool {
    invoice % RETURNED == 0
}

/// How many of each track.
fn units<'a>(lines: impl Iterator<Item = &'a fixture::Line>) -> BTreeMap<i64, i64> {
    let mut units = BTreeMap::new();
    for line in lines {
        *units.entry(line.track).or_default() += line.quantity;
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

fn product(number: i64, track: &Track, sold: i64, returned: i64) -> Product {
    Product {
        sku: sku(number),
        name: track.name.clone(),
        price: track.price,
        attributes: track.attributes.clone(),
        opening: SPARE + sold,
        unit_cost: cost_of(track.price),
        sold,
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
        self.opening - self.sold + self.returned
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
