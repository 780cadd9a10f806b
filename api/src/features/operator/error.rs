//! What can go wrong with the operator's work.

use crate::platform::{
    db::DbError,
    http::{ApiError, Invalid, Kind},
    vault::VaultError,
};

pub const JOB_NOT_DEAD: Kind = Kind::new(
    409,
    "job_not_dead",
    "Only what was given up is let go again",
    "The job is not dead, or no longer: somebody has retried or discarded it, or it was never given up. What waits or \
     runs needs no help. Look at the list of dead jobs again.",
);

#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such client or job")]
    NotFound,
    #[error("the job is not dead")]
    NotDead,
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<Invalid> for OperatorError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<OperatorError> for ApiError {
    fn from(error: OperatorError) -> Self {
        match error {
            OperatorError::Invalid(invalid) => invalid.into(),
            OperatorError::NotFound => Self::not_found(),
            OperatorError::NotDead => JOB_NOT_DEAD.with("Read the list of dead jobs again."),
            OperatorError::Vault(error) => error.into(),
            OperatorError::Db(error) => error.into(),
        }
    }
}
