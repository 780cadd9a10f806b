//! Many customers at once, for imports: checked as one by one, and entered by two statements for all.

use super::{
    error::CustomerError,
    model::Details,
    repo,
    service::{PERSON, audited},
};
use crate::platform::{
    audit::{Action, Entry, record_all_in},
    db::TenantTx,
    http::Invalid,
};
use countinghouse_contract::{CustomerId, customers::NewCustomer};

/// A customer who may be entered.
pub struct Checked(Details);

/// Checks each by itself.
pub fn check_all(inputs: Vec<NewCustomer>) -> Vec<Result<Checked, Invalid>> {
    let check = |input| {
        let details = Details::of_new(input);
        details.check().map(|()| Checked(details))
    };
    inputs.into_iter().map(check).collect()
}

pub fn create_all_in(tx: &mut TenantTx<'_>, customers: Vec<Checked>) -> Result<(), CustomerError> {
    let all = customers.into_iter().map(|Checked(details)| Ok((tx.make_id::<CustomerId>()?, details)));
    let all = all.collect::<Result<Vec<_>, CustomerError>>()?;
    repo::insert_all(tx, &all)?;
    let made = |(id, details): &(CustomerId, Details)| {
        Entry::new(Action::CustomerCreated, *id).after(audited(details)).hiding(&PERSON)
    };
    Ok(record_all_in(tx, all.iter().map(made).collect())?)
}
