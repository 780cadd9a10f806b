//! What was earned, from what was posted to the accounts that say it.

use crate::features::accounting::Account as Own;
use countinghouse_contract::{Decimal, money::div_half_up};

/// The accounts that earnings are made of.
pub const NAMED: [Own; 6] = [
    Own::Sales,
    Own::SalesReturns,
    Own::ShippingIncome,
    Own::SalesDiscounts,
    Own::CostOfGoodsSold,
    Own::InventoryAdjustments,
];

/// Minor units, each positive on the side of its account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Earnings {
    pub sales: i128,
    pub returns: i128,
    pub shipping: i128,
    pub discounts: i128,
    pub cost: i128,
    pub adjustments: i128,
}

impl Earnings {
    /// `debit`: what was posted to the account of this code, debit positive.
    pub fn of(debit: impl Fn(&str) -> i128) -> Self {
        let debit = |own: Own| debit(own.code());
        Self {
            sales: -debit(Own::Sales),
            returns: debit(Own::SalesReturns),
            shipping: -debit(Own::ShippingIncome),
            discounts: debit(Own::SalesDiscounts),
            cost: debit(Own::CostOfGoodsSold),
            adjustments: debit(Own::InventoryAdjustments),
        }
    }

    /// Sales less discounts and returns.
    pub fn net_sales(&self) -> i128 {
        self.sales - self.discounts - self.returns
    }

    pub fn net_revenue(&self) -> i128 {
        self.net_sales() + self.shipping
    }

    pub fn gross_profit(&self) -> i128 {
        self.net_revenue() - self.cost - self.adjustments
    }

    pub fn plus(self, other: Self) -> Self {
        Self {
            sales: self.sales + other.sales,
            returns: self.returns + other.returns,
            shipping: self.shipping + other.shipping,
            discounts: self.discounts + other.discounts,
            cost: self.cost + other.cost,
            adjustments: self.adjustments + other.adjustments,
        }
    }
}

/// With two places, rounded half up; `None` of nothing.
pub fn percentage(part: i128, whole: i128) -> Option<Decimal> {
    (whole != 0).then(|| Decimal::new(div_half_up(part * 10_000 * whole.signum(), whole.abs()), 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_has_two_places_and_none_without_revenue() {
        let shown = |part, whole| percentage(part, whole).map(|decimal| decimal.to_string());
        assert_eq!(shown(1, 3).as_deref(), Some("33.33"));
        assert_eq!(shown(-1, 3).as_deref(), Some("-33.33"));
        assert_eq!(shown(-1, -3).as_deref(), Some("33.33"));
        assert_eq!(shown(1, 800).as_deref(), Some("0.13"));
        assert_eq!(shown(5, 0), None);
    }
}
