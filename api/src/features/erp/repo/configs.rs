//! How a client's ERP is reached.

use crate::{
    platform::db::{DbError, TenantTx},
    schema::erp_configs,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// What the client has set.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = erp_configs, treat_none_as_null = true)]
pub struct Settings {
    pub enabled: bool,
    pub immediate_sync: bool,
    pub debug: bool,
    pub cron_enabled: bool,
    pub cron_schedule: String,
    pub base_url: Option<String>,
    /// The envelope.
    pub api_key: Option<Vec<u8>>,
    pub timeout_seconds: i32,
    pub max_attempts: i32,
    pub base_delay_seconds: i32,
    pub version: i64,
}

impl Default for Settings {
    /// Before anybody has set anything.
    fn default() -> Self {
        Self {
            enabled: false,
            immediate_sync: true,
            debug: false,
            cron_enabled: true,
            cron_schedule: "0 * * * *".to_owned(),
            base_url: None,
            api_key: None,
            timeout_seconds: 30,
            max_attempts: 5,
            base_delay_seconds: 60,
            version: 0,
        }
    }
}

pub fn find(tx: &mut TenantTx<'_>) -> Result<Option<Settings>, DbError> {
    let tenant = tx.tenant_id();
    let own = erp_configs::table.find(tenant.0).select(Settings::as_select());
    Ok(own.first(tx.conn()).optional()?)
}

/// As [`find`], and nobody else changes them until the transaction ends. The first time they are stored as they
/// are by default.
pub fn lock_or_make(tx: &mut TenantTx<'_>) -> Result<Settings, DbError> {
    let (tenant, now, first) = (tx.tenant_id(), tx.now(), Settings::default());
    diesel::insert_into(erp_configs::table)
        .values((
            erp_configs::tenant_id.eq(tenant.0),
            erp_configs::enabled.eq(first.enabled),
            erp_configs::immediate_sync.eq(first.immediate_sync),
            erp_configs::debug.eq(first.debug),
            erp_configs::cron_enabled.eq(first.cron_enabled),
            erp_configs::cron_schedule.eq(first.cron_schedule),
            erp_configs::timeout_seconds.eq(first.timeout_seconds),
            erp_configs::max_attempts.eq(first.max_attempts),
            erp_configs::base_delay_seconds.eq(first.base_delay_seconds),
            erp_configs::version.eq(first.version),
            erp_configs::created_at.eq(now),
            erp_configs::updated_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(tx.conn())?;
    let own = erp_configs::table.find(tenant.0).select(Settings::as_select());
    Ok(own.for_no_key_update().first(tx.conn())?)
}

/// Writes them over those that [`lock_or_make`] gave. What the breaker had counted was of how they were before.
pub fn update(tx: &mut TenantTx<'_>, settings: &Settings) -> Result<(), DbError> {
    let (tenant, now) = (tx.tenant_id(), tx.now());
    diesel::update(erp_configs::table.find(tenant.0))
        .set((
            settings,
            erp_configs::failures.eq(0),
            erp_configs::failing_since.eq(None::<DateTime<Utc>>),
            erp_configs::open_until.eq(None::<DateTime<Utc>>),
            erp_configs::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}
