//! The body of a new order, read and found in form: all that can be said without the database.

use crate::{
    features::{
        customers::{check_address, check_contact},
        products::Wanted,
    },
    platform::http::{Invalid, MAX_QUANTITY, Text},
};
use chrono::{DateTime, Datelike, Utc};
use countinghouse_contract::{
    CustomerId, Decimal, Rate, UserId,
    customers::{Address, Contact},
    orders::{NewOrder, NewOrderLine},
};

const MAX_LINES: usize = 500;
pub const CHANNEL: Text = Text::line(1..=40);
pub const REFERENCE: Text = Text::line(1..=200);
const NOTE: Text = Text::lines(0..=5_000);

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
    pub quantity: i64,
    pub unit_price: Option<Decimal>,
    pub discount_pct: Rate,
}

pub fn check(input: NewOrder) -> Result<Request, Invalid> {
    let mut invalid = Invalid::default();
    match input.lines.len() {
        0 => invalid.add("/lines", "too_few", "An order has at least one line."),
        count if count > MAX_LINES => {
            invalid.add("/lines", "too_many", format!("An order has at most {MAX_LINES} lines."));
        }
        _ => {}
    }
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

fn check_buyer(invalid: &mut Invalid, input: &NewOrder) {
    if let Some(contact) = &input.customer {
        check_contact(invalid, "/customer", contact);
        if input.customer_id.is_some() {
            invalid.add("/customer", "one_of", "Name the customer by customer_id or by customer, one of the two.");
        }
    }
    let addresses = [("/billing_address", &input.billing_address), ("/shipping_address", &input.shipping_address)];
    for (pointer, address) in addresses {
        if let Some(address) = address {
            check_address(invalid, pointer, address);
        }
    }
}

fn check_line(invalid: &mut Invalid, at: usize, line: NewOrderLine) -> Option<RequestLine> {
    invalid.quantity(&format!("/lines/{at}/quantity"), line.quantity, 1..=MAX_QUANTITY);
    let discount_pct = line.discount_pct.map(|rate| invalid.rate(&format!("/lines/{at}/discount_pct"), rate));
    let wanted = match (line.product_id, line.sku) {
        (Some(id), None) => Wanted::Id(id),
        (None, Some(sku)) => {
            invalid.text(&format!("/lines/{at}/sku"), &sku, &Text::line(1..=64));
            Wanted::Sku(sku)
        }
        _ => {
            invalid.add(&format!("/lines/{at}"), "one_of", "Name the product by product_id or by sku, one of the two.");
            return None;
        }
    };
    let (quantity, unit_price) = (line.quantity, line.unit_price);
    Some(RequestLine { wanted, quantity, unit_price, discount_pct: discount_pct.unwrap_or_default() })
}
