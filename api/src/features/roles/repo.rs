//! A client's own roles in the database.

use crate::{
    platform::db::{DbError, TenantTx},
    schema::{roles, users},
};
use countinghouse_contract::users::Role;
use diesel::{dsl::exists, prelude::*, select};

pub fn list(tx: &mut TenantTx<'_>) -> Result<Vec<Role>, DbError> {
    let tenant = tx.tenant_id();
    let rows: Vec<(String, Vec<String>)> = roles::table
        .filter(roles::tenant_id.eq(tenant.0))
        .order(roles::name)
        .select((roles::name, roles::permissions))
        .load(tx.conn())?;
    Ok(rows.into_iter().map(|(name, permissions)| Role { name, permissions, built_in: false }).collect())
}

/// Its permissions; nobody changes it, deletes it or gets it until the transaction ends.
pub fn lock(tx: &mut TenantTx<'_>, name: &str) -> Result<Option<Vec<String>>, DbError> {
    let tenant = tx.tenant_id();
    let role = roles::table.find((tenant.0, name)).select(roles::permissions).for_update();
    Ok(role.first(tx.conn()).optional()?)
}

/// Its permissions; nobody changes or deletes it until the transaction ends.
pub fn share(tx: &mut TenantTx<'_>, name: &str) -> Result<Option<Vec<String>>, DbError> {
    let tenant = tx.tenant_id();
    let role = roles::table.find((tenant.0, name)).select(roles::permissions).for_share();
    Ok(role.first(tx.conn()).optional()?)
}

pub fn insert(tx: &mut TenantTx<'_>, role: &Role) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    diesel::insert_into(roles::table)
        .values((
            roles::tenant_id.eq(tenant.0),
            roles::name.eq(&role.name),
            roles::permissions.eq(&role.permissions),
            roles::created_at.eq(now),
            roles::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

pub fn update(tx: &mut TenantTx<'_>, role: &Role) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    diesel::update(roles::table.find((tenant.0, &role.name)))
        .set((
            roles::permissions.eq(&role.permissions),
            roles::version.eq(roles::version + 1),
            roles::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

pub fn is_in_use(tx: &mut TenantTx<'_>, name: &str) -> Result<bool, DbError> {
    let tenant = tx.tenant_id();
    let holders = users::table
        .filter(users::tenant_id.eq(tenant.0).and(users::role.eq(name)))
        .filter(users::deleted_at.is_null());
    Ok(select(exists(holders)).get_result(tx.conn())?)
}

pub fn delete(tx: &mut TenantTx<'_>, name: &str) -> Result<(), DbError> {
    let tenant = tx.tenant_id();
    diesel::delete(roles::table.find((tenant.0, name))).execute(tx.conn())?;
    Ok(())
}
