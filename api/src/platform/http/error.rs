//! The one translator from what went wrong to problem+json (RFC 9457).
//!
//! What a person or program can act on goes out; the chain behind an internal error is logged
//! once, by `telemetry`, and never sent.

use super::problems;
use crate::platform::{
    authz::Permission, crypto::SealError, db::DbError, ids::NoRandomness, passwords::PasswordError, vault::VaultError,
};
use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{CONTENT_TYPE, WWW_AUTHENTICATE},
    },
};
use countinghouse_contract::problem::{self, FieldError, Problem};
use serde_json::{Map, Value};
use std::fmt;

/// A kind of problem: its status, its stable code, its title, and what its page says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub status: u16,
    pub code: &'static str,
    pub title: &'static str,
    /// What it means and what to do, as `/problems/{code}` shows it.
    pub advice: &'static str,
}

impl Kind {
    pub const fn new(status: u16, code: &'static str, title: &'static str, advice: &'static str) -> Self {
        Self { status, code, title, advice }
    }

    /// A problem of this kind, with a sentence that says what to do.
    pub fn with(self, detail: impl Into<String>) -> ApiError {
        let parts = Parts {
            kind: self,
            detail: detail.into(),
            errors: Vec::new(),
            extra: Map::new(),
            headers: Vec::new(),
            source: None,
        };
        ApiError(Box::new(parts))
    }
}

/// An answer that is a problem. Boxed: the good case should not carry its size.
#[derive(Debug)]
pub struct ApiError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    kind: Kind,
    detail: String,
    errors: Vec<FieldError>,
    extra: Map<String, Value>,
    headers: Vec<(&'static str, String)>,
    source: Option<anyhow::Error>,
}

impl ApiError {
    pub fn internal(source: impl Into<anyhow::Error>) -> Self {
        let mut error = problems::INTERNAL.with("It has been logged. Try again, and name the request_id if it stays.");
        error.0.source = Some(source.into());
        error
    }

    /// Ids of others, ids that never were and malformed ids: all the same.
    pub fn not_found() -> Self {
        problems::NOT_FOUND.with("There is no such thing, or it is not yours.")
    }

    pub fn permission_denied(needed: Permission) -> Self {
        problems::PERMISSION_DENIED
            .with(format!("This needs the permission `{needed}`, which your role does not have."))
    }

    /// Somebody would give what they do not hold.
    pub fn cannot_grant(lacked: &[Permission]) -> Self {
        let names: Vec<_> = lacked.iter().map(|permission| permission.as_str()).collect();
        problems::CANNOT_GRANT.with(format!("You do not hold {}.", names.join(", ")))
    }

    /// A handler asked for a context that its route does not declare.
    pub fn undeclared(what: &'static str) -> Self {
        Self::internal(anyhow::anyhow!("no {what}: the route's declaration does not bring one"))
    }

    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// A member of this particular kind of problem.
    pub fn with_member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.extra.insert(name.to_owned(), value.into());
        self
    }

    pub fn with_source(mut self, source: impl Into<anyhow::Error>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    pub fn code(&self) -> &'static str {
        self.0.kind.code
    }

    /// For the log only.
    pub fn source(&self) -> Option<&anyhow::Error> {
        self.0.source.as_ref()
    }

    /// The answer, with the request's id in it.
    pub fn respond(&self, request_id: &str) -> HttpResponse {
        let kind = self.0.kind;
        let problem = Problem {
            kind: format!("/problems/{}", kind.code),
            title: kind.title.to_owned(),
            status: kind.status,
            detail: self.0.detail.clone(),
            code: kind.code.to_owned(),
            request_id: request_id.to_owned(),
            errors: self.0.errors.clone(),
            extra: self.0.extra.clone(),
        };
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CONTENT_TYPE, problem::CONTENT_TYPE));
        if kind.status == 401 {
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        for (name, value) in &self.0.headers {
            response.insert_header((*name, value.as_str()));
        }
        response.body(serde_json::to_vec(&problem).unwrap_or_default())
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind.code, self.0.detail)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.respond("")
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(_) | DbError::TimedOut(_) => problems::UNAVAILABLE
                .with("The service can not reach its data just now. Nothing was changed; try again shortly.")
                .with_header("Retry-After", "2")
                .with_source(error),
            DbError::OutcomeUnknown(_) => problems::OUTCOME_UNKNOWN
                .with("The database was lost while this was saved. Look whether it was done before you try again.")
                .with_source(error),
            DbError::KeyTaken => super::idempotency::in_progress(),
            DbError::SessionEnded => problems::SESSION_ENDED.with("Log in again."),
            DbError::ApiKeyUnknown => problems::UNAUTHENTICATED.with("This API key is not good here."),
            DbError::ApiKeyEnded => problems::API_KEY_ENDED.with("It was revoked, has expired, or its maker is gone."),
            DbError::ClientSuspended => problems::CLIENT_SUSPENDED.with("Ask the operator of this service."),
            // Only when it changed in the very moment: transactions read it when they begin.
            error if error.concerns_currency() => {
                problems::CURRENCY_CHANGED.with("Nothing was done; look at the amounts and try again.")
            }
            DbError::PermissionLost(needed) => Self::permission_denied(needed),
            other => Self::internal(other),
        }
    }
}

impl From<VaultError> for ApiError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Db(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

macro_rules! internal {
    ($($error:ty),*) => {$(
        impl From<$error> for ApiError {
            fn from(error: $error) -> Self {
                Self::internal(error)
            }
        }
    )*};
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => problems::RATE_LIMITED
                .with("Too many passwords are being checked just now; try again shortly.")
                .with_header("Retry-After", "2"),
            other => Self::internal(other),
        }
    }
}

internal!(NoRandomness, SealError, crate::platform::authn::TokenError);
