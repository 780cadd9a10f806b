//! Opening stock, goods taken for orders, and the list of movements.

use super::{
    adjustments,
    error::InventoryError,
    model::{Demand, Level, Movement, Shortage, unit_cost, value_of},
    repo::{self, Change, MovementFilter, NewMovement},
};
use crate::platform::{
    authn::TenantCtx,
    db::{DbError, TenantTx},
    http::{Invalid, MAX_QUANTITY, PageRequest},
};
use countinghouse_contract::{Currency, Decimal, Money, OrderId, ProductId, ReturnId, inventory::MovementKind};
use std::collections::BTreeMap;

/// Movements, newest first.
pub async fn movements(
    ctx: &TenantCtx,
    filter: MovementFilter,
    asked: PageRequest,
) -> Result<Vec<Movement>, InventoryError> {
    Ok(ctx.read(move |tx| repo::list_movements(tx, &filter, asked)).await?)
}

/// Stock that lies there when a product is entered.
#[derive(Debug, Clone, Copy)]
pub struct Opening {
    pub quantity: i64,
    pub unit_cost: Money,
}

/// What lies there, as somebody says; `at` is the pointer to what they say of it.
pub fn check_opening(
    invalid: &mut Invalid,
    at: &str,
    quantity: i64,
    unit_cost: Decimal,
    currency: Currency,
) -> Opening {
    invalid.quantity(&format!("{at}/quantity"), quantity, 0..=MAX_QUANTITY);
    let unit_cost = invalid.amount(&format!("{at}/unit_cost"), unit_cost, currency);
    if value_of(quantity, unit_cost).is_none() {
        invalid.add(&format!("{at}/quantity"), "too_large", "Quantity times cost is more than 10^13 minor units.");
    }
    Opening { quantity, unit_cost }
}

/// Goods that were taken from the stock rows, whose movements are still to be recorded.
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
            returned: None,
            reason: None,
        };
        adjustments::enter(tx, movement)?;
    }
    Ok(level)
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

/// Units of a product that were sold and come back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Back {
    /// How many may be sold again, and what they cost when they left.
    pub quantity: i64,
    pub value: i64,
    /// How many, of these or of others, had not left the shelf, and no longer wait to.
    pub unfulfilled: i64,
}

/// What brings goods back.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    pub kind: MovementKind,
    pub order: OrderId,
    pub returned: Option<ReturnId>,
}

/// Goods that were put back into stock rows, whose movements are still to be recorded.
pub struct PutBack(Vec<(ProductId, Back, Level)>);

/// Locks the products' stock, and puts back what comes back of each, at the cost it left at.
pub fn put_back_in(tx: &mut TenantTx<'_>, back: &BTreeMap<ProductId, Back>) -> Result<PutBack, InventoryError> {
    let products: Vec<ProductId> = back.keys().copied().collect();
    let locked = repo::lock(tx, &products)?;
    let put = |(&product, &back): (&ProductId, &Back)| {
        let level = locked.get(&product).copied().ok_or(InventoryError::ProductNotFound)?;
        Ok((product, back, level.receive(back.quantity, back.value)?))
    };
    let put = back.iter().map(put).collect::<Result<Vec<_>, InventoryError>>()?;
    let change =
        |&(product, back, after): &(ProductId, Back, Level)| Change { product, after, sold: -back.unfulfilled };
    repo::update(tx, &put.iter().map(change).collect::<Vec<_>>())?;
    Ok(PutBack(put))
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
            returned: None,
            reason: None,
        })
        .collect();
    repo::insert_movements(tx, &movements)?;
    Ok(())
}

/// Records the movements of goods that came back: those of them that may be sold again.
pub fn record_back_in(tx: &mut TenantTx<'_>, origin: Origin, put: &PutBack) -> Result<(), DbError> {
    let movements: Vec<NewMovement> = (put.0.iter())
        .filter(|(_, back, _)| back.quantity > 0)
        .map(|&(product, back, after)| NewMovement {
            product,
            kind: origin.kind,
            quantity: back.quantity,
            unit_cost: unit_cost(back.value, back.quantity),
            value: back.value,
            after,
            order: Some(origin.order),
            returned: origin.returned,
            reason: None,
        })
        .collect();
    if !movements.is_empty() {
        repo::insert_movements(tx, &movements)?;
    }
    Ok(())
}
