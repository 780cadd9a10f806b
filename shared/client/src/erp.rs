//! Calls on the link to the client's ERP: where it is, and what became of each order that it is told of.

use crate::{ClientError, Session};
use countinghouse_contract::{
    ErpSyncId, Page,
    erp::{
        DiscardErpSync, ErpConfig, ErpConfigTest, ErpConfigTested, ErpRun, ErpStatus, ErpSync, ErpSyncLog,
        ErpSyncQuery, NewErpConfig, OrderSync, SyncOrder,
    },
};
use serde_json::json;

impl Session {
    /// Where the ERP is, with `"***"` in place of secrets.
    ///
    /// # Errors
    /// None of its own.
    pub async fn erp_config(&self) -> Result<ErpConfig, ClientError> {
        self.call(self.client().get("/erp/config")).await
    }

    /// Sets it; a secret that is left out, or `"***"`, stays as it is.
    ///
    /// # Errors
    /// The problem `invalid_request`, with `invalid_url` and the like inside.
    pub async fn set_erp_config(&self, config: &NewErpConfig) -> Result<ErpConfig, ClientError> {
        self.call(self.client().put("/erp/config", config)).await
    }

    /// Calls the ERP and says what is wrong; nothing is changed.
    ///
    /// # Errors
    /// The problem `invalid_request`. What is wrong with the ERP is an answer.
    pub async fn test_erp_config(&self, test: &ErpConfigTest) -> Result<ErpConfigTested, ClientError> {
        self.call(self.client().post("/erp/config/test", test)).await
    }

    /// Whether anything is sent just now, and what waits.
    ///
    /// # Errors
    /// None of its own.
    pub async fn erp_status(&self) -> Result<ErpStatus, ClientError> {
        self.call(self.client().get("/erp/status")).await
    }

    /// One page of what the ERP is told, newest first.
    ///
    /// # Errors
    /// The problem `invalid_cursor` inside of `invalid_request`.
    pub async fn erp_syncs(&self, query: &ErpSyncQuery) -> Result<Page<ErpSync>, ClientError> {
        self.call(self.client().list("/erp/syncs", query)?).await
    }

    /// One version of an order, with each call that was made for it.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn erp_sync(&self, id: ErpSyncId) -> Result<ErpSyncLog, ClientError> {
        self.call(self.client().get(&format!("/erp/syncs/{id}"))).await
    }

    /// How the last version of an order stands.
    ///
    /// # Errors
    /// The problem `not_found`: the ERP was never to be told of it.
    pub async fn erp_sync_of(&self, order_number: &str) -> Result<ErpSync, ClientError> {
        let number = percent_encoding::utf8_percent_encode(order_number, percent_encoding::NON_ALPHANUMERIC);
        self.call(self.client().get(&format!("/erp/sync-status/{number}"))).await
    }

    /// Sends what failed for good once more.
    ///
    /// # Errors
    /// The problems `not_found` and `sync_not_failed`.
    pub async fn retry_erp_sync(&self, id: ErpSyncId) -> Result<ErpSync, ClientError> {
        self.call(self.client().post(&format!("/erp/syncs/{id}/retry"), &json!({}))).await
    }

    /// Gives up what failed, or waits.
    ///
    /// # Errors
    /// The problems `not_found` and `sync_not_discardable`.
    pub async fn discard_erp_sync(&self, id: ErpSyncId, discard: &DiscardErpSync) -> Result<ErpSync, ClientError> {
        self.call(self.client().post(&format!("/erp/syncs/{id}/discard"), discard)).await
    }

    /// Sends the ERP what it lacks of an order, and waits for that, as long as an answer may take.
    ///
    /// # Errors
    /// The problems `not_found`, `erp_not_linked` and `not_invoiced`.
    pub async fn sync_order(&self, order: &SyncOrder) -> Result<OrderSync, ClientError> {
        self.call(self.client().post("/erp/sync-order", order)).await
    }

    /// Sends the ERP an order once more, as it stands.
    ///
    /// # Errors
    /// Those of [`Session::sync_order`].
    pub async fn resync_order(&self, order: &SyncOrder) -> Result<OrderSync, ClientError> {
        self.call(self.client().post("/erp/resync-order", order)).await
    }

    /// Sends now what waits for the cron, a hundred orders at most.
    ///
    /// # Errors
    /// The problem `erp_not_linked`.
    pub async fn run_erp(&self) -> Result<ErpRun, ClientError> {
        self.call(self.client().post("/erp/run", &json!({}))).await
    }
}
