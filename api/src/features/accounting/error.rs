//! What can go wrong with the books.

use crate::platform::{
    db::DbError,
    http::{ApiError, Invalid, Kind},
    ids::NoRandomness,
};

const PERIOD_CLOSED: Kind = Kind::new(409, "period_closed", "The month is closed");

#[derive(Debug, thiserror::Error)]
pub enum AccountingError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("an entry is dated in a closed month")]
    PeriodClosed,
    #[error("a line of an entry would be more than 10^13 minor units")]
    TooLarge,
    /// A mistake of the feature that posts, never of its caller.
    #[error("an entry of {source_name} does not balance")]
    Unbalanced { source_name: &'static str },
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Db(DbError),
}

impl From<Invalid> for AccountingError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<DbError> for AccountingError {
    fn from(error: DbError) -> Self {
        if error.violates("period_closed") { Self::PeriodClosed } else { Self::Db(error) }
    }
}

impl From<AccountingError> for ApiError {
    fn from(error: AccountingError) -> Self {
        match error {
            AccountingError::Invalid(invalid) => invalid.into(),
            AccountingError::PeriodClosed => {
                PERIOD_CLOSED.with("It would be dated in a month that is closed. Nothing was posted.")
            }
            AccountingError::TooLarge => {
                let mut invalid = Invalid::default();
                invalid.add("", "too_large", "What is posted would be more than 10^13 minor units.");
                invalid.into()
            }
            AccountingError::Unbalanced { .. } => Self::internal(error),
            AccountingError::NoRandomness(error) => error.into(),
            AccountingError::Db(error) => error.into(),
        }
    }
}
