//! What can go wrong with webhooks.

use crate::platform::{
    db::DbError,
    http::{ApiError, Invalid, Kind},
    ids::NoRandomness,
    vault::VaultError,
};

pub const TOO_MANY_ENDPOINTS: Kind = Kind::new(
    409,
    "too_many_endpoints",
    "There are as many endpoints as there may be",
    "A client has 20 webhook endpoints at most. Delete one that is no longer used; one endpoint can be told of \
     several types of events.",
);
pub const ENDPOINT_DISABLED: Kind = Kind::new(
    409,
    "endpoint_disabled",
    "The endpoint is disabled",
    "Nothing is sent to a disabled endpoint. Enable it with a PATCH that sets disabled to false, and look at \
     disabled_by first: it says why nothing was sent any more.",
);

#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such endpoint or delivery")]
    NotFound,
    #[error("the caller has not seen this version")]
    VersionMismatch(ApiError),
    #[error("there are too many endpoints")]
    TooManyEndpoints,
    #[error("the endpoint is disabled")]
    EndpointDisabled,
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<Invalid> for WebhookError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<WebhookError> for ApiError {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::Invalid(invalid) => invalid.into(),
            WebhookError::NotFound => Self::not_found(),
            WebhookError::VersionMismatch(error) => error,
            WebhookError::TooManyEndpoints => TOO_MANY_ENDPOINTS.with("Delete one that is no longer used."),
            WebhookError::EndpointDisabled => ENDPOINT_DISABLED.with("Enable it first."),
            WebhookError::NoRandomness(error) => error.into(),
            WebhookError::Vault(error) => error.into(),
            WebhookError::Db(error) => error.into(),
        }
    }
}
