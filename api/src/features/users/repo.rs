//! A client's users in the database; deleted ones are as if they were not there.

use crate::{
    platform::{
        db::{DbError, TakeFirstRows, TenantTx},
        http::PageRequest,
    },
    schema::users,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{UserId, users::User};
use diesel::prelude::*;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct Row {
    id: Uuid,
    username: String,
    role: String,
    email: Option<String>,
    disabled: bool,
    must_change_password: bool,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for User {
    fn from(row: Row) -> Self {
        Self {
            id: UserId(row.id),
            username: row.username,
            role: row.role,
            email: row.email,
            disabled: row.disabled,
            must_change_password: row.must_change_password,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub fn list(tx: &mut TenantTx<'_>, role: Option<&str>, asked: PageRequest) -> Result<Vec<User>, DbError> {
    let tenant = tx.tenant_id();
    let mut query = users::table
        .filter(users::tenant_id.eq(tenant.0).and(users::deleted_at.is_null()))
        .select(Row::as_select())
        .into_boxed();
    if let Some(role) = role {
        query = query.filter(users::role.eq(role.to_owned()));
    }
    if let Some(after) = asked.after {
        query = query
            .filter(users::created_at.le(after.created_at))
            .filter(users::created_at.lt(after.created_at).or(users::id.lt(after.id)));
    }
    let rows = query.order((users::created_at.desc(), users::id.desc())).first_rows(asked.rows()).load(tx.conn())?;
    Ok(rows.into_iter().map(User::from).collect())
}

pub fn find(tx: &mut TenantTx<'_>, id: UserId) -> Result<Option<User>, DbError> {
    let tenant = tx.tenant_id();
    let user = users::table.find((tenant.0, id.0)).filter(users::deleted_at.is_null()).select(Row::as_select());
    Ok(user.first(tx.conn()).optional()?.map(User::from))
}

/// As [`find`], and nobody else changes the user until the transaction ends.
pub fn lock(tx: &mut TenantTx<'_>, id: UserId) -> Result<Option<User>, DbError> {
    let tenant = tx.tenant_id();
    let user = users::table.find((tenant.0, id.0)).filter(users::deleted_at.is_null()).select(Row::as_select());
    Ok(user.for_no_key_update().first(tx.conn()).optional()?.map(User::from))
}

/// Those of this role who can log in, in the order of their ids, held until the transaction ends.
pub fn lock_owners(tx: &mut TenantTx<'_>, role: &str) -> Result<Vec<UserId>, DbError> {
    let tenant = tx.tenant_id();
    let ids: Vec<Uuid> = users::table
        .filter(users::tenant_id.eq(tenant.0).and(users::role.eq(role)))
        .filter(users::disabled.eq(false).and(users::deleted_at.is_null()))
        .order(users::id)
        .select(users::id)
        .for_no_key_update()
        .load(tx.conn())?;
    Ok(ids.into_iter().map(UserId).collect())
}

pub fn insert(tx: &mut TenantTx<'_>, user: &User, password_hash: &str) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    diesel::insert_into(users::table)
        .values((
            users::tenant_id.eq(tenant.0),
            users::id.eq(user.id.0),
            users::username.eq(&user.username),
            users::email.eq(&user.email),
            users::role.eq(&user.role),
            users::password_hash.eq(password_hash),
            users::created_at.eq(user.created_at),
            users::updated_at.eq(user.updated_at),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// False, and nothing is written, when nothing differs.
pub fn update(tx: &mut TenantTx<'_>, before: &User, after: &User) -> Result<bool, DbError> {
    let same = (&before.role, &before.email, before.disabled) == (&after.role, &after.email, after.disabled);
    if same {
        return Ok(false);
    }
    let (tenant, now) = (tx.tenant_id(), tx.now());
    diesel::update(users::table.find((tenant.0, before.id.0)))
        .set((
            users::role.eq(&after.role),
            users::email.eq(&after.email),
            users::disabled.eq(after.disabled),
            users::version.eq(before.version + 1),
            users::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(true)
}

pub fn delete(tx: &mut TenantTx<'_>, id: UserId) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    diesel::update(users::table.find((tenant.0, id.0)))
        .set((
            users::disabled.eq(true),
            users::deleted_at.eq(now),
            users::email.eq(None::<String>),
            users::version.eq(users::version + 1),
            users::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

pub fn set_one_time_password(tx: &mut TenantTx<'_>, id: UserId, hash: &str) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    diesel::update(users::table.find((tenant.0, id.0)))
        .set((
            users::password_hash.eq(hash),
            users::must_change_password.eq(true),
            users::version.eq(users::version + 1),
            users::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}
