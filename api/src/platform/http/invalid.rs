//! Faults in the input, collected: a caller learns all of them at once.

use super::{error::ApiError, problems};
use countinghouse_contract::{Currency, Decimal, Money, Patch, Rate, money::MoneyError, problem::FieldError};
use std::ops::RangeInclusive;

/// The largest quantity that the API takes.
pub const MAX_QUANTITY: i64 = 1_000_000_000;

/// The faults found so far.
#[derive(Debug, Default)]
pub struct Invalid(Vec<FieldError>);

/// What a text field may hold: how many characters, and whether more than one line.
#[derive(Debug, Clone)]
pub struct Text {
    pub length: RangeInclusive<usize>,
    pub lines: bool,
}

impl Text {
    pub const fn line(length: RangeInclusive<usize>) -> Self {
        Self { length, lines: false }
    }

    pub const fn lines(length: RangeInclusive<usize>) -> Self {
        Self { length, lines: true }
    }
}

impl Invalid {
    pub fn add(&mut self, pointer: &str, code: &str, detail: impl Into<String>) {
        let error = FieldError { pointer: pointer.to_owned(), code: code.to_owned(), detail: detail.into() };
        self.0.push(error);
    }

    /// Faults that were found apart.
    pub fn append(&mut self, found: Self) {
        self.0.extend(found.0);
    }

    /// What was found, for who answers it in another form.
    pub fn into_errors(self) -> Vec<FieldError> {
        self.0
    }

    /// `Ok` when no fault was found.
    pub fn finish(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// A text without control characters (they would reach logs, consoles and printed papers),
    /// and not made of blanks alone where something must stand.
    pub fn text(&mut self, pointer: &str, text: &str, form: &Text) {
        let count = text.chars().count();
        let (least, most) = (*form.length.start(), *form.length.end());
        if count > most {
            self.add(pointer, "too_long", format!("At most {most} characters."));
        } else if text.trim().chars().count() < least {
            let rule = match least {
                1 => "This may not be empty.".to_owned(),
                least => format!("At least {least} characters that are not blank."),
            };
            self.add(pointer, "too_short", rule);
        }
        let allowed = |c: char| !c.is_control() || (form.lines && (c == '\n' || c == '\r' || c == '\t'));
        if !text.chars().all(allowed) {
            self.add(pointer, "invalid_characters", "Control characters are not allowed.");
        }
    }

    pub fn optional_text(&mut self, pointer: &str, text: Option<&str>, form: &Text) {
        if let Some(text) = text {
            self.text(pointer, text, form);
        }
    }

    /// The field of a PATCH that may not be emptied; `set` gets its new value.
    pub fn required<T>(&mut self, pointer: &str, patch: Patch<T>, set: impl FnOnce(&mut Self, T)) {
        match patch {
            Patch::Absent => {}
            Patch::Null => self.add(pointer, "required", "This may not be empty."),
            Patch::Value(value) => set(self, value),
        }
    }

    /// An amount of the client's currency that is not negative; zero stands in when it is faulty.
    pub fn amount(&mut self, pointer: &str, decimal: Decimal, currency: Currency) -> Money {
        let code = match Money::parse(decimal, currency) {
            Ok(money) if money.minor >= 0 => return money,
            Ok(_) => {
                self.add(pointer, "negative", "The amount may not be negative.");
                return Money::new(0, currency);
            }
            Err(MoneyError::TooPrecise { .. }) => "too_precise",
            Err(MoneyError::TooLarge) => "too_large",
        };
        let most = match code {
            "too_precise" => format!("{currency} has {} decimal places at most.", currency.digits()),
            _ => "At most 10^13 minor units.".to_owned(),
        };
        self.add(pointer, code, most);
        Money::new(0, currency)
    }

    /// A percentage from 0 to 100.
    pub fn rate(&mut self, pointer: &str, decimal: Decimal) -> Rate {
        Rate::parse(decimal).unwrap_or_else(|| {
            self.add(pointer, "invalid_rate", "A percentage from 0 to 100 with at most 4 decimal places.");
            Rate::default()
        })
    }

    pub fn quantity(&mut self, pointer: &str, quantity: i64, range: RangeInclusive<i64>) {
        if !range.contains(&quantity) {
            let text = format!("A whole number from {} to {}.", range.start(), range.end());
            self.add(pointer, "out_of_range", text);
        }
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        let detail = match invalid.0.as_slice() {
            [only] => format!("{}: {}", only.pointer, only.detail),
            all => format!("{} fields are not valid; see errors.", all.len()),
        };
        problems::INVALID_REQUEST.with(detail).with_errors(invalid.0)
    }
}
