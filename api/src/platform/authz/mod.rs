//! What a role may do.
//!
//! casbin holds the model and the policies; its answers are compiled once into a set of
//! permissions per role, so that a request tests a bit and asks nobody.

mod permission;
mod roles;

pub use permission::{Permission, PermissionSet};
pub use roles::{Roles, RolesError};
