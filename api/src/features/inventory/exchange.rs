//! Exchanges: an order that is edited gives goods back and takes others, of the same product too.
//!
//! What goes back comes in first, at what it cost when it left; what is taken leaves at the average of that
//! moment. What an exchange comes to is worked out before anything is written, so that it can be shown
//! without being made.

use super::{
    error::InventoryError,
    model::{Level, Shortage, unit_cost},
    repo::{self, Change, NewMovement},
};
use crate::platform::db::{DbError, TenantTx};
use countinghouse_contract::{OrderId, ProductId, inventory::MovementKind};
use std::collections::BTreeMap;

/// What an order gives back of one product, with its cost, and what it takes then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    pub product: ProductId,
    pub put_back: i64,
    pub put_back_cost: i64,
    pub taken: i64,
}

/// An exchange with the stock it meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchanged {
    pub asked: Exchange,
    pub before: Level,
    /// When the goods are back and none is taken yet.
    between: Level,
    pub after: Level,
    /// What the goods that are taken cost.
    pub cost: i64,
}

/// The stock of these products as it is at this moment; it may be another at the next.
pub fn look_in(tx: &mut TenantTx<'_>, products: &[ProductId]) -> Result<BTreeMap<ProductId, Level>, DbError> {
    repo::look(tx, products)
}

/// The same, and nobody else moves it until the transaction ends.
pub fn hold_in(tx: &mut TenantTx<'_>, products: &[ProductId]) -> Result<BTreeMap<ProductId, Level>, DbError> {
    repo::lock(tx, products)
}

/// What exchanges come to on this stock, at most one for each product.
pub fn exchange(stock: &BTreeMap<ProductId, Level>, asked: Vec<Exchange>) -> Result<Vec<Exchanged>, InventoryError> {
    let (mut exchanged, mut short) = (Vec::with_capacity(asked.len()), Vec::new());
    for asked in asked {
        let before = stock.get(&asked.product).copied().unwrap_or_default();
        let between = before.receive(asked.put_back, asked.put_back_cost)?;
        let issued = if asked.taken == 0 { Some((between, 0)) } else { between.issue(asked.taken) };
        match issued {
            Some((after, cost)) => exchanged.push(Exchanged { asked, before, between, after, cost }),
            None => {
                let (product, requested, available) = (asked.product, asked.taken, between.on_hand);
                short.push(Shortage { product, requested, available });
            }
        }
    }
    if short.is_empty() { Ok(exchanged) } else { Err(InventoryError::Insufficient(short)) }
}

/// Writes exchanges to the stock that [`hold_in`] holds, with their movements.
pub fn exchange_in(tx: &mut TenantTx<'_>, order: OrderId, exchanged: &[Exchanged]) -> Result<(), DbError> {
    let change = |one: &Exchanged| Change {
        product: one.asked.product,
        after: one.after,
        sold: one.asked.taken - one.asked.put_back,
    };
    repo::update(tx, &exchanged.iter().map(change).collect::<Vec<_>>())?;
    let movements: Vec<NewMovement> = exchanged.iter().flat_map(|one| one.movements(order)).collect();
    repo::insert_movements(tx, &movements)?;
    Ok(())
}

impl Exchanged {
    /// What went back, and then what was taken.
    fn movements(&self, order: OrderId) -> impl Iterator<Item = NewMovement> {
        let Self { asked, between, after, cost, .. } = *self;
        let moves = [(asked.put_back, asked.put_back_cost, between), (-asked.taken, -cost, after)];
        moves.into_iter().filter(|(quantity, ..)| *quantity != 0).map(move |(quantity, value, after)| NewMovement {
            product: asked.product,
            kind: MovementKind::Sale,
            quantity,
            unit_cost: unit_cost(value.abs(), quantity.abs()),
            value,
            after,
            order: Some(order),
            returned: None,
            reason: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const PRODUCT: ProductId = ProductId(Uuid::nil());

    fn exchanged(on_hand: i64, value: i64, asked: (i64, i64, i64)) -> Result<Exchanged, InventoryError> {
        let stock = BTreeMap::from([(PRODUCT, Level { on_hand, value })]);
        let (put_back, put_back_cost, taken) = asked;
        let asked = Exchange { product: PRODUCT, put_back, put_back_cost, taken };
        Ok(exchange(&stock, vec![asked])?.remove(0))
    }

    /// Cases 11, 12 and 21 of the golden ledgers, and one that does both.
    #[test]
    fn what_goes_back_comes_in_first_and_what_is_taken_costs_the_average_of_then() {
        let up = exchanged(16, 8_000, (0, 0, 3)).unwrap();
        assert_eq!((up.cost, up.after), (1_500, Level { on_hand: 13, value: 6_500 }));
        let down = exchanged(10, 5_218, (2, 806, 0)).unwrap();
        assert_eq!((down.cost, down.after), (0, Level { on_hand: 12, value: 6_024 }));
        let both = exchanged(2, 1_000, (2, 600, 3)).unwrap();
        assert_eq!((both.cost, both.after), (1_200, Level { on_hand: 1, value: 400 }));
        let values: Vec<_> = both.movements(OrderId(Uuid::nil())).map(|m| (m.quantity, m.value, m.after)).collect();
        assert_eq!(values, [(2, 600, Level { on_hand: 4, value: 1_600 }), (-3, -1_200, both.after)]);
    }

    #[test]
    fn goods_that_go_back_may_be_taken_again_and_no_more() {
        assert!(exchanged(0, 0, (2, 600, 2)).is_ok());
        let Err(InventoryError::Insufficient(short)) = exchanged(1, 300, (2, 600, 4)) else { panic!("too many") };
        assert_eq!(short, [Shortage { product: PRODUCT, requested: 4, available: 3 }]);
    }
}
