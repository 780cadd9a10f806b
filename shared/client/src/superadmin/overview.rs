//! Calls on how the service, and one client, is doing.

use crate::{ClientError, SuperadminSession};
use countinghouse_contract::admin::overview::{Overview, TenantUsage};

impl SuperadminSession {
    /// How the whole service is doing, as of a few seconds ago.
    ///
    /// # Errors
    /// None of its own.
    pub async fn overview(&self) -> Result<Overview, ClientError> {
        self.call(self.client().get("/admin/overview")).await
    }

    /// How much a client makes of the service.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn usage_of(&self, slug: &str) -> Result<TenantUsage, ClientError> {
        self.call(self.client().get(&format!("/admin/tenants/{slug}/usage"))).await
    }
}
