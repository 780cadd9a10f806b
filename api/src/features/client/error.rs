//! What can go wrong with a client's profile.

use crate::platform::{
    db::DbError,
    http::{ApiError, Invalid, Kind},
};

pub const CURRENCY_IN_USE: Kind = Kind::new(
    409,
    "currency_in_use",
    "Amounts are kept in this currency",
    "There are products, orders or entries with amounts in the present currency, so it stays. A client \
     that sells in another currency is another client.",
);

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("amounts are kept in this currency")]
    CurrencyInUse,
    #[error("the caller has not seen this version")]
    VersionMismatch(ApiError),
    #[error(transparent)]
    Db(DbError),
}

impl From<Invalid> for ClientError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<DbError> for ClientError {
    fn from(error: DbError) -> Self {
        if error.concerns_currency() { Self::CurrencyInUse } else { Self::Db(error) }
    }
}

impl From<ClientError> for ApiError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Invalid(invalid) => invalid.into(),
            ClientError::CurrencyInUse => {
                CURRENCY_IN_USE.with("It can be changed as long as there is no product and nothing was sold.")
            }
            ClientError::VersionMismatch(error) => error,
            ClientError::Db(error) => error.into(),
        }
    }
}
