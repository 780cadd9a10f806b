//! An order as the ERP is sent it.

use crate::features::orders::{Line, Order, invoice_number_text};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    Decimal,
    customers::Address,
    erp::{ErpItem, ErpOrder, ErpTotals},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::RawValue;

/// What the ERP learns of the order's history.
pub struct Version<'a> {
    pub number: i32,
    pub erp_reference: Option<&'a str>,
}

/// An amount as a JSON number, digit by digit.
#[derive(Clone, Copy)]
struct Number(Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        raw.get().parse().map(Self).map_err(D::Error::custom)
    }
}

/// With who bought, whom only the ERP is told of.
#[derive(Serialize)]
struct Sent<'a> {
    #[serde(flatten)]
    order: ErpOrder<Number>,
    customer_email: Option<&'a str>,
    customer_firstname: Option<&'a str>,
    customer_lastname: Option<&'a str>,
    customer_company: Option<&'a str>,
    customer_phone: Option<&'a str>,
    billing_address: Option<&'a Address>,
    shipping_address: Option<&'a Address>,
}

/// The very bytes that are sent.
pub fn body(order: &Order, version: &Version<'_>) -> Result<String, serde_json::Error> {
    let contact = order.buyer.contact.as_ref();
    let sent = Sent {
        order: described(order, version),
        customer_email: contact.and_then(|contact| contact.email.as_deref()),
        customer_firstname: contact.and_then(|contact| contact.first_name.as_deref()),
        customer_lastname: contact.and_then(|contact| contact.last_name.as_deref()),
        customer_company: contact.and_then(|contact| contact.company.as_deref()),
        customer_phone: contact.and_then(|contact| contact.phone.as_deref()),
        billing_address: order.buyer.billing_address.as_ref(),
        shipping_address: order.buyer.shipping_address.as_ref(),
    };
    serde_json::to_string(&sent)
}

/// What others are told of a body: all but who bought.
pub fn told(body: &str) -> Result<ErpOrder<Decimal>, serde_json::Error> {
    Ok(serde_json::from_str::<ErpOrder<Number>>(body)?.map(|Number(amount)| amount))
}

fn described(order: &Order, version: &Version<'_>) -> ErpOrder<Number> {
    let money = |minor: i64| Number(order.money(minor));
    let item = |line: &Line| ErpItem {
        sku: line.sku.clone(),
        name: line.name.clone(),
        qty: line.quantity,
        returned_qty: line.returned.units,
        price: money(line.unit_price),
        row_total: money(line.amounts.net + line.amounts.discount),
        discount: money(line.amounts.discount),
        tax: money(line.amounts.tax),
    };
    let sums = order.sums;
    ErpOrder {
        order_increment_id: order.number_text(),
        order_id: order.id,
        order_version: version.number.into(),
        status: order.progress.status,
        erp_reference: version.erp_reference.map(str::to_owned),
        invoice_number: order.invoice.map(|issued| invoice_number_text(issued.number)),
        currency: order.currency,
        prices_include_tax: order.prices_include_tax(),
        items: order.lines.iter().map(item).collect(),
        totals: ErpTotals {
            subtotal: money(sums.subtotal),
            tax: money(sums.tax),
            shipping: money(sums.shipping),
            discount: money(sums.discount),
            grand_total: money(sums.total),
        },
        credited: money(order.settled.credited),
        ordered_at: time(order.ordered_at),
        created_at: time(order.created_at),
        updated_at: time(order.updated_at),
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}
