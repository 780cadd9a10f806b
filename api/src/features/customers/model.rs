//! What a customer's details may be.

use crate::{
    features::identity::check_email,
    platform::http::{Invalid, Text},
};
use countinghouse_contract::customers::{Address, Contact, CustomerPatch, NewCustomer};

const NAME: Text = Text::line(1..=200);
const PHONE: Text = Text::line(1..=50);
const STREET: Text = Text::line(1..=200);
const PLACE: Text = Text::line(1..=100);
const POSTAL_CODE: Text = Text::line(1..=20);
const NOTE: Text = Text::lines(0..=5_000);
/// Ten years.
const MAX_TERMS: i32 = 3_650;

/// The part of a customer that people enter and change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    pub contact: Contact,
    pub billing_address: Option<Address>,
    pub shipping_address: Option<Address>,
    pub payment_terms_days: Option<i32>,
    pub note: Option<String>,
}

impl Details {
    pub fn of_new(new: NewCustomer) -> Self {
        let NewCustomer { email, first_name, last_name, company, phone, .. } = new;
        Self {
            contact: Contact { email, first_name, last_name, company, phone },
            billing_address: new.billing_address,
            shipping_address: new.shipping_address,
            payment_terms_days: new.payment_terms_days,
            note: new.note,
        }
    }

    pub fn patched(&self, patch: CustomerPatch) -> Self {
        let mut after = self.clone();
        patch.email.apply_to(&mut after.contact.email);
        patch.first_name.apply_to(&mut after.contact.first_name);
        patch.last_name.apply_to(&mut after.contact.last_name);
        patch.company.apply_to(&mut after.contact.company);
        patch.phone.apply_to(&mut after.contact.phone);
        patch.billing_address.apply_to(&mut after.billing_address);
        patch.shipping_address.apply_to(&mut after.shipping_address);
        patch.payment_terms_days.apply_to(&mut after.payment_terms_days);
        patch.note.apply_to(&mut after.note);
        after
    }

    pub fn check(&self) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        check_contact(&mut invalid, "", &self.contact);
        for (name, address) in
            [("/billing_address", &self.billing_address), ("/shipping_address", &self.shipping_address)]
        {
            if let Some(address) = address {
                check_address(&mut invalid, name, address);
            }
        }
        if self.payment_terms_days.is_some_and(|days| !(0..=MAX_TERMS).contains(&days)) {
            invalid.add("/payment_terms_days", "out_of_range", format!("A whole number from 0 to {MAX_TERMS}."));
        }
        invalid.optional_text("/note", self.note.as_deref(), &NOTE);
        invalid.finish()
    }
}

/// Somebody must be recognisable by something. `at` is the pointer to the contact.
pub fn check_contact(invalid: &mut Invalid, at: &str, contact: &Contact) {
    let Contact { email, first_name, last_name, company, phone } = contact;
    if let Some(email) = email {
        check_email(invalid, &format!("{at}/email"), email);
    }
    for (name, text) in [("first_name", first_name), ("last_name", last_name), ("company", company)] {
        invalid.optional_text(&format!("{at}/{name}"), text.as_deref(), &NAME);
    }
    invalid.optional_text(&format!("{at}/phone"), phone.as_deref(), &PHONE);
    if [email, first_name, last_name, company].into_iter().all(Option::is_none) {
        invalid.add(at, "nobody", "Give at least an email, a name or a company.");
    }
}

pub fn check_address(invalid: &mut Invalid, at: &str, address: &Address) {
    let Address { name, company, street1, street2, city, region, postal_code, country, phone } = address;
    for (field, text) in [("name", name), ("company", company)] {
        invalid.optional_text(&format!("{at}/{field}"), text.as_deref(), &NAME);
    }
    invalid.text(&format!("{at}/street1"), street1, &STREET);
    invalid.optional_text(&format!("{at}/street2"), street2.as_deref(), &STREET);
    invalid.text(&format!("{at}/city"), city, &PLACE);
    invalid.optional_text(&format!("{at}/region"), region.as_deref(), &PLACE);
    invalid.text(&format!("{at}/postal_code"), postal_code, &POSTAL_CODE);
    invalid.text(&format!("{at}/country"), country, &PLACE);
    invalid.optional_text(&format!("{at}/phone"), phone.as_deref(), &PHONE);
}
