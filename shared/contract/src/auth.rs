//! Logging in and out, and who one is.

use crate::{SessionId, TenantId, UserId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// `POST /auth/login`. `client_id` is the client's slug.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    pub client_id: String,
    pub username: String,
    pub password: String,
}

/// `POST /admin/auth/login`: superadmins always need their second factor.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuperadminLogin {
    pub username: String,
    pub password: String,
    pub totp_code: String,
}

/// `POST /auth/refresh`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    pub refresh_token: String,
}

/// A new pair, in place of the refresh token that was used.
#[derive(Clone, Serialize, Deserialize)]
pub struct Refreshed {
    pub access_token: String,
    pub token_type: String,
    pub expires_in: u64,
    pub refresh_token: String,
}

/// `POST /auth/password`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    pub current_password: String,
    pub new_password: String,
}

/// A fresh access token. `expires_in` is in seconds.
#[derive(Clone, Serialize, Deserialize)]
pub struct LoggedIn<U> {
    pub access_token: String,
    pub token_type: String,
    pub expires_in: u64,
    /// Good for one refresh.
    pub refresh_token: String,
    pub user: U,
}

/// The user who logged in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoginUser {
    pub id: UserId,
    pub username: String,
    pub role: String,
}

/// `GET /auth/me`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Me {
    pub user: MeUser,
    pub role: String,
    pub permissions: Vec<String>,
    pub client: MeClient,
    pub session_id: SessionId,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MeUser {
    pub id: UserId,
    pub username: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MeClient {
    pub id: TenantId,
    pub slug: String,
    pub currency: String,
    pub time_zone: String,
}

// Secrets stay out of logs: these types print their names only.

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refresh").finish_non_exhaustive()
    }
}

impl fmt::Debug for Refreshed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refreshed").finish_non_exhaustive()
    }
}

impl fmt::Debug for PasswordChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordChange").finish_non_exhaustive()
    }
}

impl fmt::Debug for SuperadminLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuperadminLogin").finish_non_exhaustive()
    }
}

impl<U: fmt::Debug> fmt::Debug for LoggedIn<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoggedIn").field("user", &self.user).finish_non_exhaustive()
    }
}
