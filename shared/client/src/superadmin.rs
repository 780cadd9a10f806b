//! A superadmin who is logged in.
//!
//! There is no second log-in behind the caller's back here: it takes a new one-time code. After
//! 15 minutes the service answers 401, and the caller logs in again.

use crate::{Client, ClientError};
use countinghouse_contract::{
    Page,
    admin::{
        LoginSuperadmin, NewSuperadmin, NewTenant, Superadmin, SuperadminMade, SuperadminQuery, Tenant, TenantMade,
        TenantQuery,
    },
    audit::{AuditEntry, OperatorAuditQuery},
    auth::LoggedIn,
    dashboard::{Dashboard, ServiceDashboard},
};
use std::fmt;

/// What a superadmin may call.
pub struct SuperadminSession {
    client: Client,
    token: String,
    user: LoginSuperadmin,
}

impl SuperadminSession {
    pub(crate) fn new(client: Client, answer: LoggedIn<LoginSuperadmin>) -> Self {
        Self { client, token: answer.access_token, user: answer.user }
    }

    /// Who logged in.
    pub fn user(&self) -> &LoginSuperadmin {
        &self.user
    }

    /// Makes a client and its first owner, both or neither.
    ///
    /// # Errors
    /// The problem `slug_taken`.
    pub async fn create_tenant(&self, tenant: &NewTenant) -> Result<TenantMade, ClientError> {
        self.client.call(self.client.post("/admin/tenants", tenant).bearer_auth(&self.token)).await
    }

    /// Makes another superadmin; how they log in is in this answer and nowhere else.
    ///
    /// # Errors
    /// The problem `username_taken`.
    pub async fn create_superadmin(&self, superadmin: &NewSuperadmin) -> Result<SuperadminMade, ClientError> {
        self.client.call(self.client.post("/admin/superadmins", superadmin).bearer_auth(&self.token)).await
    }

    /// How all clients are doing.
    ///
    /// # Errors
    /// None of its own.
    pub async fn dashboard(&self) -> Result<ServiceDashboard, ClientError> {
        self.client.call(self.client.get("/admin/reports/dashboard").bearer_auth(&self.token)).await
    }

    /// How one client is doing; its audit log says who looked.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn dashboard_of(&self, slug: &str) -> Result<Dashboard, ClientError> {
        let path = format!("/admin/tenants/{slug}/reports/dashboard");
        self.client.call(self.client.get(&path).bearer_auth(&self.token)).await
    }

    /// One page of superadmins, newest first.
    ///
    /// # Errors
    /// The problem `invalid_cursor` inside of `invalid_request`.
    pub async fn superadmins(&self, query: &SuperadminQuery) -> Result<Page<Superadmin>, ClientError> {
        self.client.call(self.client.list("/admin/superadmins", query)?.bearer_auth(&self.token)).await
    }

    /// One page of clients, newest first.
    ///
    /// # Errors
    /// The problem `invalid_cursor` inside of `invalid_request`.
    pub async fn tenants(&self, query: &TenantQuery) -> Result<Page<Tenant>, ClientError> {
        self.client.call(self.client.list("/admin/tenants", query)?.bearer_auth(&self.token)).await
    }

    /// One page of the operator's own audit log, newest first.
    ///
    /// # Errors
    /// The problem `invalid_request`, with `unknown_action` and the like inside.
    pub async fn audit(&self, query: &OperatorAuditQuery) -> Result<Page<AuditEntry>, ClientError> {
        self.client.call(self.client.list("/admin/audit", query)?.bearer_auth(&self.token)).await
    }
}

impl fmt::Debug for SuperadminSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuperadminSession").field("user", &self.user).finish_non_exhaustive()
    }
}
