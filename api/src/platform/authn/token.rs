//! Access tokens: short-lived JWTs (RFC 7519), HS256 under the keys of the configuration.
//!
//! A token says which session it belongs to and nothing about rights: role and state are read on
//! the server. One algorithm, keys by `kid`, and no header other than `alg`, `typ` and `kid` is
//! looked at.

use crate::{config::KeyRing, platform::ids::Ids};
use countinghouse_contract::{SessionId, SuperadminId, TenantId, UserId};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode, errors::ErrorKind,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

const ISSUER: &str = "countinghouse";
const AUDIENCE: &str = "countinghouse-api";

/// How long an access token lives.
pub const LIFETIME: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("the token is not valid: {}", reason(.0))]
    Invalid(jsonwebtoken::errors::Error),
    #[error("the token names no key of ours")]
    UnknownKey,
    #[error("the token is not yet or no longer valid")]
    OutOfTime,
    #[error("the token's parts do not fit together")]
    Incoherent,
}

impl From<jsonwebtoken::errors::Error> for TokenError {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        Self::Invalid(error)
    }
}

/// For the log: errors about JSON and base64 quote what the token holds.
fn reason(error: &jsonwebtoken::errors::Error) -> String {
    match error.kind() {
        ErrorKind::Json(_) | ErrorKind::Base64(_) | ErrorKind::Utf8(_) => "not of its form".to_owned(),
        kind => format!("{kind:?}"),
    }
}

/// Whom a token was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    User { tenant: TenantId, user: UserId, session: SessionId },
    Superadmin { superadmin: SuperadminId, session: SessionId },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    User,
    Superadmin,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    kind: Kind,
    sub: Uuid,
    sid: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tid: Option<Uuid>,
    iat: i64,
    exp: i64,
}

/// Makes and checks access tokens.
#[derive(Clone)]
pub struct Tokens {
    keys: Vec<(String, EncodingKey, DecodingKey)>,
    ids: Ids,
}

impl Tokens {
    pub fn new(ring: &KeyRing, ids: Ids) -> Self {
        let keys = ring.0.iter().map(|(kid, key)| {
            let key = key.expose();
            (kid.clone(), EncodingKey::from_secret(key), DecodingKey::from_secret(key))
        });
        Self { keys: keys.collect(), ids }
    }

    /// A token that lives for [`LIFETIME`].
    pub fn issue(&self, subject: Subject) -> Result<String, TokenError> {
        let (kid, key, _) = self.keys.first().ok_or(TokenError::UnknownKey)?;
        let now = self.ids.now().timestamp();
        let (kind, sub, sid, tid) = match subject {
            Subject::User { tenant, user, session } => (Kind::User, user.0, session.0, Some(tenant.0)),
            Subject::Superadmin { superadmin, session } => (Kind::Superadmin, superadmin.0, session.0, None),
        };
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            kind,
            sub,
            sid,
            tid,
            iat: now,
            exp: now + i64::try_from(LIFETIME.as_secs()).unwrap_or(0),
        };
        let header = Header { kid: Some(kid.clone()), ..Header::new(Algorithm::HS256) };
        Ok(encode(&header, &claims, key)?)
    }

    /// Whom this token was made for, if it was made here and is still in time.
    pub fn check(&self, token: &str) -> Result<Subject, TokenError> {
        let kid = decode_header(token)?.kid.ok_or(TokenError::UnknownKey)?;
        let (_, _, key) = self.keys.iter().find(|(known, ..)| *known == kid).ok_or(TokenError::UnknownKey)?;
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        // Time is compared below, with the service's own clock.
        rules.validate_exp = false;
        let claims = decode::<Claims>(token, key, &rules)?.claims;
        let now = self.ids.now().timestamp();
        if claims.exp <= now || claims.iat > now + 60 {
            return Err(TokenError::OutOfTime);
        }
        let session = SessionId(claims.sid);
        match (claims.kind, claims.tid) {
            (Kind::User, Some(tenant)) => {
                Ok(Subject::User { tenant: TenantId(tenant), user: UserId(claims.sub), session })
            }
            (Kind::Superadmin, None) => Ok(Subject::Superadmin { superadmin: SuperadminId(claims.sub), session }),
            _ => Err(TokenError::Incoherent),
        }
    }
}
