//! How an order's amounts are made, in whole minor units.
//!
//! Per line: the discount is rounded half up, then the tax on what remains, half up. Where prices
//! include the tax, it is taken out of the amount by the same rounding; what was sold is then the
//! net of the undiscounted amount, and the discount is the difference to the net of the
//! discounted one. Shipping has no discount and a tax rate of its own.

use super::Part;
use countinghouse_contract::{Currency, Money, ProductId, Rate, money::MoneyError};
use std::collections::BTreeMap;

/// What is asked for one line.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub quantity: i64,
    pub unit_price: i64,
    pub discount_pct: Rate,
    pub tax_rate: Rate,
}

/// The amounts of one line: `sales - discount = net`, and the tax comes on top of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineAmounts {
    pub discount: i64,
    pub net: i64,
    pub tax: i64,
}

/// An amount apart from its tax.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taxed {
    pub net: i64,
    pub tax: i64,
}

/// How the client's prices are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prices {
    BeforeTax,
    IncludingTax,
}

impl Prices {
    /// Divides an amount into net and tax, or adds the tax to it.
    pub fn tax(self, amount: i64, rate: Rate, currency: Currency) -> Result<Taxed, MoneyError> {
        let amount = i128::from(amount);
        let (net, tax) = match self {
            Self::BeforeTax => (amount, rate.of(amount)),
            Self::IncludingTax => (amount - rate.within(amount), rate.within(amount)),
        };
        Ok(Taxed { net: bounded(net, currency)?, tax: bounded(tax, currency)? })
    }

    pub fn line(self, asked: Asked, currency: Currency) -> Result<LineAmounts, MoneyError> {
        let full = bounded(i128::from(asked.quantity) * i128::from(asked.unit_price), currency)?;
        let cut = bounded(asked.discount_pct.of(i128::from(full)), currency)?;
        let sales = self.tax(full, asked.tax_rate, currency)?.net;
        let Taxed { net, tax } = self.tax(full - cut, asked.tax_rate, currency)?;
        Ok(LineAmounts { discount: sales - net, net, tax })
    }
}

/// Whether price and discount together cut the catalogue's price by more than the cap. Compared
/// without rounding: a discount of just the cap passes.
pub fn cuts_more_than(cap: Rate, catalogue: i64, unit_price: i64, discount_pct: Rate) -> bool {
    let left = |rate: Rate| i128::from(Rate::FULL.0 - rate.0);
    i128::from(unit_price) * left(discount_pct) < i128::from(catalogue) * left(cap)
}

/// Divides what the goods of one product cost over the lines that sold it, by quantity; rounded
/// cumulatively, half to even, so that the lines sum to the whole.
fn divide_cost(total: i64, quantities: &[i64]) -> Vec<i64> {
    let of = quantities.iter().sum();
    let mut before = 0;
    let cost = |&units: &i64| {
        let part = Part { of, before, units };
        before += units;
        part.cost(total)
    };
    quantities.iter().map(cost).collect()
}

/// What the goods of each of these lines cost, where those of one product were taken together.
pub fn cost_of_each(taken: &[(ProductId, i64)], cost_of: impl Fn(ProductId) -> i64) -> Vec<i64> {
    let mut quantities: BTreeMap<ProductId, Vec<i64>> = BTreeMap::new();
    for (product, quantity) in taken {
        quantities.entry(*product).or_default().push(*quantity);
    }
    let divide = |(product, quantities): (ProductId, Vec<i64>)| {
        (product, divide_cost(cost_of(product), &quantities).into_iter())
    };
    let mut costs: BTreeMap<_, _> = quantities.into_iter().map(divide).collect();
    let next = |product| costs.get_mut(product).and_then(Iterator::next).unwrap_or_default();
    taken.iter().map(|(product, _)| product).map(next).collect()
}

fn bounded(minor: i128, currency: Currency) -> Result<i64, MoneyError> {
    Ok(Money::bounded(minor, currency)?.minor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use num_traits::ToPrimitive;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).unwrap()
    }

    /// Discount, net and tax of a line in EUR; rates in ten-thousandths of a percent.
    fn line(prices: Prices, quantity: i64, unit_price: i64, discount_pct: i32, tax_rate: i32) -> [i64; 3] {
        let asked = Asked { quantity, unit_price, discount_pct: Rate(discount_pct), tax_rate: Rate(tax_rate) };
        let LineAmounts { discount, net, tax } = prices.line(asked, currency("EUR")).unwrap();
        [discount, net, tax]
    }

    /// Cases 3, 4, 6, 16 and 19 of the golden ledgers.
    #[test]
    fn discount_then_tax_each_half_up() {
        use Prices::BeforeTax;
        assert_eq!(line(BeforeTax, 3, 999, 100_000, 200_000), [300, 2697, 539]);
        assert_eq!(line(BeforeTax, 1, 1999, 0, 200_000), [0, 1999, 400]);
        assert_eq!(line(BeforeTax, 7, 333, 125_000, 50_000), [291, 2040, 102]);
        assert_eq!(line(BeforeTax, 2, 1980, 0, 100_000), [0, 3960, 396]);
        assert_eq!(line(BeforeTax, 1, 25, 0, 100_000), [0, 25, 3]);
        assert_eq!(line(BeforeTax, 1, 45, 100_000, 0), [5, 40, 0]);
        assert_eq!(line(BeforeTax, 3, 2345, 33_333, 50_000), [234, 6801, 340]);
    }

    /// Cases 5 and 20.
    #[test]
    fn included_tax_is_taken_out_of_the_price() {
        use Prices::IncludingTax;
        assert_eq!(line(IncludingTax, 3, 999, 100_000, 200_000), [250, 2247, 450]);
        assert_eq!(line(IncludingTax, 1, 1999, 0, 200_000), [0, 1666, 333]);
        let shipping = IncludingTax.tax(495, Rate(200_000), currency("EUR")).unwrap();
        assert_eq!(shipping, Taxed { net: 412, tax: 83 });
        let shipping = Prices::BeforeTax.tax(495, Rate(200_000), currency("EUR")).unwrap();
        assert_eq!(shipping, Taxed { net: 495, tax: 99 });
    }

    #[test]
    fn what_is_too_large_is_refused_and_nothing_wraps() {
        let asked = |quantity, unit_price, tax_rate| Asked {
            quantity,
            unit_price,
            discount_pct: Rate(0),
            tax_rate: Rate(tax_rate),
        };
        for prices in [Prices::BeforeTax, Prices::IncludingTax] {
            assert!(prices.line(asked(1_000_000_000, 1_000_000, 0), currency("EUR")).is_err());
            assert!(prices.line(asked(1_000_000_000, 10_000_000_000_000, 1_000_000), currency("JPY")).is_err());
            assert!(prices.line(asked(1, 10_000_000_000_000, 1_000_000), currency("KWD")).is_ok());
        }
    }

    #[test]
    fn the_cap_is_measured_against_the_catalogue() {
        let cap = Rate(100_000);
        // 10 % by price, by discount, and by both together.
        assert!(!cuts_more_than(cap, 1000, 900, Rate(0)));
        assert!(cuts_more_than(cap, 1000, 899, Rate(0)));
        assert!(!cuts_more_than(cap, 1000, 1000, Rate(100_000)));
        assert!(cuts_more_than(cap, 1000, 1000, Rate(100_001)));
        assert!(cuts_more_than(cap, 1000, 950, Rate(60_000)));
        // A price above the catalogue makes room for a discount; what costs nothing is not cut.
        assert!(!cuts_more_than(cap, 1000, 2000, Rate(550_000)));
        assert!(!cuts_more_than(cap, 0, 0, Rate(1_000_000)));
        assert!(!cuts_more_than(Rate::FULL, 1000, 0, Rate(1_000_000)));
        // The discount of 0.045 rounds up to 0.05, which is more than 10 %; the rate is not.
        assert!(!cuts_more_than(cap, 45, 45, Rate(100_000)));
    }

    #[test]
    fn divided_cost_sums_to_the_whole() {
        assert_eq!(divide_cost(5, &[1, 1]), [2, 3]);
        assert_eq!(divide_cost(100, &[1, 1, 1]), [33, 34, 33]);
        assert_eq!(divide_cost(7, &[4]), [7]);
    }

    fn fraction(numerator: i64, denominator: i64) -> BigRational {
        BigRational::new(BigInt::from(numerator), BigInt::from(denominator))
    }

    /// Rounded half up by exact fractions: the floor of the amount and a half.
    fn half_up(exact: &BigRational) -> i64 {
        (exact + fraction(1, 2)).floor().to_integer().to_i64().unwrap()
    }

    proptest! {
        #[test]
        fn amounts_are_those_of_exact_fractions(
            quantity in 1_i64..1_000_000, unit_price in 0_i64..10_000_000,
            discount in 0_i32..=1_000_000, tax in 0_i32..=1_000_000
        ) {
            let whole = i64::from(Rate::FULL.0);
            let full = quantity * unit_price;
            let kept = full - half_up(&(fraction(full, 1) * fraction(i64::from(discount), whole)));
            let share = fraction(i64::from(tax), whole);
            prop_assert_eq!(
                line(Prices::BeforeTax, quantity, unit_price, discount, tax),
                [full - kept, kept, half_up(&(fraction(kept, 1) * &share))]
            );
            let inside = fraction(i64::from(tax), whole + i64::from(tax));
            let net_of = |amount: i64| amount - half_up(&(fraction(amount, 1) * &inside));
            prop_assert_eq!(
                line(Prices::IncludingTax, quantity, unit_price, discount, tax),
                [net_of(full) - net_of(kept), net_of(kept), kept - net_of(kept)]
            );
        }

        /// A discount never raises what is sold, and none of the amounts is negative.
        #[test]
        fn no_amount_is_negative(
            quantity in 1_i64..1_000, unit_price in 0_i64..1_000, discount in 0_i32..=1_000_000, tax in 0_i32..=1_000_000
        ) {
            for prices in [Prices::BeforeTax, Prices::IncludingTax] {
                prop_assert!(line(prices, quantity, unit_price, discount, tax).iter().all(|&amount| amount >= 0));
            }
        }

        #[test]
        fn divided_cost_is_the_share_of_each_line(
            total in 0_i64..10_000_000_000_000, quantities in prop::collection::vec(1_i64..1_000_000_000, 1..20)
        ) {
            let shares = divide_cost(total, &quantities);
            prop_assert_eq!(shares.iter().sum::<i64>(), total);
            let whole: i64 = quantities.iter().sum();
            for (share, quantity) in shares.iter().zip(&quantities) {
                let exact = fraction(total, 1) * fraction(*quantity, whole);
                prop_assert!(*share >= 0);
                prop_assert!((exact - fraction(*share, 1)).to_f64().unwrap().abs() <= 1.0);
            }
        }
    }
}
