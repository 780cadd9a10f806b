//! Receiving goods, and taking them for orders.

use super::{
    error::InventoryError,
    model::{Demand, Level, Shortage, unit_cost},
    repo::{self, Change, NewMovement},
};
use crate::{
    features::accounting::{self, Account, Lines, NewEntry, Source},
    platform::{
        authn::TenantCtx,
        authz::Permission,
        db::{DbError, TenantTx},
        http::{Invalid, MAX_QUANTITY, Text},
    },
};
use countinghouse_contract::{
    Currency, Money, MovementId, OrderId, ProductId,
    inventory::{AdjustmentKind, Movement, MovementKind, NewAdjustment},
};
use std::collections::BTreeMap;

/// Stock that lies there when a product is entered.
#[derive(Debug, Clone, Copy)]
pub struct Opening {
    pub quantity: i64,
    pub unit_cost: Money,
}

/// Goods that were taken from the stock rows, whose movements are still to be recorded.
#[must_use = "stock has changed: record the movements with record_sale_in"]
pub struct Taken(Vec<TakenItem>);

struct TakenItem {
    demand: Demand,
    cost: i64,
    after: Level,
}

impl Taken {
    /// What the goods of one product cost.
    pub fn cost_of(&self, product: ProductId) -> i64 {
        self.0.iter().find(|item| item.demand.product == product).map_or(0, |item| item.cost)
    }
}

/// Enters what people adjust by hand. Amounts are read inside the transaction, which knows the
/// client's present currency.
pub async fn adjust(ctx: &TenantCtx, input: NewAdjustment) -> Result<Movement, InventoryError> {
    ctx.transaction(move |tx| {
        let currency = tx.actor().currency;
        let (unit_cost, value) = check(&input, currency)?;
        let locked = repo::lock(tx, &[input.product_id])?;
        let before = locked.get(&input.product_id).copied().ok_or(InventoryError::ProductNotFound)?;
        let after = before.receive(input.quantity, value)?;
        repo::update(tx, &[Change { product: input.product_id, after, sold: 0 }])?;
        let kind = match input.kind {
            AdjustmentKind::Purchase => MovementKind::Purchase,
        };
        let movement = NewMovement {
            product: input.product_id,
            kind,
            quantity: input.quantity,
            unit_cost: unit_cost.minor,
            value,
            after,
            order: None,
            reason: input.reason,
        };
        let id = enter(tx, &movement)?;
        let costs = tx.actor().permissions.holds(Permission::CostsRead);
        Ok(movement.to_wire(id, tx, currency, costs))
    })
    .await
}

/// The cost of one unit and of all that came.
fn check(input: &NewAdjustment, currency: Currency) -> Result<(Money, i64), Invalid> {
    let mut invalid = Invalid::default();
    invalid.quantity("/quantity", input.quantity, 1..=MAX_QUANTITY);
    let unit_cost = invalid.amount("/unit_cost", input.unit_cost, currency);
    invalid.optional_text("/reason", input.reason.as_deref(), &Text::line(1..=500));
    let value = value_of(input.quantity, unit_cost).unwrap_or_else(|| {
        invalid.add("/quantity", "too_large", "Quantity times cost is more than 10^13 minor units.");
        0
    });
    invalid.finish()?;
    Ok((unit_cost, value))
}

/// Makes the stock row of a new product, with what lies there already.
pub fn open_in(tx: &mut TenantTx<'_>, product: ProductId, opening: Option<Opening>) -> Result<Level, InventoryError> {
    let opened = match opening.filter(|opening| opening.quantity > 0) {
        None => None,
        Some(opening) => {
            let value = value_of(opening.quantity, opening.unit_cost).ok_or(super::model::TooMuch)?;
            Some((opening, value, Level::default().receive(opening.quantity, value)?))
        }
    };
    let level = opened.as_ref().map_or(Level::default(), |(_, _, level)| *level);
    repo::insert(tx, product, level)?;
    if let Some((opening, value, after)) = opened {
        let movement = NewMovement {
            product,
            kind: MovementKind::Opening,
            quantity: opening.quantity,
            unit_cost: opening.unit_cost.minor,
            value,
            after,
            order: None,
            reason: None,
        };
        enter(tx, &movement)?;
    }
    Ok(level)
}

/// Records a movement that belongs to no order, and posts what it is worth.
fn enter(tx: &mut TenantTx<'_>, movement: &NewMovement) -> Result<MovementId, InventoryError> {
    let id = repo::insert_movement(tx, movement)?;
    let (counterpart, memo) = match movement.kind {
        MovementKind::Opening => (Account::OpeningBalanceEquity, "Opening stock"),
        MovementKind::Purchase | MovementKind::Sale => (Account::Payable, "Purchase"),
    };
    let entry = NewEntry {
        date: accounting::today(tx),
        source: Source::Stock,
        source_id: id.0,
        memo: memo.to_owned(),
        lines: Lines::new().debit(Account::Inventory, movement.value).credit(counterpart, movement.value),
    };
    accounting::post_in(tx, vec![entry])?;
    Ok(id)
}

/// Locks the products' stock, and takes what is wanted of each, all or nothing. Demands for one
/// product are summed by the caller.
pub fn take_in(tx: &mut TenantTx<'_>, demands: &[Demand]) -> Result<Taken, InventoryError> {
    let products: Vec<ProductId> = demands.iter().map(|demand| demand.product).collect();
    let locked = repo::lock(tx, &products)?;
    let taken = take(&locked, demands).map_err(InventoryError::Insufficient)?;
    let changes: Vec<Change> = (taken.0.iter())
        .map(|item| Change { product: item.demand.product, after: item.after, sold: item.demand.quantity })
        .collect();
    repo::update(tx, &changes)?;
    Ok(taken)
}

fn take(levels: &BTreeMap<ProductId, Level>, demands: &[Demand]) -> Result<Taken, Vec<Shortage>> {
    let (mut taken, mut short) = (Vec::new(), Vec::new());
    for &demand in demands {
        let level = levels.get(&demand.product).copied().unwrap_or_default();
        match level.issue(demand.quantity) {
            Some((after, cost)) => taken.push(TakenItem { demand, cost, after }),
            None => {
                short.push(Shortage { product: demand.product, requested: demand.quantity, available: level.on_hand })
            }
        }
    }
    if short.is_empty() { Ok(Taken(taken)) } else { Err(short) }
}

/// Goods that were sold leave the shelf. They are no longer on hand, so no value moves with them.
pub fn fulfil_in(tx: &mut TenantTx<'_>, demands: &[Demand]) -> Result<(), DbError> {
    let products: Vec<ProductId> = demands.iter().map(|demand| demand.product).collect();
    let locked = repo::lock(tx, &products)?;
    let change = |demand: &Demand| {
        locked.get(&demand.product).map(|&after| Change { product: demand.product, after, sold: -demand.quantity })
    };
    repo::update(tx, &demands.iter().filter_map(change).collect::<Vec<_>>())
}

/// Records the movements of an order's goods; the order stands in the database already.
pub fn record_sale_in(tx: &mut TenantTx<'_>, order: OrderId, taken: &Taken) -> Result<(), DbError> {
    let movements: Vec<NewMovement> = (taken.0.iter())
        .map(|item| NewMovement {
            product: item.demand.product,
            kind: MovementKind::Sale,
            quantity: -item.demand.quantity,
            unit_cost: unit_cost(item.cost, item.demand.quantity),
            value: -item.cost,
            after: item.after,
            order: Some(order),
            reason: None,
        })
        .collect();
    repo::insert_movements(tx, &movements.iter().collect::<Vec<_>>())?;
    Ok(())
}

/// Quantity times cost, within the bounds of the contract.
fn value_of(quantity: i64, unit_cost: Money) -> Option<i64> {
    let value = i128::from(quantity) * i128::from(unit_cost.minor);
    Money::bounded(value, unit_cost.currency).ok().map(|money| money.minor)
}

impl NewMovement {
    fn to_wire(
        &self,
        id: countinghouse_contract::MovementId,
        tx: &TenantTx<'_>,
        currency: Currency,
        costs: bool,
    ) -> Movement {
        let money = |minor: i64| costs.then(|| Money::new(minor, currency).to_decimal());
        Movement {
            id,
            product_id: self.product,
            kind: self.kind,
            quantity: self.quantity,
            unit_cost: money(self.unit_cost),
            value: money(self.value),
            on_hand_after: self.after.on_hand,
            value_after: money(self.after.value),
            order_id: self.order,
            reason: self.reason.clone(),
            created_by: tx.actor().user_id,
            created_at: tx.now(),
        }
    }
}
