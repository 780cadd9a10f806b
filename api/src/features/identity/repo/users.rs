//! Users, as the door needs them.

use crate::{
    features::identity::NewUser,
    platform::db::{AnyTx, DbError, EntryTx, TenantTx},
    schema::{tenants, users},
};
use countinghouse_contract::UserId;
use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Bool, Text},
};
use uuid::Uuid;

/// What logging in needs of a user.
#[derive(Queryable)]
pub struct LoginRow {
    pub id: Uuid,
    pub username: String,
    pub role: String,
    pub password_hash: String,
    pub disabled: bool,
    pub tenant_status: String,
}

pub fn find_login(tx: &mut EntryTx<'_>, username: &str) -> Result<Option<LoginRow>, DbError> {
    let same_name = sql::<Bool>("lower(username) = lower(").bind::<Text, _>(username).sql(")");
    Ok(users::table
        .inner_join(tenants::table.on(tenants::id.eq(users::tenant_id)))
        .filter(same_name.and(users::deleted_at.is_null()))
        .select((users::id, users::username, users::role, users::password_hash, users::disabled, tenants::status))
        .first(tx.conn())
        .optional()?)
}

/// Whether the user still has this password and may log in; held so until the transaction ends.
pub fn holds_password(tx: &mut EntryTx<'_>, user: UserId, hash: &str) -> Result<bool, DbError> {
    let found: Option<Uuid> = users::table
        .filter(users::id.eq(user.0).and(users::password_hash.eq(hash)).and(users::disabled.eq(false)))
        .select(users::id)
        .for_share()
        .first(tx.conn())
        .optional()?;
    Ok(found.is_some())
}

/// The commit of this transaction does not wait for the disk.
pub fn commit_soon(tx: &mut EntryTx<'_>) -> Result<(), DbError> {
    diesel::sql_query("SET LOCAL synchronous_commit = off").execute(tx.conn())?;
    Ok(())
}

pub fn insert_user(tx: &mut impl AnyTx, user: &NewUser) -> Result<(), DbError> {
    diesel::insert_into(users::table)
        .values((
            users::tenant_id.eq(user.tenant.0),
            users::id.eq(user.id.0),
            users::username.eq(&user.username),
            users::email.eq(&user.email),
            users::role.eq(user.role),
            users::password_hash.eq(&user.password_hash),
            users::created_at.eq(user.created_at),
            users::updated_at.eq(user.created_at),
        ))
        .execute(tx.any_conn())?;
    Ok(())
}

pub fn password_hash(tx: &mut TenantTx<'_>, user: UserId) -> Result<String, DbError> {
    let tenant = tx.tenant_id();
    Ok(users::table.find((tenant.0, user.0)).select(users::password_hash).first(tx.conn())?)
}

/// The same password under stronger parameters, unless it is another by now.
pub fn raise_hash(tx: &mut EntryTx<'_>, user: UserId, before: &str, after: &str) -> Result<(), DbError> {
    diesel::update(users::table.filter(users::id.eq(user.0).and(users::password_hash.eq(before))))
        .set(users::password_hash.eq(after))
        .execute(tx.conn())?;
    Ok(())
}

/// False when the hash is no longer the one that was checked.
pub fn replace_password(tx: &mut TenantTx<'_>, user: UserId, before: &str, after: &str) -> Result<bool, DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let changed = diesel::update(users::table.find((tenant.0, user.0)))
        .filter(users::password_hash.eq(before))
        .set((
            users::password_hash.eq(after),
            users::must_change_password.eq(false),
            users::version.eq(users::version + 1),
            users::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(changed == 1)
}
