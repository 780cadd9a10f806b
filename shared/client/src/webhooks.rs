//! Calls on webhooks: where events are sent, and what became of each.

use crate::{ClientError, Session};
use countinghouse_contract::{
    Page, WebhookDeliveryId, WebhookEndpointId,
    webhooks::{
        NewWebhookEndpoint, RotateWebhookSecret, WebhookDelivery, WebhookDeliveryLog, WebhookDeliveryQuery,
        WebhookEndpoint, WebhookEndpointMade, WebhookEndpointPatch, WebhookEndpointQuery, WebhookReplay,
        WebhookReplayBegun, WebhookSecretMade,
    },
};
use serde_json::json;

impl Session {
    /// Has events sent to a URL. The secret is in this answer and nowhere else.
    ///
    /// # Errors
    /// The problem `too_many_endpoints`; `invalid_url` and `address_not_allowed` inside of `invalid_request`.
    pub async fn create_webhook_endpoint(
        &self,
        endpoint: &NewWebhookEndpoint,
    ) -> Result<WebhookEndpointMade, ClientError> {
        self.call(self.client().post("/webhooks/endpoints", endpoint)).await
    }

    /// One page of endpoints, newest first.
    ///
    /// # Errors
    /// The problem `invalid_cursor` inside of `invalid_request`.
    pub async fn webhook_endpoints(&self, query: &WebhookEndpointQuery) -> Result<Page<WebhookEndpoint>, ClientError> {
        self.call(self.client().list("/webhooks/endpoints", query)?).await
    }

    /// One endpoint.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn webhook_endpoint(&self, id: WebhookEndpointId) -> Result<WebhookEndpoint, ClientError> {
        self.call(self.client().get(&format!("/webhooks/endpoints/{id}"))).await
    }

    /// Changes an endpoint; disables it, or enables it again.
    ///
    /// # Errors
    /// Those of [`Session::create_webhook_endpoint`], and `not_found`.
    pub async fn change_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        patch: &WebhookEndpointPatch,
    ) -> Result<WebhookEndpoint, ClientError> {
        self.call(self.client().patch(&format!("/webhooks/endpoints/{id}"), patch)).await
    }

    /// Nothing is sent there any more.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn delete_webhook_endpoint(&self, id: WebhookEndpointId) -> Result<(), ClientError> {
        self.send(self.client().delete(&format!("/webhooks/endpoints/{id}"))).await.map(drop)
    }

    /// A new secret, which is in this answer and nowhere else.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn rotate_webhook_secret(
        &self,
        id: WebhookEndpointId,
        rotation: &RotateWebhookSecret,
    ) -> Result<WebhookSecretMade, ClientError> {
        self.call(self.client().post(&format!("/webhooks/endpoints/{id}/rotate-secret"), rotation)).await
    }

    /// Sends a `webhook.test`, once.
    ///
    /// # Errors
    /// The problems `not_found` and `endpoint_disabled`.
    pub async fn test_webhook_endpoint(&self, id: WebhookEndpointId) -> Result<WebhookDelivery, ClientError> {
        self.call(self.client().post(&format!("/webhooks/endpoints/{id}/test"), &json!({}))).await
    }

    /// Sends again what happened in a time.
    ///
    /// # Errors
    /// The problems `not_found` and `endpoint_disabled`.
    pub async fn replay_webhooks(
        &self,
        id: WebhookEndpointId,
        replay: &WebhookReplay,
    ) -> Result<WebhookReplayBegun, ClientError> {
        self.call(self.client().post(&format!("/webhooks/endpoints/{id}/replay"), replay)).await
    }

    /// One page of what was sent to an endpoint, or will be, newest first.
    ///
    /// # Errors
    /// The problems `not_found`, and `invalid_cursor` inside of `invalid_request`.
    pub async fn webhook_deliveries(
        &self,
        id: WebhookEndpointId,
        query: &WebhookDeliveryQuery,
    ) -> Result<Page<WebhookDelivery>, ClientError> {
        self.call(self.client().list(&format!("/webhooks/endpoints/{id}/deliveries"), query)?).await
    }

    /// A delivery with what became of each try.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn webhook_delivery(&self, id: WebhookDeliveryId) -> Result<WebhookDeliveryLog, ClientError> {
        self.call(self.client().get(&format!("/webhooks/deliveries/{id}"))).await
    }

    /// Sends a delivery again, under the same `webhook-id`.
    ///
    /// # Errors
    /// The problems `not_found` and `endpoint_disabled`.
    pub async fn replay_webhook(&self, id: WebhookDeliveryId) -> Result<WebhookDelivery, ClientError> {
        self.call(self.client().post(&format!("/webhooks/deliveries/{id}/replay"), &json!({}))).await
    }
}
