//! Logging in and out, and who one is.

use crate::{
    ApiKeyId, SessionId, TenantId, UserId,
    admin::{NewClient, NewOwner, Owner, Tenant},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// `POST /auth/login`. `client_id` is the client's slug.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    pub client_id: String,
    pub username: String,
    pub password: String,
    /// Of the authenticator app, or a recovery code, for those who have a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp_code: Option<String>,
}

/// `POST /auth/register`: a client and its first owner.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    pub client: NewClient,
    pub user: NewOwner,
}

/// The answer to [`Registration`]; the owner then logs in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Registered {
    pub client: Tenant,
    pub user: Owner,
}

/// `POST /admin/auth/login`: superadmins always need their second factor.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuperadminLogin {
    pub username: String,
    pub password: String,
    #[schemars(example = "123456")]
    pub totp_code: String,
}

/// `POST /auth/refresh`.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    pub refresh_token: String,
}

/// A new pair, in place of the refresh token that was used.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Refreshed {
    pub access_token: String,
    pub token_type: String,
    pub expires_in: u64,
    pub refresh_token: String,
}

/// `POST /auth/password`.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    pub current_password: String,
    pub new_password: String,
}

/// `POST /auth/2fa/enroll`.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolSecondFactor {
    pub current_password: String,
}

/// What an authenticator app needs, shown this once.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Enrolment {
    /// In base32, to be typed where nothing can be scanned.
    pub secret: String,
    pub otpauth_url: String,
    /// The URL as a QR code.
    pub qr_png_base64: String,
}

/// `POST /auth/2fa/confirm`.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeOnly {
    /// Of the authenticator app.
    #[schemars(example = "123456")]
    pub code: String,
}

/// `POST /auth/2fa/recovery-codes` and `POST /auth/2fa/disable`.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordAndCode {
    pub current_password: String,
    /// Of the authenticator app, or a recovery code.
    #[schemars(example = "123456")]
    pub code: String,
}

/// Shown this once. Each stands in for one code of the app, once.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryCodes {
    pub recovery_codes: Vec<String>,
}

/// What a user has of a second factor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecondFactorState {
    pub enrolled: bool,
    pub recovery_codes_left: i64,
}

/// A fresh access token. `expires_in` is in seconds.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{U}LoggedIn")]
pub struct LoggedIn<U> {
    pub access_token: String,
    pub token_type: String,
    pub expires_in: u64,
    /// Good for one refresh.
    pub refresh_token: String,
    pub user: U,
}

/// The user who logged in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LoginUser {
    pub id: UserId,
    pub username: String,
    pub role: String,
}

/// `GET /auth/me`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Me {
    pub user: MeUser,
    pub role: String,
    pub permissions: Vec<String>,
    pub client: MeClient,
    pub second_factor: SecondFactorState,
    /// `null` for software that comes with an API key.
    pub session_id: Option<SessionId>,
    /// The key, and `null` for people.
    #[serde(default)]
    pub api_key_id: Option<ApiKeyId>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MeUser {
    pub id: UserId,
    pub username: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
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

macro_rules! nameless {
    ($($secret:ident),*) => {$(
        impl fmt::Debug for $secret {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($secret)).finish_non_exhaustive()
            }
        }
    )*};
}

nameless!(
    Refresh,
    Refreshed,
    PasswordChange,
    SuperadminLogin,
    EnrolSecondFactor,
    Enrolment,
    CodeOnly,
    PasswordAndCode,
    RecoveryCodes
);

impl<U: fmt::Debug> fmt::Debug for LoggedIn<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoggedIn").field("user", &self.user).finish_non_exhaustive()
    }
}
