//! What can go wrong with imports, before their files are read.

use crate::platform::{
    authz::Permission,
    db::DbError,
    http::{ApiError, Invalid, Kind},
    ids::NoRandomness,
};
use std::io;

pub const TOO_MANY_IMPORTS: Kind = Kind::new(
    409,
    "too_many_imports",
    "Too many files are waiting",
    "The files of this client that wait to be read are as much as the service keeps. Wait until some of them are \
     done: GET /imports shows how far they are.",
);

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such import")]
    NotFound,
    #[error("this needs the permission {0}")]
    Forbidden(Permission),
    #[error("too much is waiting")]
    TooMany,
    #[error("the file could not be read back")]
    Io(#[from] io::Error),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<Invalid> for ImportError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<ImportError> for ApiError {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Invalid(invalid) => invalid.into(),
            ImportError::NotFound => Self::not_found(),
            ImportError::Forbidden(permission) => Self::permission_denied(permission),
            ImportError::TooMany => TOO_MANY_IMPORTS.with("Nothing was taken in; wait for the others."),
            ImportError::Io(error) => Self::internal(error),
            ImportError::NoRandomness(error) => error.into(),
            ImportError::Db(error) => error.into(),
        }
    }
}
