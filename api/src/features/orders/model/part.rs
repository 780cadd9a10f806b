//! How some of a line's units come to a part of its amounts.

use super::LineAmounts;
use countinghouse_contract::money::{div_half_even, div_half_up};

/// Some of the units that an amount is of, after others that were counted before. What they come to is
/// rounded cumulatively, so that the last ones take what is left and nothing is lost on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// All the units there are.
    pub of: i64,
    pub before: i64,
    pub units: i64,
}

impl Part {
    /// What these units come to of each amount of a line, half up.
    pub fn amounts(self, whole: LineAmounts) -> LineAmounts {
        let part = |minor: i64| self.share(minor, div_half_up);
        LineAmounts { discount: part(whole.discount), net: part(whole.net), tax: part(whole.tax) }
    }

    /// What these units cost of what all of them did, half to even.
    pub fn cost(self, whole: i64) -> i64 {
        self.share(whole, div_half_even)
    }

    fn share(self, whole: i64, round: fn(i128, i128) -> i128) -> i64 {
        let through = |units: i128| round(i128::from(whole) * units, i128::from(self.of.max(1)));
        let before = i128::from(self.before);
        i64::try_from(through(before + i128::from(self.units)) - through(before)).unwrap_or(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(of: i64, units: &[i64]) -> Vec<Part> {
        let mut before = 0;
        let next = |&units: &i64| {
            let part = Part { of, before, units };
            before += units;
            part
        };
        units.iter().map(next).collect()
    }

    /// Cases 8, 12 and 22 of the golden ledgers.
    #[test]
    fn parts_are_rounded_cumulatively_and_close_to_zero() {
        let whole = LineAmounts { discount: 300, net: 2_697, tax: 539 };
        let taken = |part: Part| {
            let LineAmounts { discount, net, tax } = part.amounts(whole);
            [discount, net, tax]
        };
        let returned: Vec<_> = parts(3, &[1, 1, 1]).into_iter().map(taken).collect();
        assert_eq!(returned, [[100, 899, 180], [100, 899, 179], [100, 899, 180]]);
        assert_eq!(parts(5, &[2])[0].cost(2_015), 806);
        assert_eq!((parts(6, &[2])[0].cost(2_420), parts(4, &[1])[0].cost(2_420 - 807)), (807, 403));
    }

    /// A tie goes to even where it is a cost, and up where it is money.
    #[test]
    fn ties_go_as_their_kind_says() {
        let half = Part { of: 2, before: 0, units: 1 };
        assert_eq!(half.cost(5), 2);
        assert_eq!(half.amounts(LineAmounts { discount: 0, net: 5, tax: 1 }).net, 3);
    }

    proptest! {
        #[test]
        fn whatever_the_parts_they_sum_to_the_whole(
            whole in 0_i64..10_000_000_000_000, units in prop::collection::vec(1_i64..100_000_000, 1..9)
        ) {
            let all = parts(units.iter().sum(), &units);
            prop_assert_eq!(all.iter().map(|part| part.cost(whole)).sum::<i64>(), whole);
            let amounts = LineAmounts { discount: whole, net: whole, tax: whole };
            prop_assert_eq!(all.iter().map(|part| part.amounts(amounts).net).sum::<i64>(), whole);
            prop_assert!(all.iter().all(|part| part.cost(whole) >= 0));
        }
    }
}
