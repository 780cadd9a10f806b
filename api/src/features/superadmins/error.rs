//! What can go wrong at the superadmins' door.

use crate::{
    features::identity::{INVALID_CREDENTIALS, INVALID_REFRESH_TOKEN},
    platform::{
        authn::TokenError,
        db::DbError,
        http::{ApiError, problems},
        ids::NoRandomness,
        limits::TooMany,
        passwords::PasswordError,
        second_factor::AuthenticatorError,
        vault::VaultError,
    },
};

#[derive(Debug, thiserror::Error)]
pub enum SuperadminError {
    /// Whatever of the three was wrong.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// Unknown, spent, or of a session that has ended.
    #[error("invalid refresh token")]
    InvalidRefreshToken,
    #[error("a superadmin of this name exists already")]
    NameTaken,
    #[error("there is no such session")]
    NoSession,
    /// Which rule the input breaks, in words for the command line too.
    #[error("{0}")]
    Refused(ApiError),
    #[error(transparent)]
    Authenticator(#[from] AuthenticatorError),
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<SuperadminError> for ApiError {
    fn from(error: SuperadminError) -> Self {
        match error {
            SuperadminError::InvalidCredentials => {
                INVALID_CREDENTIALS.with("Check the user name, the password and the code. Each code works once, and five wrong ones close the door for 15 minutes.")
            }
            SuperadminError::InvalidRefreshToken => {
                INVALID_REFRESH_TOKEN.with("This refresh token is not, or no longer, good.")
            }
            SuperadminError::NameTaken => problems::USERNAME_TAKEN.with("Names are compared whatever their case."),
            SuperadminError::NoSession => Self::not_found(),
            SuperadminError::Refused(error) => error,
            SuperadminError::TooMany(error) => error.into(),
            SuperadminError::Password(error) => error.into(),
            SuperadminError::Db(error) => error.into(),
            SuperadminError::Vault(error) => error.into(),
            other => Self::internal(other),
        }
    }
}
