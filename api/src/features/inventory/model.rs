//! Moving weighted average, in whole minor units.
//!
//! A product holds `(on_hand, value)`. What comes in adds its cost. An issue of `q` takes
//! `value × q ÷ on_hand`, rounded half to even, and all of the value with the last unit: so the
//! values of all movements always sum to what the stock is worth.

use crate::platform::http::Invalid;
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    Currency, Money, MovementId, OrderId, ProductId, ReturnId, UserId,
    inventory::{self, MovementKind},
    money::{MAX_MINOR, div_half_even},
};

/// How much of a product there is, and what it cost together, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Level {
    pub on_hand: i64,
    pub value: i64,
}

/// The stock would be worth more than the bounds of the contract allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stock would be worth more than 10^13 minor units, or count more than 10^12 units")]
pub struct TooMuch;

impl TooMuch {
    /// As a fault of what the pointer leads to.
    pub fn at(self, pointer: &str) -> Invalid {
        let mut invalid = Invalid::default();
        invalid.add(pointer, "too_large", format!("Too much: {self}."));
        invalid
    }
}

/// The most units of one product.
const MAX_ON_HAND: i64 = 1_000_000_000_000;

impl Level {
    /// After `quantity` units came in that cost `value` together.
    pub fn receive(self, quantity: i64, value: i64) -> Result<Self, TooMuch> {
        let on_hand = self.on_hand.checked_add(quantity).filter(|&sum| sum <= MAX_ON_HAND);
        let value = self.value.checked_add(value).filter(|&sum| sum <= MAX_MINOR);
        on_hand.zip(value).map(|(on_hand, value)| Self { on_hand, value }).ok_or(TooMuch)
    }

    /// After `quantity` units went out, and what they cost; `None` when there are not as many.
    pub fn issue(self, quantity: i64) -> Option<(Self, i64)> {
        if quantity < 1 || quantity > self.on_hand {
            return None;
        }
        let cost = self.cost_of(quantity)?;
        Some((Self { on_hand: self.on_hand - quantity, value: self.value - cost }, cost))
    }

    /// What so many more are worth at the average; `None` on an empty shelf, which has none.
    pub fn worth_of(self, quantity: i64) -> Option<i64> {
        if self.on_hand > 0 { self.cost_of(quantity) } else { None }
    }

    /// What one unit cost on average, rounded half to even; `None` when there is none.
    pub fn average(self) -> Option<i64> {
        if self.on_hand > 0 { self.cost_of(1) } else { None }
    }

    fn cost_of(self, quantity: i64) -> Option<i64> {
        if quantity == self.on_hand {
            return Some(self.value);
        }
        let exact = i128::from(self.value) * i128::from(quantity);
        i64::try_from(div_half_even(exact, i128::from(self.on_hand))).ok()
    }
}

/// The free stock of a product, and what is sold and still lies beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shelf {
    pub level: Level,
    pub unfulfilled: i64,
}

/// Quantity times cost, within the bounds of the contract.
pub fn value_of(quantity: i64, unit_cost: Money) -> Option<i64> {
    let value = i128::from(quantity) * i128::from(unit_cost.minor);
    Money::bounded(value, unit_cost.currency).ok().map(|money| money.minor)
}

/// What one unit cost where `value` does not divide: rounded half to even.
pub fn unit_cost(value: i64, quantity: i64) -> i64 {
    let exact = div_half_even(i128::from(value), i128::from(quantity.max(1)));
    i64::try_from(exact).unwrap_or(value)
}

/// How many units of a product somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    pub product: ProductId,
    pub quantity: i64,
}

/// A product of which there is less than was wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    pub product: ProductId,
    pub requested: i64,
    pub available: i64,
}

/// A movement as it was entered; amounts in minor units.
#[derive(Debug, Clone)]
pub struct Movement {
    pub id: MovementId,
    pub product: ProductId,
    pub kind: MovementKind,
    pub quantity: i64,
    pub unit_cost: i64,
    pub value: i64,
    pub after: Level,
    pub order: Option<OrderId>,
    pub returned: Option<ReturnId>,
    pub reason: Option<String>,
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
}

impl Movement {
    /// As it goes out; `costs`: whether the reader may see what goods cost.
    pub fn into_wire(self, currency: Currency, costs: bool) -> inventory::Movement {
        let money = |minor: i64| costs.then(|| Money::new(minor, currency).to_decimal());
        inventory::Movement {
            id: self.id,
            product_id: self.product,
            kind: self.kind,
            quantity: self.quantity,
            unit_cost: money(self.unit_cost),
            value: money(self.value),
            on_hand_after: self.after.on_hand,
            value_after: money(self.after.value),
            order_id: self.order,
            return_id: self.returned,
            reason: self.reason,
            created_by: self.created_by,
            created_at: self.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use num_traits::{Signed, Zero};
    use proptest::prelude::*;

    fn level(on_hand: i64, value: i64) -> Level {
        Level { on_hand, value }
    }

    /// Cases 2 and 17 of the golden ledgers.
    #[test]
    fn the_last_unit_takes_all_the_value_and_ties_go_to_even() {
        let (rest, first) = level(7, 2399).issue(2).unwrap();
        let (rest, second) = rest.issue(2).unwrap();
        let (rest, third) = rest.issue(3).unwrap();
        assert_eq!(([first, second, third], rest), ([685, 686, 1028], level(0, 0)));
        assert_eq!(level(2, 5).issue(1).unwrap(), (level(1, 3), 2));
    }

    #[test]
    fn what_is_not_there_does_not_go_out() {
        assert_eq!(level(2, 5).issue(3), None);
        assert_eq!(level(2, 5).issue(0), None);
        assert_eq!(level(2, 5).issue(-1), None);
        assert_eq!(level(0, 0).average(), None);
        assert_eq!(level(1, MAX_MINOR).receive(1, 1), Err(TooMuch));
        assert_eq!(level(1, 0).receive(i64::MAX, 1), Err(TooMuch));
    }

    /// Half even, whatever is found: the average is 2.5.
    #[test]
    fn what_is_found_is_worth_the_average() {
        assert_eq!([level(2, 5).worth_of(1), level(2, 5).worth_of(3), level(2, 5).worth_of(2)], [2, 8, 5].map(Some));
        assert_eq!([level(2, 5).worth_of(0), level(0, 0).worth_of(1)], [Some(0), None]);
        assert_eq!(level(1, MAX_MINOR).worth_of(i64::MAX), None);
    }

    fn ratio(numerator: i64, denominator: i64) -> BigRational {
        BigRational::new(BigInt::from(numerator), BigInt::from(denominator))
    }

    proptest! {
        // 20 walks of 500 operations: 10,000 in all.
        #![proptest_config(ProptestConfig::with_cases(20))]

        /// Beside the whole numbers walks an average that is never rounded.
        #[test]
        fn no_drift_against_exact_rationals(
            steps in prop::collection::vec((any::<bool>(), 1_i64..2_000, 0_i64..100_000), 500)
        ) {
            let mut now = Level::default();
            let mut exact = BigRational::zero();
            let (mut came, mut went, mut issues) = (0_i64, 0_i64, 0_i64);
            for (purchase, quantity, cost) in steps {
                if purchase || now.on_hand == 0 {
                    now = now.receive(quantity, quantity * cost).unwrap();
                    came += quantity * cost;
                    exact += ratio(quantity * cost, 1);
                } else {
                    let quantity = quantity.min(now.on_hand);
                    let share = ratio(now.value * quantity, now.on_hand);
                    exact -= exact.clone() * ratio(quantity, now.on_hand);
                    let (after, cost) = now.issue(quantity).unwrap();
                    // Each issue is the exact share of what stood there, off by half a unit at most.
                    prop_assert!((share - ratio(cost, 1)).abs() <= ratio(1, 2));
                    now = after;
                    went += cost;
                    issues += 1;
                }
                prop_assert_eq!(now.value, came - went);
                prop_assert!(now.value >= 0);
                if now.on_hand == 0 {
                    prop_assert_eq!(now.value, 0);
                    prop_assert!(exact.is_zero());
                    issues = 0;
                }
                // Rounding never adds up to more than half a unit an issue since the shelf was empty.
                prop_assert!((exact.clone() - ratio(now.value, 1)).abs() <= ratio(issues, 2));
            }
        }
    }
}
