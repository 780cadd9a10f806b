//! What can go wrong with customers.

use crate::platform::{
    db::DbError,
    http::{ApiError, Invalid},
    ids::NoRandomness,
};

#[derive(Debug, thiserror::Error)]
pub enum CustomerError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such customer")]
    NotFound,
    #[error("the caller has not seen this version")]
    VersionMismatch(ApiError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<Invalid> for CustomerError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<CustomerError> for ApiError {
    fn from(error: CustomerError) -> Self {
        match error {
            CustomerError::Invalid(invalid) => invalid.into(),
            CustomerError::NotFound => Self::not_found(),
            CustomerError::VersionMismatch(error) => error,
            CustomerError::NoRandomness(error) => error.into(),
            CustomerError::Db(error) => error.into(),
        }
    }
}
