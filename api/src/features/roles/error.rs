//! What can go wrong with roles.

use crate::platform::{
    authz::{Permission, RolesError},
    db::DbError,
    http::{ApiError, Invalid, Kind},
};

pub const ROLE_TAKEN: Kind = Kind::new(
    409,
    "role_taken",
    "The role exists already",
    "A role of this name exists. Choose another name, or change the role that is there with PUT \
     /roles/{name}.",
);
pub const ROLE_IN_USE: Kind = Kind::new(
    409,
    "role_in_use",
    "Somebody has this role",
    "Users have this role, so it can not be deleted. Give them another role first.",
);
pub const ROLE_BUILT_IN: Kind = Kind::new(
    409,
    "role_built_in",
    "Built-in roles stay as they are",
    "Built-in roles are the same everywhere and stay as they are. Make a role of your own with the \
     permissions that you want.",
);

#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such role")]
    NotFound,
    #[error("the name is taken")]
    Taken,
    #[error("somebody has the role")]
    InUse,
    #[error("the role is built in")]
    BuiltIn,
    #[error("the actor lacks {} permissions", .0.len())]
    CannotGrant(Vec<Permission>),
    #[error(transparent)]
    Roles(#[from] RolesError),
    #[error(transparent)]
    Db(DbError),
}

impl From<Invalid> for RoleError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<DbError> for RoleError {
    fn from(error: DbError) -> Self {
        if error.violates("roles_pkey") { Self::Taken } else { Self::Db(error) }
    }
}

impl From<RoleError> for ApiError {
    fn from(error: RoleError) -> Self {
        match error {
            RoleError::Invalid(invalid) => invalid.into(),
            RoleError::NotFound => Self::not_found(),
            RoleError::Taken => ROLE_TAKEN.with("Choose another name, or change it with PUT /roles/{name}."),
            RoleError::InUse => ROLE_IN_USE.with("Give those who have it another role first."),
            RoleError::BuiltIn => ROLE_BUILT_IN.with("Make a role of your own instead."),
            RoleError::CannotGrant(lacked) => Self::cannot_grant(&lacked),
            RoleError::Roles(error) => Self::internal(error),
            RoleError::Db(error) => error.into(),
        }
    }
}
