//! A job that a worker took.

use chrono::{DateTime, Utc};
use countinghouse_contract::{JobId, TenantId};
use diesel::{QueryableByName, sql_types};
use serde_json::Value;
use uuid::Uuid;

/// A claimed job. Only the queue makes one, so that a job's transactions belong to a claim.
#[derive(Debug, Clone, QueryableByName)]
pub struct Claim {
    #[diesel(sql_type = sql_types::Uuid)]
    pub(super) tenant_id: Uuid,
    #[diesel(sql_type = sql_types::Uuid)]
    pub(super) id: Uuid,
    #[diesel(sql_type = sql_types::Text)]
    pub(super) kind: String,
    #[diesel(sql_type = sql_types::Integer)]
    pub(super) payload_version: i32,
    #[diesel(sql_type = sql_types::Jsonb)]
    pub(super) payload: Value,
    #[diesel(sql_type = sql_types::Integer)]
    pub(super) attempts: i32,
    #[diesel(sql_type = sql_types::BigInt)]
    pub(super) fence: i64,
    #[diesel(sql_type = sql_types::Timestamptz)]
    pub(super) created_at: DateTime<Utc>,
}

impl Claim {
    pub fn tenant(&self) -> TenantId {
        TenantId(self.tenant_id)
    }

    pub fn job(&self) -> JobId {
        JobId(self.id)
    }

    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Which attempt this is, from 1.
    pub fn attempt(&self) -> i32 {
        self.attempts
    }

    pub(in crate::platform) fn fence(&self) -> i64 {
        self.fence
    }
}
