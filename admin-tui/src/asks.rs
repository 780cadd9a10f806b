//! What the console asks of the service, and what comes back: the screens know nothing of connections, and whoever
//! asks knows nothing of screens.

use crate::panel::Failure;
use countinghouse_contract::{
    ErpSyncId, JobId, OrderId, SessionId, WebhookDeliveryId, WebhookEndpointId,
    admin::{
        NewTenant, Tenant, TenantPatch, TenantQuery,
        jobs::{DeadJob, DeadJobQuery, JobQueue},
        looks::{
            FailingEndpointQuery, TenantSession, TenantSessionEvent, TenantSessionEventQuery, TenantSessionQuery,
            TenantWebhookEndpoint,
        },
        overview::{Overview, TenantUsage},
        sessions::OperatorSession,
        syncs::{ErpSyncsToRetry, RetryErpSyncs, TenantErpSync, TenantErpSyncLog, TenantErpSyncQuery},
    },
    audit::{AuditChain, AuditEntry, OperatorAuditQuery},
    orders::Order,
    webhooks::{WebhookDelivery, WebhookDeliveryLog},
};

/// One thing to be had or done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A page of a list: the first, or what follows a cursor.
    Page { query: Query, cursor: Option<String> },
    /// One record with all that is known of it.
    Look(Look),
    /// How many would be sent again.
    Count(RetryErpSyncs),
    /// One after the other.
    Do(Vec<Deed>),
}

/// Which list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    Overview,
    Tenants(TenantQuery),
    Syncs(TenantErpSyncQuery),
    Queues,
    Jobs(DeadJobQuery),
    Endpoints(FailingEndpointQuery),
    Deliveries { tenant: String, endpoint: WebhookEndpointId },
    Sessions(TenantSessionQuery),
    OperatorSessions,
    LogIns(TenantSessionEventQuery),
    Audit(OperatorAuditQuery),
}

/// What is looked at by itself; the client's audit log says who did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    Sync(ErpSyncId),
    Order { tenant: String, id: OrderId },
    Usage { tenant: String },
    Delivery { tenant: String, id: WebhookDeliveryId },
}

/// Something that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    CreateTenant(Box<NewTenant>),
    ChangeTenant { slug: String, version: i64, patch: Box<TenantPatch> },
    SuspendTenant { slug: String, reason: String },
    ResumeTenant { slug: String },
    RetrySync { id: ErpSyncId, order: String },
    DiscardSync { id: ErpSyncId, order: String, reason: String },
    RetrySyncs(RetryErpSyncs),
    RetryJob { id: JobId },
    DiscardJob { id: JobId, reason: String },
    EndSession { id: SessionId, of: String },
    EndOperatorSession { id: SessionId, of: String },
    Replay { tenant: String, id: WebhookDeliveryId },
}

#[derive(Debug, Clone)]
pub enum Answer {
    Page { query: Query, cursor: Option<String>, page: Result<Page, Failure> },
    Look { look: Look, outcome: Result<Looked, Failure> },
    Counted { which: RetryErpSyncs, outcome: Result<ErpSyncsToRetry, Failure> },
    Done(Vec<(Deed, Result<Outcome, Failure>)>),
}

/// Records, and what follows them.
#[derive(Debug, Clone)]
pub struct Page {
    pub records: Records,
    pub next: Option<String>,
}

#[derive(Debug, Clone)]
pub enum Records {
    Overview(Box<Overview>),
    Tenants(Vec<Tenant>),
    Syncs(Vec<TenantErpSync>),
    Queues(Vec<JobQueue>),
    Jobs(Vec<DeadJob>),
    Endpoints(Vec<TenantWebhookEndpoint>),
    Deliveries(Vec<WebhookDelivery>),
    Sessions(Vec<TenantSession>),
    OperatorSessions(Vec<OperatorSession>),
    LogIns(Vec<TenantSessionEvent>),
    /// With the first page, how the log stands.
    Audit {
        entries: Vec<AuditEntry>,
        chain: Option<AuditChain>,
    },
}

#[derive(Debug, Clone)]
pub enum Looked {
    Sync(Box<TenantErpSyncLog>),
    Order { tenant: String, order: Box<Order> },
    Usage(Box<TenantUsage>),
    Delivery(Box<WebhookDeliveryLog>),
}

/// What a deed has led to.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The record as it is now, or one that is new.
    Changed(Records),
    /// It is in its list no more.
    Gone(String),
    /// So many are on their way.
    Begun(ErpSyncsToRetry),
}

impl Ask {
    /// Whether it changes something.
    pub fn changes(&self) -> bool {
        matches!(self, Self::Do(_))
    }
}

impl Look {
    /// What it is about, as its row and the events call it.
    pub fn key(&self) -> String {
        match self {
            Self::Sync(id) => id.to_string(),
            Self::Order { id, .. } => id.to_string(),
            Self::Usage { tenant } => tenant.clone(),
            Self::Delivery { id, .. } => id.to_string(),
        }
    }
}

impl Deed {
    /// What has happened, once it has: what it happened to, and what.
    pub fn said(&self) -> (String, &'static str) {
        match self {
            Self::CreateTenant(made) => (made.client.slug.clone(), "is made"),
            Self::ChangeTenant { slug, .. } => (slug.clone(), "is changed"),
            Self::SuspendTenant { slug, .. } => (slug.clone(), "is suspended"),
            Self::ResumeTenant { slug } => (slug.clone(), "is resumed"),
            Self::RetrySync { order, .. } => (order.clone(), "is sent again"),
            Self::DiscardSync { order, .. } => (order.clone(), "is discarded"),
            Self::RetrySyncs(_) => ("What failed".to_owned(), "is sent again"),
            Self::RetryJob { .. } => ("The job".to_owned(), "waits again"),
            Self::DiscardJob { .. } => ("The job".to_owned(), "is discarded"),
            Self::EndSession { of, .. } | Self::EndOperatorSession { of, .. } => {
                (format!("The session of {of}"), "is ended")
            }
            Self::Replay { .. } => ("The delivery".to_owned(), "is sent again"),
        }
    }

    /// With this reason, where one is kept.
    pub fn because(self, why: &str) -> Self {
        let reason = why.to_owned();
        match self {
            Self::SuspendTenant { slug, .. } => Self::SuspendTenant { slug, reason },
            Self::DiscardSync { id, order, .. } => Self::DiscardSync { id, order, reason },
            Self::DiscardJob { id, .. } => Self::DiscardJob { id, reason },
            other => other,
        }
    }
}
