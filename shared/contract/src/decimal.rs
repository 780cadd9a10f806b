//! Exact decimal numbers as JSON strings. A JSON number is refused, since a client that sends
//! one has often been through a float already.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr};

/// The most digits accepted; i128 holds 38.
const MAX_DIGITS: usize = 36;

/// A decimal number exactly as written: `units × 10^-scale`, so `"199.90"` keeps its last zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    units: i128,
    scale: u32,
}

/// Text that is not a plain decimal number (`-12.50`; no exponent, plus sign, blanks or
/// needless zeros in front).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a plain decimal number in a string is expected, like \"12.50\"")]
pub struct NotADecimal;

impl Decimal {
    pub fn new(units: i128, scale: u32) -> Self {
        Self { units, scale }
    }

    /// The number as a count of `10^-digits`; `None` when it has more decimal places than that
    /// or does not fit.
    pub fn scaled_to(self, digits: u32) -> Option<i128> {
        let missing = digits.checked_sub(self.scale)?;
        self.units.checked_mul(10_i128.checked_pow(missing)?)
    }

    /// How many places stand after the point.
    pub fn scale(self) -> u32 {
        self.scale
    }

    pub fn is_negative(self) -> bool {
        self.units < 0
    }

    /// The text of one whose digits fit in 64 bits, as those of nearly all do: a page of a list has hundreds of
    /// them, and division of 128 bits takes several times as long.
    fn short_text(self) -> Option<String> {
        let magnitude = u64::try_from(self.units.unsigned_abs()).ok()?;
        let unit = 10_u64.checked_pow(self.scale)?;
        let mut text = String::with_capacity(24);
        if self.units < 0 {
            text.push('-');
        }
        let mut digits = itoa::Buffer::new();
        text.push_str(digits.format(magnitude / unit));
        if self.scale > 0 {
            let fraction = digits.format(magnitude % unit);
            let missing = usize::try_from(self.scale).ok()?.saturating_sub(fraction.len());
            text.push('.');
            text.extend(std::iter::repeat_n('0', missing));
            text.push_str(fraction);
        }
        Some(text)
    }
}

impl FromStr for Decimal {
    type Err = NotADecimal;

    fn from_str(text: &str) -> Result<Self, NotADecimal> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return Err(NotADecimal),
            Some(parts) => parts,
            None => (unsigned, ""),
        };
        let digits_only = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let padded = whole.len() > 1 && whole.starts_with('0');
        let count = whole.len() + fraction.len();
        if whole.is_empty() || padded || count > MAX_DIGITS || !digits_only(whole) || !digits_only(fraction) {
            return Err(NotADecimal);
        }
        let magnitude: i128 = format!("{whole}{fraction}").parse().map_err(|_| NotADecimal)?;
        let units = if text.starts_with('-') { -magnitude } else { magnitude };
        let scale = u32::try_from(fraction.len()).map_err(|_| NotADecimal)?;
        Ok(Self { units, scale })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = self.short_text() {
            return f.write_str(&text);
        }
        let sign = if self.units < 0 { "-" } else { "" };
        let magnitude = self.units.unsigned_abs();
        let Some(unit) = 10_u128.checked_pow(self.scale) else {
            return write!(f, "{sign}{magnitude}e-{}", self.scale);
        };
        let whole = magnitude / unit;
        match usize::try_from(self.scale) {
            Ok(places) if places > 0 => write!(f, "{sign}{whole}.{:0places$}", magnitude % unit),
            _ => write!(f, "{sign}{whole}"),
        }
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.short_text() {
            Some(text) => serializer.serialize_str(&text),
            None => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number in a string, like \"12.50\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
                text.parse().map_err(|_: NotADecimal| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl JsonSchema for Decimal {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "decimal", "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_written_again() {
        for text in ["0", "0.00", "12.50", "-12.50", "1200", "-0.05", "0.0001", "1000000000000000000000000000000"] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn the_point_stands_where_the_scale_says_however_long_the_number() {
        let longest = i128::from(u64::MAX);
        for units in [0, 1, 5, 10, 19_998, 100_000, longest, longest + 1, longest * 1_000] {
            for scale in 0..=25 {
                let places = usize::try_from(scale).unwrap();
                let digits = format!("{units:0width$}", width = places + 1);
                let (whole, fraction) = digits.split_at(digits.len() - places);
                let text = if scale == 0 { whole.to_owned() } else { format!("{whole}.{fraction}") };
                assert_eq!(Decimal::new(units, scale).to_string(), text);
                let sign = if units == 0 { "" } else { "-" };
                let json = serde_json::to_string(&Decimal::new(-units, scale)).unwrap();
                assert_eq!(json, format!("\"{sign}{text}\""));
            }
        }
    }

    #[test]
    fn anything_but_a_plain_decimal_is_refused() {
        let long = "1".repeat(40);
        for text in
            ["", "-", ".", "1.", ".5", "+1", "1e3", "01", "1,5", " 1", "1 ", "0x1", "١", "--1", "1.2.3", "NaN", &long]
        {
            assert_eq!(text.parse::<Decimal>(), Err(NotADecimal), "{text:?}");
        }
        assert!(serde_json::from_str::<Decimal>("12.5").is_err());
        assert!(serde_json::from_str::<Decimal>("\"12.5\"").is_ok());
    }

    #[test]
    fn scaling_is_exact_or_nothing() {
        let d: Decimal = "1.5".parse().unwrap();
        assert_eq!(d.scaled_to(2), Some(150));
        assert_eq!(d.scaled_to(0), None);
        assert_eq!("9".repeat(36).parse::<Decimal>().unwrap().scaled_to(4), None);
    }
}
