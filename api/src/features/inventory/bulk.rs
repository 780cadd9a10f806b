//! Opening stock of many products at once, for imports: each has its movement and its entry in the journal, as
//! when a product is entered with what lies there.

use super::{
    error::InventoryError,
    model::{Level, TooMuch, value_of},
    repo::{self, Change, NewMovement},
    service::Opening,
};
use crate::{
    features::accounting::{self, Account, Lines, NewEntry, Source},
    platform::{
        audit::{Action, Entry, record_all_in},
        db::{DbError, TenantTx},
    },
};
use countinghouse_contract::{Money, ProductId, inventory::MovementKind};
use serde_json::json;
use std::collections::BTreeSet;

/// What lies there of a product that has none yet.
pub struct BulkOpening {
    pub product: ProductId,
    pub opening: Opening,
}

/// Makes the stock rows of new products, with nothing in them.
pub fn open_empty_in(tx: &mut TenantTx<'_>, products: &[ProductId]) -> Result<(), DbError> {
    repo::insert_empty(tx, products)
}

/// Enters what lies there, or with `write` false only looks. Answers the products that are left out, for their
/// stock has moved already: what they have is no opening stock.
pub fn open_all_in(
    tx: &mut TenantTx<'_>,
    openings: &[BulkOpening],
    write: bool,
) -> Result<BTreeSet<ProductId>, InventoryError> {
    let products: Vec<ProductId> = openings.iter().map(|one| one.product).collect();
    if write {
        // Whoever moves stock waits from here on.
        repo::lock(tx, &products)?;
    }
    let moved = repo::moved(tx, &products)?;
    let fresh = openings.iter().filter(|one| one.opening.quantity > 0 && !moved.contains(&one.product));
    let movements = fresh.map(movement).collect::<Result<Vec<_>, InventoryError>>()?;
    if write && !movements.is_empty() {
        enter(tx, &movements)?;
    }
    Ok(moved)
}

fn movement(one: &BulkOpening) -> Result<NewMovement, InventoryError> {
    let Opening { quantity, unit_cost } = one.opening;
    let value = value_of(quantity, unit_cost).ok_or(TooMuch)?;
    let after = Level::default().receive(quantity, value)?;
    let (product, kind, unit_cost) = (one.product, MovementKind::Opening, unit_cost.minor);
    Ok(NewMovement { product, kind, quantity, unit_cost, value, after, order: None, returned: None, reason: None })
}

fn enter(tx: &mut TenantTx<'_>, movements: &[NewMovement]) -> Result<(), InventoryError> {
    let change = |movement: &NewMovement| Change { product: movement.product, after: movement.after, sold: 0 };
    repo::update(tx, &movements.iter().map(change).collect::<Vec<_>>())?;
    let currency = tx.actor().currency;
    let audited = |movement: &NewMovement| {
        let money = |minor: i64| Money::new(minor, currency).to_decimal();
        let entry = Entry::new(Action::ProductStockAdjusted, movement.product).after(json!({
            "on_hand": movement.after.on_hand, "inventory_value": money(movement.after.value),
        }));
        let entry = entry.noting("kind", json!(movement.kind)).noting("quantity", json!(movement.quantity));
        entry.noting("unit_cost", json!(money(movement.unit_cost)))
    };
    record_all_in(tx, movements.iter().map(audited).collect())?;
    let entered = repo::insert_movements(tx, movements)?;
    let date = accounting::today(tx);
    let entry = |(movement, (id, _)): (&NewMovement, _)| {
        let id: countinghouse_contract::MovementId = id;
        NewEntry {
            date,
            source: Source::Stock,
            source_id: id.0,
            memo: "Opening stock".to_owned(),
            lines: Lines::new()
                .debit(Account::Inventory, movement.value)
                .credit(Account::OpeningBalanceEquity, movement.value),
        }
    };
    Ok(accounting::post_all_in(tx, movements.iter().zip(entered).map(entry).collect())?)
}
