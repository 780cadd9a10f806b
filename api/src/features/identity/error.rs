//! What can go wrong at the door.

use crate::platform::{
    authn::TokenError,
    db::DbError,
    http::{ApiError, Invalid, Kind, problems},
    ids::NoRandomness,
    limits::TooMany,
    passwords::PasswordError,
};

const INVALID_CREDENTIALS: Kind = Kind::new(401, "invalid_credentials", "The log-in is not right");
const INVALID_REFRESH_TOKEN: Kind = Kind::new(401, "invalid_refresh_token", "Log in again");
const WRONG_PASSWORD: Kind = Kind::new(403, "wrong_password", "The present password is not right");

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    /// The same for a wrong client, user name or password, and for a disabled user.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// Unknown, spent, or of a session that has ended.
    #[error("invalid refresh token")]
    InvalidRefreshToken,
    #[error("the present password is wrong")]
    WrongPassword,
    #[error("there is no such session")]
    NotFound,
    #[error("the client is suspended")]
    ClientSuspended,
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<Invalid> for IdentityError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<IdentityError> for ApiError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Invalid(invalid) => invalid.into(),
            IdentityError::InvalidCredentials => {
                INVALID_CREDENTIALS.with("Check the client id, the user name and the password.")
            }
            IdentityError::InvalidRefreshToken => {
                INVALID_REFRESH_TOKEN.with("This refresh token is not, or no longer, good.")
            }
            IdentityError::WrongPassword => WRONG_PASSWORD.with("Nothing was changed."),
            IdentityError::NotFound => Self::not_found(),
            IdentityError::ClientSuspended => problems::CLIENT_SUSPENDED.with("Ask the operator of this service."),
            IdentityError::TooMany(error) => error.into(),
            IdentityError::Password(error) => error.into(),
            IdentityError::Token(error) => error.into(),
            IdentityError::NoRandomness(error) => error.into(),
            IdentityError::Db(error) => error.into(),
        }
    }
}
