//! Data keys in the database: the clients' under row-level security, the operator's in a table of
//! their own. The nil tenant stands for the operator, as in [`Place`](crate::platform::crypto::Place).

use crate::{
    platform::db::{AnyTx, DbError},
    schema::{data_keys, platform_data_keys},
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

/// A data key as it is kept.
#[derive(Queryable, Clone)]
pub struct WrappedKey {
    pub id: Uuid,
    pub master_key_id: String,
    pub wrapped: Vec<u8>,
}

pub fn find(tx: &mut impl AnyTx, tenant: Uuid, id: Uuid) -> Result<Option<WrappedKey>, DbError> {
    use platform_data_keys as operator;
    let found = if tenant.is_nil() {
        let key = operator::table.find(id).select((operator::id, operator::master_key_id, operator::wrapped));
        key.first(tx.any_conn()).optional()
    } else {
        let key = data_keys::table.find((tenant, id));
        key.select((data_keys::id, data_keys::master_key_id, data_keys::wrapped)).first(tx.any_conn()).optional()
    };
    Ok(found?)
}

pub fn newest(tx: &mut impl AnyTx, tenant: Uuid) -> Result<Option<WrappedKey>, DbError> {
    use platform_data_keys as operator;
    let found = if tenant.is_nil() {
        let newest = operator::table.order((operator::created_at.desc(), operator::id.desc()));
        let key = newest.select((operator::id, operator::master_key_id, operator::wrapped));
        key.first(tx.any_conn()).optional()
    } else {
        let own = data_keys::table.filter(data_keys::tenant_id.eq(tenant));
        let newest = own.order((data_keys::created_at.desc(), data_keys::id.desc()));
        let key = newest.select((data_keys::id, data_keys::master_key_id, data_keys::wrapped));
        key.first(tx.any_conn()).optional()
    };
    Ok(found?)
}

pub fn insert(tx: &mut impl AnyTx, tenant: Uuid, key: &WrappedKey, now: DateTime<Utc>) -> Result<(), DbError> {
    use platform_data_keys as operator;
    if tenant.is_nil() {
        diesel::insert_into(operator::table)
            .values((
                operator::id.eq(key.id),
                operator::master_key_id.eq(&key.master_key_id),
                operator::wrapped.eq(&key.wrapped),
                operator::created_at.eq(now),
            ))
            .execute(tx.any_conn())?;
    } else {
        diesel::insert_into(data_keys::table)
            .values((
                data_keys::tenant_id.eq(tenant),
                data_keys::id.eq(key.id),
                data_keys::master_key_id.eq(&key.master_key_id),
                data_keys::wrapped.eq(&key.wrapped),
                data_keys::created_at.eq(now),
            ))
            .execute(tx.any_conn())?;
    }
    Ok(())
}

/// Some data keys that another master key than this wraps, held until the transaction ends: with
/// the tenant that each belongs to, nil for the operator's.
pub fn lock_wrapped_by_others(
    tx: &mut impl AnyTx,
    master_key_id: &str,
    at_most: i64,
) -> Result<Vec<(Uuid, WrappedKey)>, DbError> {
    use platform_data_keys as operator;
    let operators: Vec<WrappedKey> = operator::table
        .filter(operator::master_key_id.ne(master_key_id))
        .select((operator::id, operator::master_key_id, operator::wrapped))
        .order(operator::id)
        .limit(at_most)
        .for_no_key_update()
        .load(tx.any_conn())?;
    let clients: Vec<(Uuid, WrappedKey)> = data_keys::table
        .filter(data_keys::master_key_id.ne(master_key_id))
        .select((data_keys::tenant_id, (data_keys::id, data_keys::master_key_id, data_keys::wrapped)))
        .order((data_keys::tenant_id, data_keys::id))
        .limit(at_most)
        .for_no_key_update()
        .load(tx.any_conn())?;
    Ok(operators.into_iter().map(|key| (Uuid::nil(), key)).chain(clients).collect())
}

/// Keeps a data key in its new wrapping.
pub fn update(tx: &mut impl AnyTx, tenant: Uuid, key: &WrappedKey) -> Result<(), DbError> {
    use platform_data_keys as operator;
    if tenant.is_nil() {
        diesel::update(operator::table.find(key.id))
            .set((operator::master_key_id.eq(&key.master_key_id), operator::wrapped.eq(&key.wrapped)))
            .execute(tx.any_conn())?;
    } else {
        diesel::update(data_keys::table.find((tenant, key.id)))
            .set((data_keys::master_key_id.eq(&key.master_key_id), data_keys::wrapped.eq(&key.wrapped)))
            .execute(tx.any_conn())?;
    }
    Ok(())
}
