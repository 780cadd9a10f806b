//! Clients in the database.

use crate::{
    platform::{
        db::{AnyTx, DbError, PlatformTx, TakeFirstRows, part_like},
        http::PageRequest,
    },
    schema::tenants,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    Currency, TenantId,
    admin::{ClientLimits, Tenant},
};
use diesel::prelude::*;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = tenants)]
struct Row {
    id: Uuid,
    slug: String,
    name: String,
    currency: String,
    time_zone: String,
    status: String,
    suspended_reason: Option<String>,
    reads_per_second: Option<i32>,
    writes_per_second: Option<i32>,
    uploads_per_second: Option<i32>,
    reports_per_second: Option<i32>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for Tenant {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let currency = Currency::from_code(&row.currency)
            .ok_or_else(|| DbError::Corrupt { table: "tenants", what: format!("currency {}", row.currency) })?;
        Ok(Self {
            id: TenantId(row.id),
            slug: row.slug,
            name: row.name,
            currency,
            time_zone: row.time_zone,
            status: row.status,
            suspended_reason: row.suspended_reason,
            limits: ClientLimits {
                reads_per_second: stored_limit(row.reads_per_second),
                writes_per_second: stored_limit(row.writes_per_second),
                uploads_per_second: stored_limit(row.uploads_per_second),
                reports_per_second: stored_limit(row.reports_per_second),
            },
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// A CHECK keeps limits within the bounds of both types.
fn stored_limit(limit: Option<i32>) -> Option<u32> {
    limit.and_then(|limit| u32::try_from(limit).ok())
}

fn limit_to_store(limit: Option<u32>) -> Option<i32> {
    limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX))
}

/// Enters a client, active and with the defaults of a new one.
pub fn insert(tx: &mut impl AnyTx, tenant: &Tenant) -> Result<(), DbError> {
    diesel::insert_into(tenants::table)
        .values((
            tenants::id.eq(tenant.id.0),
            tenants::slug.eq(&tenant.slug),
            tenants::name.eq(&tenant.name),
            tenants::currency.eq(tenant.currency.code()),
            tenants::time_zone.eq(&tenant.time_zone),
            tenants::created_at.eq(tenant.created_at),
            tenants::updated_at.eq(tenant.updated_at),
        ))
        .execute(tx.any_conn())?;
    Ok(())
}

pub fn find(tx: &mut PlatformTx<'_>, slug: &str) -> Result<Option<Tenant>, DbError> {
    let row = tenants::table.filter(tenants::slug.eq(slug)).select(Row::as_select()).first(tx.conn()).optional()?;
    row.map(Tenant::try_from).transpose()
}

/// As [`find`], and nobody else changes it until the transaction ends.
pub fn lock(tx: &mut PlatformTx<'_>, slug: &str) -> Result<Option<Tenant>, DbError> {
    let row = tenants::table.filter(tenants::slug.eq(slug)).select(Row::as_select()).for_no_key_update();
    row.first(tx.conn()).optional()?.map(Tenant::try_from).transpose()
}

/// Writes what can change of a client that [`lock`] gave.
pub fn update(tx: &mut PlatformTx<'_>, tenant: &Tenant) -> Result<(), DbError> {
    diesel::update(tenants::table.find(tenant.id.0))
        .set((
            tenants::name.eq(&tenant.name),
            tenants::time_zone.eq(&tenant.time_zone),
            tenants::status.eq(&tenant.status),
            tenants::suspended_reason.eq(&tenant.suspended_reason),
            tenants::reads_per_second.eq(limit_to_store(tenant.limits.reads_per_second)),
            tenants::writes_per_second.eq(limit_to_store(tenant.limits.writes_per_second)),
            tenants::uploads_per_second.eq(limit_to_store(tenant.limits.uploads_per_second)),
            tenants::reports_per_second.eq(limit_to_store(tenant.limits.reports_per_second)),
            tenants::version.eq(tenant.version),
            tenants::updated_at.eq(tenant.updated_at),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Which clients are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// A part of the slug or the name.
    pub q: Option<String>,
    pub status: Option<&'static str>,
}

pub fn list(tx: &mut PlatformTx<'_>, filter: &Filter, asked: PageRequest) -> Result<Vec<Tenant>, DbError> {
    let mut query = tenants::table.select(Row::as_select()).into_boxed();
    if let Some(q) = &filter.q {
        let part = part_like(q);
        query = query.filter(tenants::name.ilike(part.clone()).or(tenants::slug.ilike(part)));
    }
    if let Some(status) = filter.status {
        query = query.filter(tenants::status.eq(status));
    }
    if let Some(after) = asked.after {
        query = query
            .filter(tenants::created_at.le(after.created_at))
            .filter(tenants::created_at.lt(after.created_at).or(tenants::id.lt(after.id)));
    }
    let rows =
        query.order((tenants::created_at.desc(), tenants::id.desc())).first_rows(asked.rows()).load(tx.conn())?;
    rows.into_iter().map(Tenant::try_from).collect()
}
