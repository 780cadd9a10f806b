//! The rules of roles.

use super::{error::RoleError, repo};
use crate::platform::{
    audit::{Action, Entry, record_in},
    authn::TenantCtx,
    authz::{Permission, PermissionSet, Roles},
    db::{DbError, TenantTx},
    http::Invalid,
};
use countinghouse_contract::users::{NewRole, Role, RoleChange};
use serde_json::json;

pub async fn list(ctx: &TenantCtx) -> Result<Vec<Role>, RoleError> {
    let roles = ctx.db().roles().clone();
    let built_in = roles.names().map(|name| wire(name, &roles.permissions(name), true)).collect::<Vec<_>>();
    let own = ctx.read(repo::list).await?;
    Ok(built_in.into_iter().chain(own).collect())
}

pub async fn create(ctx: &TenantCtx, input: NewRole) -> Result<Role, RoleError> {
    let mut invalid = Invalid::default();
    if !well_formed(&input.name) {
        let rule = "2 to 40 of a-z, 0-9, - and _, beginning with a letter.";
        invalid.add("/name", "invalid_name", rule);
    }
    let permissions = check_permissions(&mut invalid, &input.permissions);
    invalid.finish()?;
    if ctx.db().roles().is_built_in(&input.name) {
        return Err(RoleError::Taken);
    }
    ctx.transaction(move |tx| {
        refuse_more(tx, &permissions)?;
        let role = wire(&input.name, &permissions, false);
        repo::insert(tx, &role)?;
        record_in(tx, Entry::new(Action::RoleCreated, &role.name).after(audited(&role.permissions)))?;
        Ok(role)
    })
    .await
}

/// Both what the role could do and what it is to do have to be held by who changes it.
pub async fn replace(ctx: &TenantCtx, name: String, input: RoleChange) -> Result<Role, RoleError> {
    let mut invalid = Invalid::default();
    let permissions = check_permissions(&mut invalid, &input.permissions);
    invalid.finish()?;
    refuse_built_in(ctx, &name)?;
    ctx.transaction(move |tx| {
        let before = repo::lock(tx, &name)?.ok_or(RoleError::NotFound)?;
        refuse_more(tx, &set(&before))?;
        refuse_more(tx, &permissions)?;
        let role = wire(&name, &permissions, false);
        repo::update(tx, &role)?;
        let entry = Entry::new(Action::RoleChanged, &role.name).before(audited(&before));
        record_in(tx, entry.after(audited(&role.permissions)))?;
        Ok(role)
    })
    .await
}

pub async fn delete(ctx: &TenantCtx, name: String) -> Result<(), RoleError> {
    refuse_built_in(ctx, &name)?;
    ctx.transaction(move |tx| {
        let before = repo::lock(tx, &name)?.ok_or(RoleError::NotFound)?;
        refuse_more(tx, &set(&before))?;
        if repo::is_in_use(tx, &name)? {
            return Err(RoleError::InUse);
        }
        repo::delete(tx, &name)?;
        Ok(record_in(tx, Entry::new(Action::RoleDeleted, &name).before(audited(&before)))?)
    })
    .await
}

/// What a role may do, held as it is until the transaction ends, so that whoever gets it gets
/// what was looked at; `None` when there is no such role.
pub fn hold_in(tx: &mut TenantTx<'_>, roles: &Roles, name: &str) -> Result<Option<PermissionSet>, DbError> {
    if roles.is_built_in(name) {
        return Ok(Some(roles.permissions(name)));
    }
    if !well_formed(name) {
        return Ok(None);
    }
    Ok(repo::share(tx, name)?.map(|permissions| set(&permissions)))
}

/// What the audit log keeps of a role.
fn audited(permissions: &[String]) -> serde_json::Value {
    json!({"permissions": permissions})
}

fn refuse_built_in(ctx: &TenantCtx, name: &str) -> Result<(), RoleError> {
    if ctx.db().roles().is_built_in(name) {
        return Err(RoleError::BuiltIn);
    }
    if well_formed(name) { Ok(()) } else { Err(RoleError::NotFound) }
}

fn refuse_more(tx: &TenantTx<'_>, wanted: &PermissionSet) -> Result<(), RoleError> {
    let lacked = tx.actor().permissions.lacks(wanted);
    if lacked.is_empty() { Ok(()) } else { Err(RoleError::CannotGrant(lacked)) }
}

/// The permissions that somebody wrote, each of which there has to be.
pub fn check_permissions(invalid: &mut Invalid, permissions: &[String]) -> PermissionSet {
    if permissions.len() > Permission::ALL.len() {
        invalid.add("/permissions", "too_many", "More than there are permissions.");
    }
    for (at, text) in permissions.iter().enumerate().take(Permission::ALL.len()) {
        if Permission::from_text(text).is_none() {
            invalid.add(&format!("/permissions/{at}"), "unknown_permission", "There is no such permission.");
        }
    }
    set(permissions)
}

/// In the order of the list of permissions, each once.
fn set(permissions: &[String]) -> PermissionSet {
    Permission::ALL.iter().copied().filter(|known| permissions.iter().any(|text| text == known.as_str())).collect()
}

fn wire(name: &str, permissions: &PermissionSet, built_in: bool) -> Role {
    let permissions = permissions.iter().map(|permission| permission.to_string()).collect();
    Role { name: name.to_owned(), permissions, built_in }
}

fn well_formed(name: &str) -> bool {
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    (2..=40).contains(&name.len()) && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(rest)
}
