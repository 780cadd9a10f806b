//! What the mock reads of an order. It takes more than this: an ERP ignores what it does not know.

use super::shortened;
use serde::Deserialize;
use serde_json::{Number, value::RawValue};

const MOST_OF_NUMBER: usize = 64;

pub struct Payload {
    pub order_increment_id: String,
    /// As it was written, to the last digit.
    pub grand_total: String,
    pub items: usize,
    pub currency: Option<String>,
    /// What the sender says of it, like `cancelled`.
    pub status: Option<String>,
    /// Which version of the order it is, where the sender counts them.
    pub order_version: Option<i64>,
}

#[derive(Deserialize)]
struct Sent<'a> {
    order_increment_id: String,
    items: Vec<Item>,
    #[serde(borrow)]
    totals: Totals<'a>,
    currency: Option<String>,
    status: Option<String>,
    order_version: Option<i64>,
}

#[derive(Deserialize)]
struct Item {
    sku: String,
    #[serde(rename = "qty")]
    _qty: Number,
    #[serde(rename = "price")]
    _price: Number,
}

#[derive(Deserialize)]
struct Totals<'a> {
    #[serde(borrow)]
    grand_total: &'a RawValue,
}

impl Payload {
    /// Or what is wrong with it.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let sent: Sent<'_> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let (number, total) = (sent.order_increment_id, sent.totals.grand_total.get());
        if !(1..=MOST_OF_NUMBER).contains(&number.len()) {
            return Err("order_increment_id is not 1 to 64 bytes".to_owned());
        }
        if sent.items.iter().any(|item| item.sku.is_empty()) {
            return Err("an item has no sku".to_owned());
        }
        if total.len() > MOST_OF_NUMBER || !total.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            return Err("totals.grand_total is not a number".to_owned());
        }
        Ok(Self {
            order_increment_id: number,
            grand_total: total.to_owned(),
            items: sent.items.len(),
            currency: sent.currency.as_deref().map(shortened),
            status: sent.status.as_deref().map(shortened),
            order_version: sent.order_version,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_to_the_last_digit_and_what_is_none_is_refused() {
        let order = |total: &str, items: &str| {
            format!(
                r#"{{"order_increment_id": "SO-1", "more": [], "totals": {{"grand_total": {total}}}, "items": {items}}}"#
            )
        };
        let item = r#"[{"sku": "A", "qty": 2, "price": 0.10}]"#;
        let read = Payload::read(order("12345678901234567890.10", item).as_bytes()).ok().unwrap();
        assert_eq!((read.grand_total.as_str(), read.items), ("12345678901234567890.10", 1));
        for wrong in [
            order("\"1.00\"", item),
            order("1.00", "{}"),
            order("1.00", r#"[{"sku": "", "qty": 1, "price": 1}]"#),
            order("1.00", r#"[{"sku": "A", "qty": "1", "price": 1}]"#),
            order("1.00", item).replace("SO-1", ""),
            order("1.00", item).replace("SO-1", &"9".repeat(65)),
            "[]".to_owned(),
            String::new(),
        ] {
            assert!(Payload::read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
