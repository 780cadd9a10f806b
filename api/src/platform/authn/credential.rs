//! What a request of a tenant comes with: a user's session, or a key of their software.

use super::named_secret::ApiKey;
use countinghouse_contract::{ApiKeyId, SessionId, SuperadminId, TenantId};
use uuid::Uuid;

/// A session or a key, with the tenant under which it is looked up. A key is known by its hash
/// too, so that what is remembered of it is found by nobody who has not its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    Session {
        tenant: TenantId,
        session: SessionId,
    },
    ApiKey {
        tenant: TenantId,
        key: ApiKeyId,
        sha256: [u8; 32],
    },
    /// No request: the service itself, doing one of the client's jobs.
    Worker {
        tenant: TenantId,
    },
    /// No request of the client's: a superadmin, who looks at it or lends it a hand.
    Superadmin {
        tenant: TenantId,
        superadmin: SuperadminId,
    },
}

impl Credential {
    pub fn of_key(key: &ApiKey) -> Self {
        Self::ApiKey { tenant: TenantId(key.tenant), key: ApiKeyId(key.id), sha256: key.hash() }
    }

    pub fn tenant(self) -> TenantId {
        match self {
            Self::Session { tenant, .. }
            | Self::ApiKey { tenant, .. }
            | Self::Worker { tenant }
            | Self::Superadmin { tenant, .. } => tenant,
        }
    }

    pub fn id(self) -> Uuid {
        match self {
            Self::Session { session, .. } => session.0,
            Self::ApiKey { key, .. } => key.0,
            Self::Worker { .. } => Uuid::nil(),
            Self::Superadmin { superadmin, .. } => superadmin.0,
        }
    }

    /// As the database calls it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Session { .. } => "session",
            Self::ApiKey { .. } => "api_key",
            Self::Worker { .. } => "worker",
            Self::Superadmin { .. } => "superadmin",
        }
    }
}
