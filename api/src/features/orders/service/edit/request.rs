//! The body of an edit, read and found in form: all that can be said without the database.

use super::super::{
    pricing::Wish,
    request::{MAX_LINES, NOTE, check_addresses, check_count, check_product, check_wish},
};
use crate::{
    features::{customers::check_contact, products::Wanted},
    platform::{crypto::sha256, http::Invalid},
};
use countinghouse_contract::{
    CustomerId, Decimal, OrderLineId, Patch,
    customers::{Address, Contact},
    edits::{EditedLine, OrderPatch},
};
use std::collections::BTreeSet;

/// An edit that was read and found in form. Amounts wait for the order's currency.
pub struct Request {
    /// All that the order is to have; none when they stay as they are.
    pub lines: Option<Vec<RequestLine>>,
    pub customer_id: Patch<CustomerId>,
    pub contact: Patch<Contact>,
    pub billing_address: Patch<Address>,
    pub shipping_address: Patch<Address>,
    pub shipping: Patch<Decimal>,
    pub note: Patch<String>,
    /// Tells this body from others.
    pub digest: [u8; 32],
}

/// A line that stays, named by its id, or a new one, named by its product.
pub struct RequestLine {
    pub id: Option<OrderLineId>,
    pub wanted: Option<Wanted>,
    pub wish: Wish,
}

impl Request {
    /// The customer on record that the order is to have.
    pub fn new_customer(&self) -> Option<CustomerId> {
        self.customer_id.value().copied()
    }
}

pub fn check(input: OrderPatch) -> Result<Request, Invalid> {
    let mut invalid = Invalid::default();
    let digest = sha256(&serde_json::to_vec(&input).unwrap_or_default());
    check_buyer(&mut invalid, &input);
    invalid.optional_text("/note", input.note.value().map(String::as_str), &NOTE);
    let mut lines = None;
    invalid.required("/lines", input.lines, |invalid, given| lines = Some(check_lines(invalid, given)));
    invalid.finish()?;
    Ok(Request {
        lines,
        customer_id: input.customer_id,
        contact: input.customer,
        billing_address: input.billing_address,
        shipping_address: input.shipping_address,
        shipping: input.shipping,
        note: input.note,
        digest,
    })
}

fn check_buyer(invalid: &mut Invalid, input: &OrderPatch) {
    if let Some(contact) = input.customer.value() {
        check_contact(invalid, "/customer", contact);
        if input.customer_id.value().is_some() {
            invalid.add("/customer", "one_of", "Name the customer by customer_id or by customer, one of the two.");
        }
    }
    check_addresses(invalid, input.billing_address.value(), input.shipping_address.value());
}

fn check_lines(invalid: &mut Invalid, lines: Vec<EditedLine>) -> Vec<RequestLine> {
    check_count(invalid, lines.len());
    let mut seen = BTreeSet::new();
    let lines = lines.into_iter().take(MAX_LINES).enumerate();
    let checked = lines.filter_map(|(at, line)| {
        if line.id.is_some_and(|id| !seen.insert(id)) {
            invalid.add(&format!("/lines/{at}/id"), "repeated", "Each line stays once.");
        }
        check_line(invalid, at, line)
    });
    checked.collect()
}

fn check_line(invalid: &mut Invalid, at: usize, line: EditedLine) -> Option<RequestLine> {
    let EditedLine { id, product_id, sku, quantity, unit_price, discount_pct } = line;
    let wish = check_wish(invalid, at, quantity, unit_price, discount_pct);
    let named = product_id.is_some() || sku.is_some();
    let wanted = check_product(invalid, at, product_id, sku);
    if wanted.is_none() && (named || id.is_none()) {
        let rule = "Name the line that stays by its id, or a new one's product by product_id or by sku.";
        invalid.add(&format!("/lines/{at}"), "one_of", rule);
        return None;
    }
    Some(RequestLine { id, wanted, wish })
}
