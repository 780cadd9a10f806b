//! What can go wrong with clients.

use crate::platform::{
    db::DbError,
    http::{ApiError, Invalid, Kind},
    ids::NoRandomness,
    passwords::PasswordError,
    vault::VaultError,
};

pub const SLUG_TAKEN: Kind = Kind::new(
    409,
    "slug_taken",
    "The slug is taken",
    "Another client has this slug, which people log in with. Choose another one.",
);

#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such client")]
    NotFound,
    #[error("the slug {0} is taken")]
    SlugTaken(String),
    #[error("the caller has not seen this version")]
    VersionMismatch(ApiError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<Invalid> for TenantError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<TenantError> for ApiError {
    fn from(error: TenantError) -> Self {
        match error {
            TenantError::Invalid(invalid) => invalid.into(),
            TenantError::NotFound => Self::not_found(),
            TenantError::SlugTaken(slug) => SLUG_TAKEN.with(format!("Another client has the slug `{slug}`.")),
            TenantError::VersionMismatch(error) => error,
            TenantError::Password(error) => error.into(),
            TenantError::NoRandomness(error) => error.into(),
            TenantError::Vault(error) => error.into(),
            TenantError::Db(error) => error.into(),
        }
    }
}
