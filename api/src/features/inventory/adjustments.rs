//! What people enter by hand: purchases, damage, corrections and counts. Each moves stock and
//! posts what it is worth, in one transaction.

use super::{
    error::InventoryError,
    model::{Level, Movement, Shelf, Shortage, unit_cost, value_of},
    repo::{self, Change, NewMovement},
};
use crate::{
    features::accounting::{self, Account, Lines, NewEntry, Source},
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        db::TenantTx,
        http::{Invalid, MAX_QUANTITY, Text},
    },
};
use countinghouse_contract::{
    Currency, Money, ProductId,
    inventory::{AdjustmentKind, MovementKind, NewAdjustment},
};
use serde_json::json;
use std::ops::RangeInclusive;

/// Enters an adjustment. Amounts are read inside the transaction, which knows the client's
/// present currency.
pub async fn adjust(ctx: &TenantCtx, input: NewAdjustment) -> Result<Movement, InventoryError> {
    ctx.transaction(move |tx| {
        let given = check(&input, tx.actor().currency)?;
        let product = input.product_id;
        let shelf = repo::lock_shelf(tx, product)?.ok_or(InventoryError::ProductNotFound)?;
        let moved = match input.kind {
            AdjustmentKind::Purchase => receive(shelf.level, input.quantity, given.ok_or(InventoryError::NoUnitCost)?)?,
            AdjustmentKind::Damage => shift(tx, product, shelf.level, -input.quantity, None)?,
            AdjustmentKind::Correction => shift(tx, product, shelf.level, input.quantity, given)?,
            AdjustmentKind::Count => shift(tx, product, shelf.level, counted(product, shelf, input.quantity)?, given)?,
        };
        repo::update(tx, &[Change { product, after: moved.after, sold: 0 }])?;
        record_in(tx, audited(tx.actor().currency, shelf.level, input.kind, product, &moved))?;
        enter(tx, moved.of(product, movement_kind(input.kind), input.reason))
    })
    .await
}

/// What the audit log keeps of an adjustment.
fn audited(currency: Currency, before: Level, kind: AdjustmentKind, product: ProductId, moved: &Moved) -> Entry {
    let money = |minor: i64| Money::new(minor, currency).to_decimal();
    let level = |level: Level| json!({"on_hand": level.on_hand, "inventory_value": money(level.value)});
    let entry = Entry::new(Action::ProductStockAdjusted, product).before(level(before)).after(level(moved.after));
    let entry = entry.noting("kind", json!(kind)).noting("quantity", json!(moved.quantity));
    entry.noting("unit_cost", json!(money(moved.unit_cost)))
}

/// Records a movement that belongs to no order, and posts what it is worth.
pub(super) fn enter(tx: &mut TenantTx<'_>, movement: NewMovement) -> Result<Movement, InventoryError> {
    let entered = repo::insert_movement(tx, movement)?;
    let (counterpart, memo) = match entered.kind {
        MovementKind::Opening => (Account::OpeningBalanceEquity, "Opening stock"),
        MovementKind::Purchase => (Account::Payable, "Purchase"),
        MovementKind::Damage => (Account::InventoryAdjustments, "Damage"),
        MovementKind::Correction => (Account::InventoryAdjustments, "Correction"),
        MovementKind::Count => (Account::InventoryAdjustments, "Count"),
        // Orders and returns post theirs themselves.
        MovementKind::Sale | MovementKind::Return => return Ok(entered),
    };
    let entry = NewEntry {
        date: accounting::today(tx),
        source: Source::Stock,
        source_id: entered.id.0,
        memo: memo.to_owned(),
        lines: Lines::new().debit(Account::Inventory, entered.value).credit(counterpart, entered.value),
    };
    accounting::post_in(tx, entry)?;
    Ok(entered)
}

fn movement_kind(kind: AdjustmentKind) -> MovementKind {
    match kind {
        AdjustmentKind::Purchase => MovementKind::Purchase,
        AdjustmentKind::Damage => MovementKind::Damage,
        AdjustmentKind::Correction => MovementKind::Correction,
        AdjustmentKind::Count => MovementKind::Count,
    }
}

/// What is wrong with the form, and the cost that was given.
fn check(input: &NewAdjustment, currency: Currency) -> Result<Option<Money>, Invalid> {
    let mut invalid = Invalid::default();
    let range: RangeInclusive<i64> = match input.kind {
        AdjustmentKind::Purchase | AdjustmentKind::Damage => 1..=MAX_QUANTITY,
        AdjustmentKind::Correction => -MAX_QUANTITY..=MAX_QUANTITY,
        AdjustmentKind::Count => 0..=MAX_QUANTITY,
    };
    invalid.quantity("/quantity", input.quantity, range);
    if input.kind == AdjustmentKind::Correction && input.quantity == 0 {
        invalid.add("/quantity", "out_of_range", "A correction by nothing is none.");
    }
    let given = input.unit_cost.map(|cost| invalid.amount("/unit_cost", cost, currency));
    match (input.kind, given) {
        (AdjustmentKind::Purchase, None) => {
            invalid.add("/unit_cost", "missing_field", "A purchase says what a unit cost.")
        }
        (AdjustmentKind::Damage, Some(_)) => {
            invalid.add("/unit_cost", "not_allowed", "What is damaged goes out at the average cost.");
        }
        // Of a count, only the difference moves; what that comes to is bounded when it is known.
        (kind, Some(cost)) if kind != AdjustmentKind::Count && value_of(input.quantity, cost).is_none() => {
            invalid.add("/quantity", "too_large", "Quantity times cost is more than 10^13 minor units.");
        }
        _ => {}
    }
    invalid.optional_text("/reason", input.reason.as_deref(), &Text::line(1..=500));
    invalid.finish()?;
    Ok(given)
}

/// How stock is to move.
struct Moved {
    quantity: i64,
    unit_cost: i64,
    value: i64,
    after: Level,
}

impl Moved {
    fn of(self, product: ProductId, kind: MovementKind, reason: Option<String>) -> NewMovement {
        let Self { quantity, unit_cost, value, after } = self;
        NewMovement { product, kind, quantity, unit_cost, value, after, order: None, returned: None, reason }
    }
}

fn receive(level: Level, quantity: i64, unit_cost: Money) -> Result<Moved, InventoryError> {
    let value = value_of(quantity, unit_cost).ok_or(super::model::TooMuch)?;
    Ok(Moved { quantity, unit_cost: unit_cost.minor, value, after: level.receive(quantity, value)? })
}

/// How many more or fewer lie there than the books say.
fn counted(product: ProductId, shelf: Shelf, quantity: i64) -> Result<i64, InventoryError> {
    if quantity < shelf.unfulfilled {
        let (requested, available) = (shelf.unfulfilled, quantity);
        return Err(InventoryError::Insufficient(vec![Shortage { product, requested, available }]));
    }
    Ok(quantity - shelf.unfulfilled - shelf.level.on_hand)
}

/// More or fewer without a purchase: at the average, or at the last known cost of an empty shelf.
fn shift(
    tx: &mut TenantTx<'_>,
    product: ProductId,
    level: Level,
    by: i64,
    given: Option<Money>,
) -> Result<Moved, InventoryError> {
    if by < 0 {
        let (requested, available) = (-by, level.on_hand);
        let short = || InventoryError::Insufficient(vec![Shortage { product, requested, available }]);
        let (after, cost) = level.issue(requested).ok_or_else(short)?;
        return Ok(Moved { quantity: by, unit_cost: unit_cost(cost, requested), value: -cost, after });
    }
    match level.worth_of(by) {
        Some(value) => {
            let unit_cost = if by == 0 { level.average().unwrap_or(0) } else { unit_cost(value, by) };
            Ok(Moved { quantity: by, unit_cost, value, after: level.receive(by, value)? })
        }
        None if by == 0 => Ok(Moved { quantity: 0, unit_cost: 0, value: 0, after: level }),
        None => {
            let currency = tx.actor().currency;
            let last = repo::last_unit_cost(tx, product)?.map(|minor| Money::new(minor, currency));
            receive(level, by, last.or(given).ok_or(InventoryError::NoUnitCost)?)
        }
    }
}
