//! The rules of users.

use super::{error::UserError, repo};
use crate::{
    app::AppState,
    features::{
        identity::{self, Introduced},
        roles,
    },
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        authz::{PermissionSet, Roles},
        db::{DbError, TenantTx},
        http::{IfMatch, Invalid, PageRequest},
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use countinghouse_contract::{
    Patch, UserId,
    users::{NewUser, OneTimePassword, User, UserPatch},
};
use serde_json::json;

const OWNER: &str = "owner";

pub async fn list(ctx: &TenantCtx, role: Option<String>, asked: PageRequest) -> Result<Vec<User>, UserError> {
    let role = role.map(|text| if text.chars().any(char::is_control) { String::new() } else { text });
    Ok(ctx.read(move |tx| repo::list(tx, role.as_deref(), asked)).await?)
}

pub async fn get(ctx: &TenantCtx, id: UserId) -> Result<User, UserError> {
    ctx.read(move |tx| repo::find(tx, id)?.ok_or(UserError::NotFound)).await
}

/// Whether somebody is one of the client's people, disabled or not.
pub fn exists_in(tx: &mut TenantTx<'_>, id: UserId) -> Result<bool, DbError> {
    Ok(repo::find(tx, id)?.is_some())
}

pub async fn create(state: &AppState, ctx: &TenantCtx, input: NewUser) -> Result<User, UserError> {
    let mut invalid = Invalid::default();
    let introduced = Introduced { username: &input.username, password: &input.password, email: input.email.as_deref() };
    identity::check_new_user(&mut invalid, "", &introduced, &[&ctx.principal().slug]);
    invalid.finish()?;
    let known = ctx.db().roles().clone();
    let role = input.role.clone();
    // Before the hashing, which costs something; and again with the row.
    let check = known.clone();
    ctx.look(move |tx| grantable(tx, &check, &role).map(drop)).await?;
    let password_hash = state.passwords.hash(input.password).await?;
    ctx.transaction(move |tx| {
        grantable(tx, &known, &input.role)?;
        let now = tx.now();
        let user = User {
            id: tx.make_id()?,
            username: input.username,
            role: input.role,
            email: input.email,
            disabled: false,
            must_change_password: false,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        repo::insert(tx, &user, &password_hash)?;
        record_in(tx, Entry::new(Action::UserCreated, user.id).after(audited(&user)).hiding(&["email"]))?;
        Ok(user)
    })
    .await
}

pub async fn change(ctx: &TenantCtx, id: UserId, if_match: IfMatch, patch: UserPatch) -> Result<User, UserError> {
    let known = ctx.db().roles().clone();
    ctx.transaction(move |tx| {
        let owners = repo::lock_owners(tx, OWNER)?;
        let before = touchable(tx, &known, id, &if_match)?;
        let mut after = apply(&before, patch)?;
        if after.role != before.role {
            grantable(tx, &known, &after.role)?;
        }
        keep_an_owner(&owners, &before, after.role == OWNER && !after.disabled)?;
        if !repo::update(tx, &before, &after)? {
            return Ok(after);
        }
        after.version += 1;
        after.updated_at = tx.now();
        if after.disabled && !before.disabled {
            // Enabled again, they log in again. Their keys stop while they are disabled, and are ended one by one.
            identity::end_sessions_in(tx, id)?;
        }
        let entry = Entry::new(Action::UserChanged, id).changed(audited(&before), audited(&after));
        record_in(tx, entry.hiding(&["email"]))?;
        Ok(after)
    })
    .await
}

/// Their sessions end, their name is free again, and what they made still names them.
pub async fn delete(ctx: &TenantCtx, id: UserId, if_match: IfMatch) -> Result<(), UserError> {
    let known = ctx.db().roles().clone();
    ctx.transaction(move |tx| {
        let owners = repo::lock_owners(tx, OWNER)?;
        let before = touchable(tx, &known, id, &if_match)?;
        keep_an_owner(&owners, &before, false)?;
        repo::delete(tx, id)?;
        identity::end_sessions_in(tx, id)?;
        let entry = Entry::new(Action::UserDeleted, id).before(audited(&before));
        Ok(record_in(tx, entry.hiding(&["email"]))?)
    })
    .await
}

pub async fn reset_password(state: &AppState, ctx: &TenantCtx, id: UserId) -> Result<OneTimePassword, UserError> {
    let known = ctx.db().roles().clone();
    let check = known.clone();
    ctx.look(move |tx| touchable(tx, &check, id, &IfMatch::Any).map(drop)).await?;
    let password = URL_SAFE_NO_PAD.encode(state.ids.random_bytes::<15>()?);
    let hash = state.passwords.hash(password.clone()).await?;
    ctx.transaction(move |tx| {
        touchable(tx, &known, id, &IfMatch::Any)?;
        repo::set_one_time_password(tx, id, &hash)?;
        identity::end_sessions_in(tx, id)?;
        record_in(tx, Entry::new(Action::UserPasswordReset, id))?;
        Ok(OneTimePassword { password })
    })
    .await
}

/// What the audit log keeps of a user.
fn audited(user: &User) -> serde_json::Value {
    let User { username, role, email, disabled, .. } = user;
    json!({"username": username, "role": role, "email": email, "disabled": disabled})
}

/// What a role may do, when the actor may give it.
fn grantable(tx: &mut TenantTx<'_>, known: &Roles, role: &str) -> Result<PermissionSet, UserError> {
    let Some(wanted) = roles::hold_in(tx, known, role)? else {
        let mut invalid = Invalid::default();
        invalid.add("/role", "unknown_role", "There is no such role.");
        return Err(invalid.into());
    };
    let lacked = tx.actor().permissions.lacks(&wanted);
    if lacked.is_empty() { Ok(wanted) } else { Err(UserError::CannotGrant { role: role.to_owned(), lacked }) }
}

/// A user that the actor may change: one who can do no more than they can.
fn touchable(tx: &mut TenantTx<'_>, known: &Roles, id: UserId, if_match: &IfMatch) -> Result<User, UserError> {
    let user = repo::lock(tx, id)?.ok_or(UserError::NotFound)?;
    if_match.check(user.version).map_err(UserError::VersionMismatch)?;
    let held = roles::hold_in(tx, known, &user.role)?.unwrap_or_default();
    let lacked = tx.actor().permissions.lacks(&held);
    if lacked.is_empty() { Ok(user) } else { Err(UserError::CannotGrant { role: user.role, lacked }) }
}

/// Refuses a change after which no owner could log in. The owners' rows are locked, and before the
/// changed one: two changes at once neither count on each other nor wait for each other in a ring.
fn keep_an_owner(owners: &[UserId], before: &User, stays_owner: bool) -> Result<(), UserError> {
    let was_owner = before.role == OWNER && !before.disabled;
    let others = owners.iter().filter(|owner| **owner != before.id).count();
    if was_owner && !stays_owner && others == 0 { Err(UserError::LastOwner) } else { Ok(()) }
}

fn apply(before: &User, patch: UserPatch) -> Result<User, Invalid> {
    let mut invalid = Invalid::default();
    let mut after = before.clone();
    invalid.required("/role", patch.role, |_, role| after.role = role);
    invalid.required("/disabled", patch.disabled, |_, disabled| after.disabled = disabled);
    if let Patch::Value(email) = &patch.email {
        identity::check_email(&mut invalid, "/email", email);
    }
    patch.email.apply_to(&mut after.email);
    invalid.finish()?;
    Ok(after)
}
