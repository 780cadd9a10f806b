//! A superadmin who is logged in.
//!
//! There is no second log-in behind the caller's back here: it takes a new one-time code. After
//! 15 minutes the service answers 401, and the caller has the session renewed, or logs in again.

mod events;
mod jobs;
mod looks;
mod overview;
mod syncs;

pub use events::{News, OperatorEvents};

use crate::{Client, ClientError};
use countinghouse_contract::{
    Page, SessionId,
    admin::{
        LoginSuperadmin, NewSuperadmin, NewTenant, Superadmin, SuperadminMade, SuperadminQuery, Suspension, Tenant,
        TenantMade, TenantPatch, TenantQuery,
        sessions::{OperatorSession, OperatorSessionQuery},
    },
    audit::{AuditChain, AuditEntry, OperatorAuditQuery},
    auth::{LoggedIn, Refresh, Refreshed},
    dashboard::{Dashboard, ServiceDashboard},
};
use reqwest::{RequestBuilder, Response, header::IF_MATCH};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::fmt;

/// What a superadmin may call.
pub struct SuperadminSession {
    client: Client,
    token: String,
    refresh_token: String,
    user: LoginSuperadmin,
}

impl SuperadminSession {
    pub(crate) fn new(client: Client, answer: LoggedIn<LoginSuperadmin>) -> Self {
        Self { client, token: answer.access_token, refresh_token: answer.refresh_token, user: answer.user }
    }

    /// What somebody was logged in with before, without asking the service whether it is good still.
    pub fn of_tokens(client: Client, user: LoginSuperadmin, access_token: String, refresh_token: String) -> Self {
        Self { client, token: access_token, refresh_token, user }
    }

    /// The access token, and what gets a new pair, once: both are secrets.
    pub fn tokens(&self) -> (&str, &str) {
        (&self.token, &self.refresh_token)
    }

    /// The session with a new pair of tokens, in place of this one.
    ///
    /// # Errors
    /// The problem `invalid_refresh_token`: the session is over, or was renewed before.
    pub async fn renewed(&self) -> Result<Self, ClientError> {
        let refresh = Refresh { refresh_token: self.refresh_token.clone() };
        let fresh: Refreshed = self.client.call(self.client.post("/admin/auth/refresh", &refresh)).await?;
        let (client, user) = (self.client.clone(), self.user.clone());
        Ok(Self { client, token: fresh.access_token, refresh_token: fresh.refresh_token, user })
    }

    /// Ends the session on the service.
    ///
    /// # Errors
    /// None of its own.
    pub async fn logout(self) -> Result<(), ClientError> {
        self.client.send(self.client.post_nothing("/admin/auth/logout").bearer_auth(&self.token)).await.map(drop)
    }

    /// Keeps a client from working, at once.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn suspend_tenant(&self, slug: &str, suspension: &Suspension) -> Result<Tenant, ClientError> {
        let path = format!("/admin/tenants/{slug}/suspend");
        self.call(self.client.post(&path, suspension)).await
    }

    /// Lets a suspended client work again.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn resume_tenant(&self, slug: &str) -> Result<Tenant, ClientError> {
        let path = format!("/admin/tenants/{slug}/resume");
        self.call(self.client.post(&path, &json!({}))).await
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) async fn call<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        self.client.call(request.bearer_auth(&self.token)).await
    }

    /// The answer as it begins; one that is a problem is read to its end.
    pub(crate) async fn open(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        self.client.open(request.bearer_auth(&self.token)).await
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
        self.call(self.client.post("/admin/tenants", tenant)).await
    }

    /// Changes a client, when it is still the version that was seen.
    ///
    /// # Errors
    /// The problems `not_found` and `version_mismatch`.
    pub async fn change_tenant(&self, slug: &str, version: i64, patch: &TenantPatch) -> Result<Tenant, ClientError> {
        let path = format!("/admin/tenants/{slug}");
        self.call(self.client.patch(&path, patch).header(IF_MATCH, format!("\"{version}\""))).await
    }

    /// Makes another superadmin; how they log in is in this answer and nowhere else.
    ///
    /// # Errors
    /// The problem `username_taken`.
    pub async fn create_superadmin(&self, superadmin: &NewSuperadmin) -> Result<SuperadminMade, ClientError> {
        self.call(self.client.post("/admin/superadmins", superadmin)).await
    }

    /// How all clients are doing.
    ///
    /// # Errors
    /// None of its own.
    pub async fn dashboard(&self) -> Result<ServiceDashboard, ClientError> {
        self.call(self.client.get("/admin/reports/dashboard")).await
    }

    /// How one client is doing; its audit log says who looked.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn dashboard_of(&self, slug: &str) -> Result<Dashboard, ClientError> {
        let path = format!("/admin/tenants/{slug}/reports/dashboard");
        self.call(self.client.get(&path)).await
    }

    /// One page of superadmins, newest first.
    ///
    /// # Errors
    /// The problem `invalid_cursor` inside of `invalid_request`.
    pub async fn superadmins(&self, query: &SuperadminQuery) -> Result<Page<Superadmin>, ClientError> {
        self.call(self.client.list("/admin/superadmins", query)?).await
    }

    /// One page of superadmins' open sessions, newest first.
    ///
    /// # Errors
    /// The problem `invalid_cursor` inside of `invalid_request`.
    pub async fn operator_sessions(&self, query: &OperatorSessionQuery) -> Result<Page<OperatorSession>, ClientError> {
        self.call(self.client.list("/admin/superadmins/sessions", query)?).await
    }

    /// Ends a superadmin's session, which may be this one.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn end_operator_session(&self, id: SessionId) -> Result<(), ClientError> {
        self.open(self.client.delete(&format!("/admin/superadmins/sessions/{id}"))).await.map(drop)
    }

    /// One page of clients, newest first.
    ///
    /// # Errors
    /// The problem `invalid_cursor` inside of `invalid_request`.
    pub async fn tenants(&self, query: &TenantQuery) -> Result<Page<Tenant>, ClientError> {
        self.call(self.client.list("/admin/tenants", query)?).await
    }

    /// One page of the operator's own audit log, newest first.
    ///
    /// # Errors
    /// The problem `invalid_request`, with `unknown_action` and the like inside.
    pub async fn audit(&self, query: &OperatorAuditQuery) -> Result<Page<AuditEntry>, ClientError> {
        self.call(self.client.list("/admin/audit", query)?).await
    }

    /// Whether the newest entries of that log are what was sealed.
    ///
    /// # Errors
    /// As any.
    pub async fn audit_chain(&self) -> Result<AuditChain, ClientError> {
        self.call(self.client.get("/admin/audit/chain")).await
    }
}

impl fmt::Debug for SuperadminSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuperadminSession").field("user", &self.user).finish_non_exhaustive()
    }
}
