//! What a job does its work with.

use super::{Claim, away::Away};
use crate::platform::{
    db::{Db, DbError, TenantTx},
    points::{self, Point},
};
use std::{future::Future, sync::Arc};

/// Proof that a job was marked as done.
#[derive(Debug)]
pub struct Finished(());

/// Why a job did not finish.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It may go better another time.
    #[error("{0:#}")]
    Failed(anyhow::Error),
    /// It never will: somebody has to look at it.
    #[error("{0}")]
    Hopeless(String),
    /// This binary does not know how; another may.
    #[error("{0}")]
    NotKnown(String),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl JobError {
    /// What is counted.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Db(DbError::JobLost) => "lost",
            Self::Db(DbError::ClientSuspended) => "suspended",
            Self::Failed(_) | Self::Db(_) => "failed",
            Self::Hopeless(_) => "hopeless",
            Self::NotKnown(_) => "not_known",
        }
    }
}

impl From<anyhow::Error> for JobError {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// One attempt at a job.
#[derive(Clone)]
pub struct Run {
    claim: Arc<Claim>,
    db: Db,
    away: Away,
}

impl Run {
    pub(super) fn new(claim: Arc<Claim>, db: Db, away: Away) -> Self {
        Self { claim, db, away }
    }

    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// A transaction in the client's data, for a step on the way. It is refused when the job is no
    /// longer this attempt's.
    pub async fn transaction<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut TenantTx<'_>) -> Result<T, E> + Send + 'static,
    {
        let done = self.db.job(&self.claim, work).await?;
        points::reached(Point::StepDone);
        Ok(done)
    }

    /// Waits for the world outside, between two transactions: the worker's hand is free for another job
    /// meanwhile, so that whoever takes their time to answer holds up nobody's work. It still counts as one of
    /// its client's.
    pub async fn away<T>(&self, waiting: impl Future<Output = T>) -> T {
        self.away.during(waiting).await
    }

    /// The last transaction: what it writes and the mark that the job is done are one.
    pub async fn finish<E, F>(self, work: F) -> Result<Finished, E>
    where
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut TenantTx<'_>) -> Result<(), E> + Send + 'static,
    {
        let marked = self.db.last_of_job(&self.claim, move |tx| {
            work(tx)?;
            points::reached(Point::Finishing);
            Ok::<_, E>(())
        });
        marked.await?;
        points::reached(Point::Finished);
        Ok(Finished(()))
    }
}
