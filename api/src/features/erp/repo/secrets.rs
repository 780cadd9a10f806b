//! What is signed with: the secret of now, and the one before it, with which callbacks may be signed for a time.

use crate::{
    platform::db::{AnyTx, DbError, TenantTx},
    schema::{erp_secrets, tenants},
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{ErpSecretId, TenantId};
use diesel::prelude::*;
use uuid::Uuid;

/// A secret's id and envelope.
pub type Sealed = (ErpSecretId, Vec<u8>);

/// The one that what is sent is signed with.
pub fn present(tx: &mut TenantTx<'_>) -> Result<Option<Sealed>, DbError> {
    let tenant = tx.tenant_id();
    let present = erp_secrets::tenant_id.eq(tenant.0).and(erp_secrets::expires_at.is_null());
    let row = erp_secrets::table.filter(present).select((erp_secrets::id, erp_secrets::secret));
    Ok(row.first::<(Uuid, Vec<u8>)>(tx.conn()).optional()?.map(|(id, secret)| (ErpSecretId(id), secret)))
}

/// A new one; the one of now is good for callbacks until then, and the one before it no more.
pub fn replace(
    tx: &mut TenantTx<'_>,
    id: ErpSecretId,
    envelope: &[u8],
    previous_until: DateTime<Utc>,
) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    let own = erp_secrets::table.filter(erp_secrets::tenant_id.eq(tenant.0));
    diesel::delete(own.filter(erp_secrets::expires_at.is_not_null())).execute(tx.conn())?;
    diesel::update(own).set(erp_secrets::expires_at.eq(previous_until)).execute(tx.conn())?;
    diesel::insert_into(erp_secrets::table)
        .values((
            erp_secrets::tenant_id.eq(tenant.0),
            erp_secrets::id.eq(id.0),
            erp_secrets::secret.eq(envelope),
            erp_secrets::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Those that callbacks of a client may be signed with, for who is to find out whether one is signed with any; none of
/// a client that is suspended, or is none.
pub fn in_force(tx: &mut impl AnyTx, tenant: TenantId, now: DateTime<Utc>) -> Result<Vec<Sealed>, DbError> {
    let good = erp_secrets::expires_at.is_null().or(erp_secrets::expires_at.gt(now));
    let rows: Vec<(Uuid, Vec<u8>)> = erp_secrets::table
        .inner_join(tenants::table.on(tenants::id.eq(erp_secrets::tenant_id)))
        .filter(erp_secrets::tenant_id.eq(tenant.0).and(tenants::status.eq("active")))
        .filter(good)
        .select((erp_secrets::id, erp_secrets::secret))
        .load(tx.any_conn())?;
    Ok(rows.into_iter().map(|(id, secret)| (ErpSecretId(id), secret)).collect())
}
