//! Many products at once, for imports: checked as one by one, and entered by a few statements for all.

use super::{
    error::ProductError,
    model::{Entry, FIRST_VERSION},
    repo,
    service::{PROSE, audited, check_new},
};
use crate::{
    features::inventory,
    platform::{
        audit::{self, Action, record_all_in},
        db::{DbError, TenantTx},
        events,
        http::Invalid,
    },
};
use countinghouse_contract::{ProductId, events::Event, products::NewProduct};

/// A product that may be entered.
pub struct Checked(Entry);

impl Checked {
    pub fn sku(&self) -> &str {
        &self.0.sku
    }
}

/// Checks each by itself, and whether its SKU is free. `active`: whether it is sold, or archived from the start.
pub fn check_all_in(
    tx: &mut TenantTx<'_>,
    inputs: Vec<(NewProduct, bool)>,
) -> Result<Vec<Result<Checked, Invalid>>, DbError> {
    let currency = tx.actor().currency;
    let check = |(input, active)| check_new(input, currency).map(|(entry, _)| Checked(Entry { active, ..entry }));
    let mut checked: Vec<_> = inputs.into_iter().map(check).collect();
    let skus: Vec<&str> = checked.iter().flatten().map(Checked::sku).collect();
    let taken = repo::taken_skus(tx, &skus)?;
    for one in &mut checked {
        if one.as_ref().is_ok_and(|product| taken.contains(product.sku())) {
            *one = Err(sku_taken());
        }
    }
    Ok(checked)
}

/// What is wrong with a product whose SKU another has.
pub fn sku_taken() -> Invalid {
    let mut invalid = Invalid::default();
    invalid.add("/sku", "sku_taken", "Another product has this SKU; archived products keep theirs.");
    invalid
}

/// Enters them without stock. Answers the SKUs of those that were not, for somebody has taken them meanwhile.
pub fn create_all_in(tx: &mut TenantTx<'_>, products: Vec<Checked>) -> Result<Vec<String>, ProductError> {
    let entries = products.into_iter().map(|Checked(entry)| Ok((tx.make_id::<ProductId>()?, entry)));
    let entries = entries.collect::<Result<Vec<_>, ProductError>>()?;
    let entered = repo::insert_all(tx, &entries)?;
    let (entered, taken): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(id, _)| entered.contains(id));
    let ids: Vec<ProductId> = entered.iter().map(|(id, _)| *id).collect();
    inventory::open_empty_in(tx, &ids)?;
    let made = |(id, entry): &(ProductId, Entry)| {
        audit::Entry::new(Action::ProductCreated, *id).after(audited(entry)).hiding(&PROSE)
    };
    record_all_in(tx, entered.iter().map(made).collect())?;
    let told = |(id, entry): &(ProductId, Entry)| Event::ProductCreated(entry.told(*id, FIRST_VERSION));
    events::record_in(tx, &entered.iter().map(told).collect::<Vec<_>>())?;
    Ok(taken.into_iter().map(|(_, entry)| entry.sku).collect())
}
