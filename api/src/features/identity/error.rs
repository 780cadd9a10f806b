//! What can go wrong when people come in.

use crate::platform::{
    authn::TokenError,
    db::DbError,
    http::{ApiError, Kind, problems},
    ids::NoRandomness,
    passwords::PasswordError,
};

const INVALID_CREDENTIALS: Kind = Kind::new(401, "invalid_credentials", "The log-in is not right");

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The same for a wrong client, user name or password, and for a disabled user.
    #[error("invalid credentials")]
    InvalidCredentials,
    #[error("the client is suspended")]
    ClientSuspended,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<IdentityError> for ApiError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::InvalidCredentials => {
                INVALID_CREDENTIALS.with("Check the client id, the user name and the password.")
            }
            IdentityError::ClientSuspended => problems::CLIENT_SUSPENDED.with("Ask the operator of this service."),
            IdentityError::Password(error) => error.into(),
            IdentityError::Token(error) => error.into(),
            IdentityError::NoRandomness(error) => error.into(),
            IdentityError::Db(error) => error.into(),
        }
    }
}
