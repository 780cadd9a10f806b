//! What can go wrong with the books.

use crate::{
    features::identity::SecondFactorError,
    platform::{
        db::DbError,
        http::{ApiError, Invalid, Kind},
        ids::NoRandomness,
    },
};

pub const PERIOD_CLOSED: Kind = Kind::new(
    409,
    "period_closed",
    "The month is closed",
    "The entry would be dated in a month that was closed, and nothing was posted. Date it in an open \
     month, or let somebody who may open the month again.",
);
pub const PERIOD_NOT_OVER: Kind = Kind::new(
    409,
    "period_not_over",
    "The month is not over",
    "Only months that lie behind us can be closed, for this one may still get entries. Wait until it is \
     over.",
);
pub const PERIOD_NOT_CLOSED: Kind = Kind::new(
    409,
    "period_not_closed",
    "The month is not closed",
    "The month was not closed, so there is nothing to open: entries can be dated in it.",
);
pub const NOT_MANUAL: Kind = Kind::new(
    409,
    "not_manual",
    "The entry was not made by hand",
    "The service posted this entry itself, for a sale, a payment or the like. It is corrected by undoing \
     what it was posted for, and not by hand.",
);
pub const ALREADY_REVERSED: Kind = Kind::new(
    409,
    "already_reversed",
    "The entry was reversed already",
    "Another entry takes this one back already; look for the one whose reverses names it.",
);
pub const ACCOUNT_TAKEN: Kind = Kind::new(
    409,
    "account_taken",
    "There is an account of this code",
    "The chart has an account of this code. Choose another code, or use the account that is there.",
);

#[derive(Debug, thiserror::Error)]
pub enum AccountingError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such entry, account or month")]
    NotFound,
    #[error("only entries by hand are reversed")]
    NotManual,
    #[error("the entry was reversed already")]
    AlreadyReversed,
    #[error("there is an account of this code")]
    AccountTaken,
    #[error("the month is not over")]
    PeriodNotOver,
    #[error("the month is not closed")]
    PeriodNotClosed,
    #[error(transparent)]
    SecondFactor(#[from] SecondFactorError),
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
        match error {
            closed if closed.violates("period_closed") => Self::PeriodClosed,
            twice if twice.violates("journal_entries_reverses_key") => Self::AlreadyReversed,
            other => Self::Db(other),
        }
    }
}

impl From<AccountingError> for ApiError {
    fn from(error: AccountingError) -> Self {
        match error {
            AccountingError::Invalid(invalid) => invalid.into(),
            AccountingError::NotFound => Self::not_found(),
            AccountingError::NotManual => {
                NOT_MANUAL.with("What the service posted is corrected by undoing what it posted.")
            }
            AccountingError::AlreadyReversed => ALREADY_REVERSED.with("An entry is taken back once."),
            AccountingError::AccountTaken => ACCOUNT_TAKEN.with("Codes of accounts are unique per client."),
            AccountingError::PeriodNotOver => PERIOD_NOT_OVER.with("Only months before the present one are closed."),
            AccountingError::PeriodNotClosed => PERIOD_NOT_CLOSED.with("It takes entries already."),
            AccountingError::SecondFactor(error) => error.into(),
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
