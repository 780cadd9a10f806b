//! The built-in roles, compiled from casbin's policies (`policies/`) into permission sets.

use super::permission::{Permission, PermissionSet};
use casbin::{CoreApi, DefaultModel, Enforcer, StringAdapter};
use std::{collections::BTreeMap, sync::Arc};

const MODEL: &str = include_str!("../../policies/model.conf");
const BUILT_IN: &str = include_str!("../../policies/roles.csv");

#[derive(Debug, thiserror::Error)]
pub enum RolesError {
    #[error("the policies can not be read: {0}")]
    Policies(#[from] casbin::Error),
    #[error("the policies were not ready at once")]
    NotReady,
    #[error("the policies name a permission that does not exist: {0}")]
    UnknownPermission(String),
}

/// Each role with what it may do.
#[derive(Debug, Clone)]
pub struct Roles(Arc<BTreeMap<String, PermissionSet>>);

impl Roles {
    /// Asks casbin about every built-in role and permission, once.
    pub async fn built_in() -> Result<Self, RolesError> {
        check_permissions(BUILT_IN)?;
        let mut roles = BTreeMap::new();
        for role in role_names(BUILT_IN) {
            if !roles.contains_key(role) {
                roles.insert(role.to_owned(), compile(role, BUILT_IN).await?);
            }
        }
        Ok(Self(Arc::new(roles)))
    }

    /// What a built-in role may do; a role that does not exist may do nothing.
    pub fn permissions(&self, role: &str) -> PermissionSet {
        self.0.get(role).cloned().unwrap_or_default()
    }

    pub fn is_built_in(&self, role: &str) -> bool {
        self.0.contains_key(role)
    }

    /// What a client's own role may do, as casbin decides from the permissions that it was given.
    /// Blocks for some milliseconds; the caller remembers the answer.
    pub fn compile(&self, role: &str, given: &[String]) -> Result<PermissionSet, RolesError> {
        let policies: String = (given.iter())
            .filter_map(|text| Permission::from_text(text))
            .map(|permission| format!("p, {role}, {permission}\n"))
            .collect();
        // Nothing in it waits: model and policies are in memory.
        let asked = futures_util::FutureExt::now_or_never(compile(role, &policies));
        asked.unwrap_or(Err(RolesError::NotReady))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Asks casbin about one role and every permission.
async fn compile(role: &str, policies: &str) -> Result<PermissionSet, RolesError> {
    let model = DefaultModel::from_str(MODEL).await?;
    let enforcer = Enforcer::new(model, StringAdapter::new(policies)).await?;
    let mut held = Vec::new();
    for &permission in Permission::ALL {
        if enforcer.enforce((role, permission.as_str()))? {
            held.push(permission);
        }
    }
    Ok(held.into_iter().collect())
}

fn fields(csv: &str) -> impl Iterator<Item = Vec<&str>> {
    csv.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| line.split(',').map(str::trim).collect())
}

fn role_names(csv: &str) -> impl Iterator<Item = &str> {
    fields(csv).filter_map(|row| row.get(1).copied())
}

/// A misspelt permission would be granted to nobody in silence.
fn check_permissions(csv: &str) -> Result<(), RolesError> {
    for row in fields(csv) {
        if let ["p", _, permission] = row.as_slice()
            && *permission != "*"
            && !Permission::ALL.iter().any(|known| known.as_str() == *permission)
        {
            return Err(RolesError::UnknownPermission((*permission).to_owned()));
        }
    }
    Ok(())
}
