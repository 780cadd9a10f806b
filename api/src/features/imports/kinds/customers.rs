//! Customers. They have no key of their own: the same file brought in twice makes them twice.

use super::{EnterError, Importer, Record, Table, judged};
use crate::{
    features::{
        customers::{Checked, check_all, create_all_in},
        imports::{
            model::Outcome,
            record::{Column, optional},
        },
    },
    platform::db::TenantTx,
};
use countinghouse_contract::customers::{Address, NewCustomer};

pub struct Customers;

impl Importer for Customers {
    fn columns(&self) -> &'static [Column] {
        const {
            &[
                optional("email"),
                optional("first_name"),
                optional("last_name"),
                optional("company"),
                optional("phone"),
                optional("billing_name"),
                optional("billing_company"),
                optional("billing_street1"),
                optional("billing_street2"),
                optional("billing_city"),
                optional("billing_region"),
                optional("billing_postal_code"),
                optional("billing_country"),
                optional("billing_phone"),
                optional("shipping_name"),
                optional("shipping_company"),
                optional("shipping_street1"),
                optional("shipping_street2"),
                optional("shipping_city"),
                optional("shipping_region"),
                optional("shipping_postal_code"),
                optional("shipping_country"),
                optional("shipping_phone"),
                optional("payment_terms_days"),
                optional("note"),
            ]
        }
    }

    fn ignored(&self) -> &'static [&'static str] {
        &["created_at", "id"]
    }

    fn take(&mut self, tx: &mut TenantTx<'_>, table: Table<'_>, write: bool) -> Result<Outcome, EnterError> {
        let mut outcome = Outcome::default();
        let (mut places, mut inputs) = (Vec::new(), Vec::new());
        for (line, input, invalid) in table.read(customer) {
            places.push((line, invalid));
            inputs.push(input);
        }
        let mut good: Vec<Checked> = Vec::new();
        for ((line, cells), checked) in places.into_iter().zip(check_all(inputs)) {
            match judged(cells, checked) {
                Ok(customer) => good.push(customer),
                Err(invalid) => outcome.refuse(line, invalid),
            }
        }
        if write {
            outcome.written = i64::try_from(good.len()).unwrap_or(i64::MAX);
            create_all_in(tx, good)?;
        }
        Ok(outcome)
    }
}

fn customer(record: &mut Record<'_>) -> NewCustomer {
    NewCustomer {
        email: record.text("email"),
        first_name: record.text("first_name"),
        last_name: record.text("last_name"),
        company: record.text("company"),
        phone: record.text("phone"),
        billing_address: address(record, "billing"),
        shipping_address: address(record, "shipping"),
        payment_terms_days: record.whole("payment_terms_days"),
        note: record.text("note"),
    }
}

/// None, where none of its columns has anything in it.
fn address(record: &mut Record<'_>, whose: &str) -> Option<Address> {
    let part = |name: &str| record.text(&format!("{whose}_{name}"));
    let (name, company, street1, street2) = (part("name"), part("company"), part("street1"), part("street2"));
    let (city, region, postal_code) = (part("city"), part("region"), part("postal_code"));
    let (country, phone) = (part("country"), part("phone"));
    let all = [&name, &company, &street1, &street2, &city, &region, &postal_code, &country, &phone];
    if all.into_iter().all(Option::is_none) {
        return None;
    }
    let needed = |text: Option<String>| text.unwrap_or_default();
    let (street1, city, postal_code, country) = (needed(street1), needed(city), needed(postal_code), needed(country));
    Some(Address { name, company, street1, street2, city, region, postal_code, country, phone })
}
