//! What can go wrong with the link to the ERP.

use crate::{
    features::orders::OrderError,
    platform::{
        db::DbError,
        http::{ApiError, Invalid, Kind, problems},
        ids::NoRandomness,
        limits::TooMany,
        vault::VaultError,
    },
};

pub const NOT_LINKED: Kind = Kind::new(
    409,
    "erp_not_linked",
    "The client's ERP is not linked",
    "Nothing is sent to an ERP, since none is linked or the link is switched off. Set it with PUT /erp/config.",
);
pub const REFERENCE_MISMATCH: Kind = Kind::new(
    409,
    "reference_mismatch",
    "The order has another reference",
    "The ERP has called this order by another reference before, in its answer or a callback. Nothing was changed; \
     the callback is kept with the order's sync, where people see it. Send the reference that the order has.",
);

pub const SYNC_NOT_FAILED: Kind = Kind::new(
    409,
    "sync_not_failed",
    "Only what failed for good is retried",
    "What waits is sent by itself as soon as its time comes, and what arrived is not sent again; POST \
     /erp/resync-order tells the ERP of an order once more, as it stands now. Look at the sync's status first.",
);
pub const SYNC_NOT_DISCARDABLE: Kind = Kind::new(
    409,
    "sync_not_discardable",
    "It is on its way, or has ended otherwise",
    "What is being sent just now, has arrived, or was discarded before can not be discarded. Look at the sync's \
     status; one that is under way is soon known to have arrived or not.",
);

#[derive(Debug, thiserror::Error)]
pub enum ErpError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such order or sync")]
    NotFound,
    #[error("the client has no ERP")]
    NotLinked,
    #[error("the order is not invoiced")]
    NotInvoiced,
    #[error("it has not failed for good")]
    NotFailed,
    #[error("it is under way, or has ended")]
    NotDiscardable,
    #[error("the message is not signed as it has to be")]
    InvalidSignature,
    #[error("the message can not be read")]
    Unreadable(ApiError),
    #[error("the order has another reference")]
    ReferenceMismatch,
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error("the caller has not seen this version")]
    VersionMismatch(ApiError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<Invalid> for ErpError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<ErpError> for ApiError {
    fn from(error: ErpError) -> Self {
        match error {
            ErpError::Invalid(invalid) => invalid.into(),
            ErpError::NotFound => Self::not_found(),
            ErpError::NotLinked => NOT_LINKED.with("Enable it with PUT /erp/config."),
            ErpError::NotInvoiced => OrderError::NotInvoiced.into(),
            ErpError::NotFailed => SYNC_NOT_FAILED.with("Look at its status."),
            ErpError::NotDiscardable => SYNC_NOT_DISCARDABLE.with("Look at its status."),
            ErpError::InvalidSignature => {
                problems::INVALID_SIGNATURE.with("Sign the body's very bytes with the secret of this client.")
            }
            ErpError::VersionMismatch(error) | ErpError::Unreadable(error) => error,
            ErpError::ReferenceMismatch => REFERENCE_MISMATCH.with("Nothing was changed."),
            ErpError::TooMany(error) => error.into(),
            ErpError::NoRandomness(error) => error.into(),
            ErpError::Vault(error) => error.into(),
            ErpError::Db(error) => error.into(),
        }
    }
}
