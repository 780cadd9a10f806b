//! Money as whole minor units with its currency, rates, and the two ways of rounding.
//!
//! No float comes near. Products of money and quantity go through i128, and whatever leaves the
//! bounds of the contract (10^13 minor units) is an error, never a wrap.

use crate::{currencies::CURRENCIES, decimal::Decimal};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt};

/// The largest amount that the API takes or makes, in minor units.
pub const MAX_MINOR: i64 = 10_000_000_000_000;

/// An ISO 4217 currency: its code, and how many digits its minor unit has.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency {
    code: &'static str,
    digits: u32,
}

impl Currency {
    /// The currency of an upper-case ISO 4217 code.
    pub fn from_code(code: &str) -> Option<Self> {
        let at = CURRENCIES.binary_search_by_key(&code, |(known, _)| known).ok()?;
        CURRENCIES.get(at).map(|&(code, digits)| Self { code, digits })
    }

    pub fn code(self) -> &'static str {
        self.code
    }

    pub fn digits(self) -> u32 {
        self.digits
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::from_code(&code).ok_or_else(|| {
            de::Error::invalid_value(de::Unexpected::Str(&code), &"an ISO 4217 currency code, like \"EUR\"")
        })
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let codes: Vec<_> = CURRENCIES.iter().map(|(code, _)| code).collect();
        json_schema!({"type": "string", "description": "A currency's code of ISO 4217.", "enum": codes, "examples": ["EUR"]})
    }
}

/// An amount of money: whole minor units of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

/// Why a decimal is no amount of this currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("{currency} has {} decimal places at most", .currency.digits())]
    TooPrecise { currency: Currency },
    #[error("the amount is larger than 10^13 minor units")]
    TooLarge,
}

impl Money {
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The amount that a decimal from the wire stands for.
    pub fn parse(decimal: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        if decimal.scale() > currency.digits {
            return Err(MoneyError::TooPrecise { currency });
        }
        let minor = decimal.scaled_to(currency.digits).ok_or(MoneyError::TooLarge)?;
        Self::bounded(minor, currency)
    }

    /// An amount computed in i128, checked against the bounds of the contract.
    pub fn bounded(minor: i128, currency: Currency) -> Result<Self, MoneyError> {
        match i64::try_from(minor) {
            Ok(minor) if (-MAX_MINOR..=MAX_MINOR).contains(&minor) => Ok(Self { minor, currency }),
            _ => Err(MoneyError::TooLarge),
        }
    }

    /// As it goes out: exactly the digits of the currency.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(i128::from(self.minor), self.currency.digits)
    }
}

/// A percentage with up to four decimal places, in ten-thousandths of a percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(pub i32);

impl Rate {
    /// 100 %.
    pub const FULL: Self = Self(1_000_000);

    /// The rate that a decimal from the wire stands for: 0 to 100 with up to four places.
    pub fn parse(decimal: Decimal) -> Option<Self> {
        let units = i32::try_from(decimal.scaled_to(4)?).ok()?;
        (0..=Self::FULL.0).contains(&units).then_some(Self(units))
    }

    /// As it goes out: two decimal places, more only where they say something.
    pub fn to_decimal(self) -> Decimal {
        let units = i128::from(self.0);
        match (units % 100, units % 10) {
            (0, _) => Decimal::new(units / 100, 2),
            (_, 0) => Decimal::new(units / 10, 3),
            _ => Decimal::new(units, 4),
        }
    }

    /// This share of an amount that is not negative, rounded half up.
    pub fn of(self, minor: i128) -> i128 {
        div_half_up(minor * i128::from(self.0), i128::from(Self::FULL.0))
    }

    /// The part of an amount, not negative, that this rate was added to get: of 120 at 20 %, 20.
    /// Rounded half up.
    pub fn within(self, minor: i128) -> i128 {
        div_half_up(minor * i128::from(self.0), i128::from(Self::FULL.0) + i128::from(self.0))
    }
}

/// `numerator ÷ denominator`, ties away from zero. The denominator is positive.
pub fn div_half_up(numerator: i128, denominator: i128) -> i128 {
    let (quotient, remainder) = (numerator / denominator, numerator % denominator);
    if remainder.abs() * 2 >= denominator { quotient + numerator.signum() } else { quotient }
}

/// `numerator ÷ denominator`, ties to the even neighbour. The denominator is positive.
pub fn div_half_even(numerator: i128, denominator: i128) -> i128 {
    let (quotient, remainder) = (numerator / denominator, numerator % denominator);
    match (remainder.abs() * 2).cmp(&denominator) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Equal if quotient % 2 == 0 => quotient,
        _ => quotient + numerator.signum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str, code: &str) -> Result<Money, MoneyError> {
        Money::parse(text.parse().unwrap(), Currency::from_code(code).unwrap())
    }

    #[test]
    fn an_amount_has_at_most_the_digits_of_its_currency() {
        assert_eq!(money("199.98", "EUR").unwrap().minor, 19_998);
        assert_eq!(money("5", "EUR").unwrap().to_decimal().to_string(), "5.00");
        assert_eq!(money("1200", "JPY").unwrap().to_decimal().to_string(), "1200");
        assert_eq!(money("1.234", "KWD").unwrap().minor, 1_234);
        let eur = Currency::from_code("EUR").unwrap();
        assert_eq!(money("1.999", "EUR"), Err(MoneyError::TooPrecise { currency: eur }));
        assert!(matches!(money("1.0", "JPY"), Err(MoneyError::TooPrecise { .. })));
    }

    #[test]
    fn every_currency_is_found_by_its_code_and_nothing_else_is() {
        for &(code, digits) in CURRENCIES {
            let found = Currency::from_code(code).unwrap();
            assert_eq!((found.code(), found.digits()), (code, digits));
        }
        for code in ["", "EU", "EURO", "eur", "AAA", "ZZZ"] {
            assert_eq!(Currency::from_code(code), None, "{code}");
        }
    }

    #[test]
    fn ten_to_the_thirteenth_is_the_end() {
        assert_eq!(money("100000000000.00", "EUR").unwrap().minor, MAX_MINOR);
        assert_eq!(money("100000000000.01", "EUR"), Err(MoneyError::TooLarge));
        assert_eq!(money("1000000000000000000000000000000", "EUR"), Err(MoneyError::TooLarge));
    }

    #[test]
    fn ties_round_as_said() {
        assert_eq!([div_half_up(5, 10), div_half_up(15, 10), div_half_up(14, 10), div_half_up(-5, 10)], [1, 2, 1, -1]);
        assert_eq!(
            [div_half_even(5, 10), div_half_even(15, 10), div_half_even(25, 10), div_half_even(26, 10)],
            [0, 2, 2, 3]
        );
    }

    #[test]
    fn rates_keep_four_places_and_show_two() {
        let rate = |text: &str| Rate::parse(text.parse().unwrap());
        assert_eq!(rate("20").unwrap().to_decimal().to_string(), "20.00");
        assert_eq!(rate("3.3333").unwrap().to_decimal().to_string(), "3.3333");
        assert_eq!(rate("12.5").unwrap().to_decimal().to_string(), "12.50");
        assert_eq!(rate("0.125").unwrap().to_decimal().to_string(), "0.125");
        assert_eq!([rate("100.0001"), rate("-1"), rate("1.00001")], [None, None, None]);
        assert_eq!(rate("10").unwrap().of(25), 3);
        assert_eq!([rate("20").unwrap().within(120), rate("20").unwrap().within(2697)], [20, 450]);
    }
}
