//! What can go wrong with a report.

use crate::platform::{
    db::DbError,
    http::{ApiError, Invalid},
    vault::VaultError,
};

#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such client")]
    NotFound,
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<Invalid> for ReportError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Invalid(invalid) => invalid.into(),
            ReportError::NotFound => Self::not_found(),
            ReportError::Vault(error) => error.into(),
            ReportError::Db(error) => error.into(),
        }
    }
}
