//! What superadmins see of clients' people, goods and endpoints.

use crate::{
    orders::OrderStatus,
    sessions::{Session, SessionEvent, SessionEventKind},
    webhooks::WebhookEndpoint,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /admin/tenants/{slug}/products`, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantProductQuery {
    /// Words of the name, SKU, barcode or description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// `GET /admin/tenants/{slug}/orders`, newest first: without who bought, and where they live.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantOrderQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<OrderStatus>,
    /// Whether the ERP has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erp_synced: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// `GET /admin/sessions`: those of clients' users that have not ended, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantSessionQuery {
    /// The slug of one client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 40))]
    pub tenant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A session, and whose it is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TenantSession {
    /// The slug of the client.
    #[schemars(example = &"demo")]
    pub tenant: String,
    #[serde(flatten)]
    pub session: Session,
}

/// `GET /admin/sessions/logs`, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantSessionEventQuery {
    /// By default all in which somebody was turned away; the others are listed of one client only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<SessionEventKind>,
    /// The slug of one client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 40))]
    pub tenant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A line of a client's session log, and whose it is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TenantSessionEvent {
    /// The slug of the client.
    #[schemars(example = &"demo")]
    pub tenant: String,
    #[serde(flatten)]
    pub event: SessionEvent,
}

/// `GET /admin/webhooks/endpoints`: those that are not reached, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailingEndpointQuery {
    /// The slug of one client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 40))]
    pub tenant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// An endpoint, and whose it is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TenantWebhookEndpoint {
    /// The slug of the client.
    #[schemars(example = &"demo")]
    pub tenant: String,
    #[serde(flatten)]
    pub endpoint: WebhookEndpoint,
}
