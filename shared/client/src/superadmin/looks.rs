//! Calls that look inside one client, and at the doors of all.

use crate::{ClientError, SuperadminSession};
use countinghouse_contract::{
    OrderId, Page, SessionId, WebhookDeliveryId, WebhookEndpointId,
    admin::looks::{
        FailingEndpointQuery, TenantOrderQuery, TenantProductQuery, TenantSession, TenantSessionEvent,
        TenantSessionEventQuery, TenantSessionQuery, TenantWebhookEndpoint,
    },
    orders::Order,
    products::Product,
    users::{User, UserQuery},
    webhooks::{WebhookDelivery, WebhookDeliveryLog, WebhookDeliveryQuery},
};
use serde_json::json;

impl SuperadminSession {
    /// One page of a client's users, newest first; its audit log says who looked, as for all that follow.
    ///
    /// # Errors
    /// The problems `not_found`, and `invalid_cursor` inside of `invalid_request`.
    pub async fn users_of(&self, slug: &str, query: &UserQuery) -> Result<Page<User>, ClientError> {
        self.call(self.client().list(&format!("/admin/tenants/{slug}/users"), query)?).await
    }

    /// One page of a client's products, newest first.
    ///
    /// # Errors
    /// The problems `not_found`, and `invalid_cursor` inside of `invalid_request`.
    pub async fn products_of(&self, slug: &str, query: &TenantProductQuery) -> Result<Page<Product>, ClientError> {
        self.call(self.client().list(&format!("/admin/tenants/{slug}/products"), query)?).await
    }

    /// One page of a client's orders, newest first, without who bought.
    ///
    /// # Errors
    /// The problems `not_found`, and `invalid_cursor` inside of `invalid_request`.
    pub async fn orders_of(&self, slug: &str, query: &TenantOrderQuery) -> Result<Page<Order>, ClientError> {
        self.call(self.client().list(&format!("/admin/tenants/{slug}/orders"), query)?).await
    }

    /// One order of a client, without who bought.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn order_of(&self, slug: &str, id: OrderId) -> Result<Order, ClientError> {
        self.call(self.client().get(&format!("/admin/tenants/{slug}/orders/{id}"))).await
    }

    /// One page of what was sent to an endpoint of a client, newest first.
    ///
    /// # Errors
    /// The problems `not_found`, and `invalid_cursor` inside of `invalid_request`.
    pub async fn webhook_deliveries_of(
        &self,
        slug: &str,
        endpoint: WebhookEndpointId,
        query: &WebhookDeliveryQuery,
    ) -> Result<Page<WebhookDelivery>, ClientError> {
        let path = format!("/admin/tenants/{slug}/webhooks/endpoints/{endpoint}/deliveries");
        self.call(self.client().list(&path, query)?).await
    }

    /// A delivery of a client with what became of each try.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn webhook_delivery_of(
        &self,
        slug: &str,
        id: WebhookDeliveryId,
    ) -> Result<WebhookDeliveryLog, ClientError> {
        self.call(self.client().get(&format!("/admin/tenants/{slug}/webhooks/deliveries/{id}"))).await
    }

    /// Sends a delivery of a client again.
    ///
    /// # Errors
    /// The problems `not_found` and `endpoint_disabled`.
    pub async fn replay_webhook_of(&self, slug: &str, id: WebhookDeliveryId) -> Result<WebhookDelivery, ClientError> {
        let path = format!("/admin/tenants/{slug}/webhooks/deliveries/{id}/replay");
        self.call(self.client().post(&path, &json!({}))).await
    }

    /// One page of endpoints that nothing reaches, newest first.
    ///
    /// # Errors
    /// The problem `not_found` where there is no such client, and `invalid_cursor` inside of `invalid_request`.
    pub async fn failing_endpoints(
        &self,
        query: &FailingEndpointQuery,
    ) -> Result<Page<TenantWebhookEndpoint>, ClientError> {
        self.call(self.client().list("/admin/webhooks/endpoints", query)?).await
    }

    /// One page of sessions of clients' users, newest first.
    ///
    /// # Errors
    /// The problem `not_found` where there is no such client, and `invalid_cursor` inside of `invalid_request`.
    pub async fn sessions(&self, query: &TenantSessionQuery) -> Result<Page<TenantSession>, ClientError> {
        self.call(self.client().list("/admin/sessions", query)?).await
    }

    /// Ends a session of a client's user.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn end_session(&self, id: SessionId) -> Result<(), ClientError> {
        self.open(self.client().delete(&format!("/admin/sessions/{id}"))).await.map(drop)
    }

    /// One page of who was turned away, or of one client's whole session log, newest first.
    ///
    /// # Errors
    /// The problem `not_found` where there is no such client, and `invalid_cursor` inside of `invalid_request`.
    pub async fn session_logs(&self, query: &TenantSessionEventQuery) -> Result<Page<TenantSessionEvent>, ClientError> {
        self.call(self.client().list("/admin/sessions/logs", query)?).await
    }
}
