//! What superadmins do: clients of the service here, and what they look after over all clients in its rooms.

pub mod jobs;
pub mod live;
pub mod looks;
pub mod overview;
pub mod sessions;
pub mod syncs;

use crate::{Currency, Patch, SuperadminId, TenantId, UserId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The superadmin who logged in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LoginSuperadmin {
    pub id: SuperadminId,
    pub username: String,
}

/// `POST /admin/superadmins`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSuperadmin {
    pub username: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Superadmin {
    pub id: SuperadminId,
    pub username: String,
    pub disabled: bool,
    pub created_at: DateTime<Utc>,
}

/// The answer to [`NewSuperadmin`]: how they log in, shown this once.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct SuperadminMade {
    #[serde(flatten)]
    pub superadmin: Superadmin,
    pub password: String,
    /// In base32, for an authenticator app.
    pub totp_secret: String,
    pub otpauth_url: String,
}

/// `GET /admin/superadmins`, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuperadminQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// `POST /admin/tenants`: a client and its first owner, in one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTenant {
    pub client: NewClient,
    pub owner: NewOwner,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClient {
    /// 3 to 40 of `a-z`, `0-9`, `-`, `_`; what people log in with as `client_id`.
    pub slug: String,
    pub name: String,
    pub currency: Currency,
    /// An IANA name, by default `UTC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOwner {
    pub username: String,
    pub password: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// `PATCH /admin/tenants/{slug}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantPatch {
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub name: Patch<String>,
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub time_zone: Patch<String>,
    /// `null` gives the client the default of everything.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub limits: Patch<LimitsPatch>,
}

/// How much a client may ask for, 1 to 100,000 a second; `null` is the service's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientLimits {
    /// Plain reads.
    pub reads_per_second: Option<u32>,
    /// Whatever changes something.
    pub writes_per_second: Option<u32>,
    /// Files.
    pub uploads_per_second: Option<u32>,
    /// Reports and exports.
    pub reports_per_second: Option<u32>,
}

/// Changes what is named, and leaves the rest of [`ClientLimits`] as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsPatch {
    /// Plain reads.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub reads_per_second: Patch<u32>,
    /// Whatever changes something.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub writes_per_second: Patch<u32>,
    /// Files.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub uploads_per_second: Patch<u32>,
    /// Reports and exports.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub reports_per_second: Patch<u32>,
}

/// `POST /admin/tenants/{slug}/suspend`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    pub reason: String,
}

/// `GET /admin/tenants`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantQuery {
    /// A part of the slug or the name, whatever its case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub q: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TenantStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Whether a client's people and software are let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TenantStatus {
    Active,
    Suspended,
}

/// The answer to [`NewTenant`].
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TenantMade {
    pub client: Tenant,
    pub owner: Owner,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tenant {
    pub id: TenantId,
    pub slug: String,
    pub name: String,
    pub currency: Currency,
    pub time_zone: String,
    /// `active` or `suspended`.
    pub status: String,
    /// Why it is suspended; `null` while it is active.
    #[serde(default)]
    pub suspended_reason: Option<String>,
    #[serde(default)]
    pub limits: ClientLimits,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    pub id: UserId,
    pub username: String,
    pub role: String,
    pub email: Option<String>,
}

impl fmt::Debug for SuperadminMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuperadminMade").field("superadmin", &self.superadmin).finish_non_exhaustive()
    }
}

impl fmt::Debug for NewOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewOwner").field("username", &self.username).finish_non_exhaustive()
    }
}
