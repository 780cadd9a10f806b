//! What can go wrong with API keys.

use crate::platform::{
    authz::Permission,
    db::DbError,
    http::{ApiError, Invalid},
    ids::NoRandomness,
};

#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such key")]
    NotFound,
    #[error("the actor lacks {} permissions", .0.len())]
    CannotGrant(Vec<Permission>),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<Invalid> for ApiKeyError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<ApiKeyError> for ApiError {
    fn from(error: ApiKeyError) -> Self {
        match error {
            ApiKeyError::Invalid(invalid) => invalid.into(),
            ApiKeyError::NotFound => Self::not_found(),
            ApiKeyError::CannotGrant(lacked) => Self::cannot_grant(&lacked),
            ApiKeyError::NoRandomness(error) => error.into(),
            ApiKeyError::Db(error) => error.into(),
        }
    }
}
