//! The body of a new order, read and found in form: all that can be said without the database.

use super::pricing::Wish;
use crate::{
    features::{
        customers::{check_address, check_contact},
        products::Wanted,
    },
    platform::http::{Invalid, MAX_QUANTITY, Text},
};
use chrono::{DateTime, Datelike, Utc};
use countinghouse_contract::{
    CustomerId, Decimal, ProductId, UserId,
    customers::{Address, Contact},
    orders::{NewOrder, NewOrderLine},
};

pub const MAX_LINES: usize = 500;
pub const CHANNEL: Text = Text::line(1..=40);
pub const REFERENCE: Text = Text::line(1..=200);
pub const NOTE: Text = Text::lines(0..=5_000);

/// An order that was read and found in form. Amounts wait for the client's currency.
pub struct Request {
    pub lines: Vec<RequestLine>,
    pub customer_id: Option<CustomerId>,
    pub contact: Option<Contact>,
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
    pub shipping: Option<Decimal>,
    pub channel: String,
    pub external_reference: Option<String>,
    pub sales_person: Option<UserId>,
    pub ordered_at: Option<DateTime<Utc>>,
    pub note: Option<String>,
}

pub struct RequestLine {
    pub wanted: Wanted,
    pub wish: Wish,
}

pub fn check(input: NewOrder) -> Result<Request, Invalid> {
    let mut invalid = Invalid::default();
    check_count(&mut invalid, input.lines.len());
    check_buyer(&mut invalid, &input);
    let channel = input.channel.unwrap_or_else(|| "api".to_owned());
    invalid.text("/channel", &channel, &CHANNEL);
    invalid.optional_text("/external_reference", input.external_reference.as_deref(), &REFERENCE);
    invalid.optional_text("/note", input.note.as_deref(), &NOTE);
    if input.ordered_at.is_some_and(|at| !(1900..=9999).contains(&at.year())) {
        invalid.add("/ordered_at", "out_of_range", "A time since 1900.");
    }
    let lines = input.lines.into_iter().take(MAX_LINES).enumerate();
    let lines = lines.filter_map(|(at, line)| check_line(&mut invalid, at, line)).collect();
    invalid.finish()?;
    Ok(Request {
        lines,
        customer_id: input.customer_id,
        contact: input.customer,
        billing_address: input.billing_address,
        shipping_address: input.shipping_address,
        shipping: input.shipping,
        channel,
        external_reference: input.external_reference,
        sales_person: input.sales_person_id,
        ordered_at: input.ordered_at,
        note: input.note,
    })
}

pub fn check_count(invalid: &mut Invalid, lines: usize) {
    match lines {
        0 => invalid.add("/lines", "too_few", "An order has at least one line."),
        count if count > MAX_LINES => {
            invalid.add("/lines", "too_many", format!("An order has at most {MAX_LINES} lines."));
        }
        _ => {}
    }
}

fn check_buyer(invalid: &mut Invalid, input: &NewOrder) {
    if let Some(contact) = &input.customer {
        check_contact(invalid, "/customer", contact);
        if input.customer_id.is_some() {
            invalid.add("/customer", "one_of", "Name the customer by customer_id or by customer, one of the two.");
        }
    }
    check_addresses(invalid, input.billing_address.as_ref(), input.shipping_address.as_ref());
}

pub fn check_addresses(invalid: &mut Invalid, billing: Option<&Address>, shipping: Option<&Address>) {
    for (pointer, address) in [("/billing_address", billing), ("/shipping_address", shipping)] {
        if let Some(address) = address {
            check_address(invalid, pointer, address);
        }
    }
}

fn check_line(invalid: &mut Invalid, at: usize, line: NewOrderLine) -> Option<RequestLine> {
    let wish = check_wish(invalid, at, line.quantity, line.unit_price, line.discount_pct);
    let Some(wanted) = check_product(invalid, at, line.product_id, line.sku) else {
        let rule = "Name the product by product_id or by sku, one of the two.";
        invalid.add(&format!("/lines/{at}"), "one_of", rule);
        return None;
    };
    Some(RequestLine { wanted, wish })
}

/// How many are wanted on a line, and at what discount; the price waits for its currency.
pub fn check_wish(
    invalid: &mut Invalid,
    at: usize,
    quantity: i64,
    unit_price: Option<Decimal>,
    discount_pct: Option<Decimal>,
) -> Wish {
    invalid.quantity(&format!("/lines/{at}/quantity"), quantity, 1..=MAX_QUANTITY);
    let discount_pct = discount_pct.map(|rate| invalid.rate(&format!("/lines/{at}/discount_pct"), rate));
    Wish { quantity, unit_price, discount_pct }
}

/// The product that a line names; nothing when it names none, or two.
pub fn check_product(invalid: &mut Invalid, at: usize, id: Option<ProductId>, sku: Option<String>) -> Option<Wanted> {
    match (id, sku) {
        (Some(id), None) => Some(Wanted::Id(id)),
        (None, Some(sku)) => {
            invalid.text(&format!("/lines/{at}/sku"), &sku, &Text::line(1..=64));
            Some(Wanted::Sku(sku))
        }
        _ => None,
    }
}
