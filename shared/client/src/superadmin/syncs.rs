//! Calls on orders that do not reach clients' ERPs.

use crate::{ClientError, SuperadminSession};
use countinghouse_contract::{
    ErpSyncId, Page,
    admin::syncs::{ErpSyncsToRetry, RetryErpSyncs, TenantErpSync, TenantErpSyncLog, TenantErpSyncQuery},
    erp::DiscardErpSync,
};
use serde_json::json;

impl SuperadminSession {
    /// One page of what clients' ERPs were not told, newest first.
    ///
    /// # Errors
    /// The problem `not_found` where there is no such client, and `invalid_cursor` inside of `invalid_request`.
    pub async fn erp_syncs(&self, query: &TenantErpSyncQuery) -> Result<Page<TenantErpSync>, ClientError> {
        self.call(self.client().list("/admin/erp-syncs", query)?).await
    }

    /// One version of an order with its attempts; its client's audit log says who looked.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn erp_sync(&self, id: ErpSyncId) -> Result<TenantErpSyncLog, ClientError> {
        self.call(self.client().get(&format!("/admin/erp-syncs/{id}"))).await
    }

    /// Sends what failed for good once more.
    ///
    /// # Errors
    /// The problems `not_found` and `sync_not_failed`.
    pub async fn retry_erp_sync(&self, id: ErpSyncId) -> Result<TenantErpSync, ClientError> {
        self.call(self.client().post(&format!("/admin/erp-syncs/{id}/retry"), &json!({}))).await
    }

    /// Gives it up.
    ///
    /// # Errors
    /// The problems `not_found` and `sync_not_discardable`.
    pub async fn discard_erp_sync(&self, id: ErpSyncId, reason: &DiscardErpSync) -> Result<TenantErpSync, ClientError> {
        self.call(self.client().post(&format!("/admin/erp-syncs/{id}/discard"), reason)).await
    }

    /// Sends again all that failed, or some of it; or says only how many that would be.
    ///
    /// # Errors
    /// The problem `not_found` where there is no such client.
    pub async fn retry_erp_syncs(&self, which: &RetryErpSyncs) -> Result<ErpSyncsToRetry, ClientError> {
        self.call(self.client().post("/admin/erp-syncs/retry", which)).await
    }
}
