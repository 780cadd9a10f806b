//! Ids: UUIDv7, one type per kind of thing, so that one is never taken for another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(inline)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )*};
}

id! {
    /// A client of the service: one company with its own data.
    TenantId,
    /// One of a client's people.
    UserId,
    /// One login of a user, until it is ended.
    SessionId,
    /// A key of a client's software.
    ApiKeyId,
    /// A line of the session log.
    SessionEventId,
    /// Who runs the whole service.
    SuperadminId,
    /// An entry of the audit log.
    AuditEntryId,
    ProductId,
    MovementId,
    OrderId,
    OrderLineId,
    JobId,
    /// Something that happened and others are told of.
    EventId,
    /// An entry of the journal.
    EntryId,
    CustomerId,
    /// An invoice, or a credit note.
    InvoiceId,
    /// A payment, or a refund.
    PaymentId,
    FulfilmentId,
    /// Goods that came back at one time.
    ReturnId,
    /// A file that was brought in.
    ImportId,
    /// A picture of a product.
    ImageId,
    /// Where a client's software is told of events.
    WebhookEndpointId,
    /// An event on its way to one endpoint.
    WebhookDeliveryId,
    WebhookSecretId,
    /// One version of an order on its way to the ERP.
    ErpSyncId,
    ErpSecretId,
    /// Something that the ERP told of an order.
    ErpCallbackId,
}
