//! What a client's software is told of by itself, without asking: see `webhooks`.
//!
//! An event says what happened to what, by ids and figures, and nothing about people: whoever wants to know
//! more asks for it, with a key of their own. What it says holds for the moment at which it happened.

use crate::{
    Currency, Decimal, ErpSyncId, FulfilmentId, OrderId, PaymentId, ProductId, ReturnId, WebhookEndpointId,
    erp::ErpOrder,
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that happened, as `{"type": …, "data": …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    #[serde(rename = "order.created")]
    OrderCreated(OrderTold),
    #[serde(rename = "order.invoiced")]
    OrderInvoiced(OrderTold),
    /// A payment came, of all that was due or of a part.
    #[serde(rename = "order.paid")]
    OrderPaid(OrderPaid),
    /// A parcel left, with all of it or a part.
    #[serde(rename = "order.fulfilled")]
    OrderFulfilled(OrderFulfilled),
    #[serde(rename = "order.edited")]
    OrderEdited(OrderTold),
    #[serde(rename = "order.cancelled")]
    OrderCancelled(OrderTold),
    #[serde(rename = "return.created")]
    ReturnCreated(ReturnCreated),
    #[serde(rename = "stock.low")]
    StockLow(StockLow),
    #[serde(rename = "product.created")]
    ProductCreated(ProductTold),
    #[serde(rename = "product.updated")]
    ProductUpdated(ProductTold),
    #[serde(rename = "product.archived")]
    ProductArchived(ProductTold),
    /// The ERP is about to be sent an order.
    #[serde(rename = "erp_sync.before_send")]
    ErpSyncBeforeSend(ErpSyncBeforeSend),
    /// It was sent, and answered or not.
    #[serde(rename = "erp_sync.after_send")]
    ErpSyncAfterSend(ErpSyncAfterSend),
    #[serde(rename = "erp_sync.success")]
    ErpSyncSuccess(ErpSyncSuccess),
    /// For good: somebody has to retry or discard it.
    #[serde(rename = "erp_sync.failed")]
    ErpSyncFailed(ErpSyncTold),
    /// The service no longer sends to an endpoint; its owner's others are told.
    #[serde(rename = "webhook_endpoint.disabled")]
    WebhookEndpointDisabled(WebhookEndpointDisabled),
    /// Asked for by hand, of one endpoint.
    #[serde(rename = "webhook.test")]
    WebhookTest(WebhookTest),
}

macro_rules! event_types {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// What an endpoint can ask to be told of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum EventType {
            $(#[serde(rename = $text)] $name),*
        }

        impl EventType {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The type that is written so.
            pub fn from_text(text: &str) -> Option<Self> {
                Self::ALL.iter().find(|known| known.as_str() == text).copied()
            }

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),*
                }
            }
        }
    };
}

event_types! {
    OrderCreated = "order.created",
    OrderInvoiced = "order.invoiced",
    OrderPaid = "order.paid",
    OrderFulfilled = "order.fulfilled",
    OrderEdited = "order.edited",
    OrderCancelled = "order.cancelled",
    ReturnCreated = "return.created",
    StockLow = "stock.low",
    ProductCreated = "product.created",
    ProductUpdated = "product.updated",
    ProductArchived = "product.archived",
    ErpSyncBeforeSend = "erp_sync.before_send",
    ErpSyncAfterSend = "erp_sync.after_send",
    ErpSyncSuccess = "erp_sync.success",
    ErpSyncFailed = "erp_sync.failed",
    WebhookEndpointDisabled = "webhook_endpoint.disabled",
}

/// An order, as it stood then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderTold {
    pub order_id: OrderId,
    pub order_number: String,
    pub currency: Currency,
    pub grand_total: Decimal,
    pub amount_due: Decimal,
}

/// A payment, and the order after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderPaid {
    #[serde(flatten)]
    pub order: OrderTold,
    pub payment_id: PaymentId,
    pub amount: Decimal,
}

/// A parcel, and its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderFulfilled {
    #[serde(flatten)]
    pub order: OrderTold,
    pub fulfilment_id: FulfilmentId,
    /// How many units left.
    pub units: i64,
}

/// A return, and its order after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnCreated {
    #[serde(flatten)]
    pub order: OrderTold,
    pub return_id: ReturnId,
    /// How many units came back.
    pub units: i64,
}

/// A product's stock came down to its threshold. The next one comes after it was above it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockLow {
    pub product_id: ProductId,
    pub sku: String,
    pub name: String,
    pub on_hand: i64,
    /// The product's own, or else the client's.
    pub low_stock_threshold: i64,
}

/// An entry of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductTold {
    pub product_id: ProductId,
    pub sku: String,
    pub version: i64,
}

/// One version of an order on its way to the ERP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpSyncTold {
    pub sync_id: ErpSyncId,
    pub order_id: OrderId,
    pub order_number: String,
    pub order_version: i64,
    /// Begun ones.
    pub attempts: i64,
}

/// What is about to be sent, but for whom it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpSyncBeforeSend {
    #[serde(flatten)]
    pub sync: ErpSyncTold,
    pub payload: Box<ErpOrder<Decimal>>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpSyncAfterSend {
    #[serde(flatten)]
    pub sync: ErpSyncTold,
    /// Of the answer; null where there was none.
    pub status: Option<i64>,
    /// It ended without an answer: the ERP may have the order.
    pub outcome_unknown: bool,
}

/// The ERP has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErpSyncSuccess {
    #[serde(flatten)]
    pub sync: ErpSyncTold,
    pub erp_reference: Option<String>,
}

/// Why an endpoint is told nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookEndpointDisabled {
    pub endpoint_id: WebhookEndpointId,
    pub reason: DisabledBy,
    /// Since when nothing has reached it.
    pub failing_since: Option<DateTime<Utc>>,
}

/// What made an endpoint fall silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisabledBy {
    /// Somebody who may.
    User,
    /// It answered 410.
    Gone,
    /// Nothing has reached it for five days.
    Failing,
}

/// A test of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebhookTest {
    pub endpoint_id: WebhookEndpointId,
}
