//! What can go wrong with users.

use crate::platform::{
    authz::Permission,
    db::DbError,
    http::{ApiError, Invalid, Kind, problems},
    ids::NoRandomness,
    passwords::PasswordError,
};

pub const LAST_OWNER: Kind = Kind::new(
    409,
    "last_owner",
    "There has to be an owner",
    "A client needs an owner who can log in, and this is the last one. Make somebody else an owner first.",
);

#[derive(Debug, thiserror::Error)]
pub enum UserError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such user")]
    NotFound,
    #[error("the user name is taken")]
    NameTaken,
    #[error("nobody else is an owner who can log in")]
    LastOwner,
    #[error("the actor lacks {} permissions of the role {role}", .lacked.len())]
    CannotGrant { role: String, lacked: Vec<Permission> },
    #[error("the caller has not seen this version")]
    VersionMismatch(ApiError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Db(DbError),
}

impl From<Invalid> for UserError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<DbError> for UserError {
    fn from(error: DbError) -> Self {
        if error.violates("users_username_key") { Self::NameTaken } else { Self::Db(error) }
    }
}

impl From<UserError> for ApiError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::Invalid(invalid) => invalid.into(),
            UserError::NotFound => Self::not_found(),
            UserError::NameTaken => problems::USERNAME_TAKEN.with("Names are compared whatever their case."),
            UserError::LastOwner => LAST_OWNER.with("Make somebody else an owner first."),
            UserError::CannotGrant { role, lacked } => {
                let names: Vec<_> = lacked.iter().map(|permission| permission.as_str()).collect();
                problems::CANNOT_GRANT.with(format!("The role `{role}` holds {}, which you do not.", names.join(", ")))
            }
            UserError::VersionMismatch(error) => error,
            UserError::Password(error) => error.into(),
            UserError::NoRandomness(error) => error.into(),
            UserError::Db(error) => error.into(),
        }
    }
}
