//! Keys of a client's software.

use crate::{ApiKeyId, UserId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// `POST /api-keys`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    pub name: String,
    pub permissions: Vec<String>,
    /// A key without it lasts until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    /// What it was given; it may do what its maker, too, may do now.
    pub permissions: Vec<String>,
    /// Its maker, in whose name it acts.
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// To the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The answer to [`NewApiKey`]: `key` is shown this once.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct ApiKeyMade {
    #[serde(flatten)]
    pub api_key: ApiKey,
    /// What to send in `X-Api-Key`.
    pub key: String,
}

/// `GET /api-keys`: those that were not revoked, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl fmt::Debug for ApiKeyMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyMade").field("api_key", &self.api_key).finish_non_exhaustive()
    }
}
