//! Calls on the work behind the requests.

use crate::{ClientError, SuperadminSession};
use countinghouse_contract::{
    JobId, Page,
    admin::jobs::{DeadJob, DeadJobQuery, DiscardJob, JobMoved, JobQueues},
};
use serde_json::json;

impl SuperadminSession {
    /// How the jobs of each kind stand.
    ///
    /// # Errors
    /// None of its own.
    pub async fn job_queues(&self) -> Result<JobQueues, ClientError> {
        self.call(self.client().get("/admin/jobs/queues")).await
    }

    /// One page of jobs that were given up, the latest first.
    ///
    /// # Errors
    /// The problem `not_found` where there is no such client, and `invalid_cursor` inside of `invalid_request`.
    pub async fn dead_jobs(&self, query: &DeadJobQuery) -> Result<Page<DeadJob>, ClientError> {
        self.call(self.client().list("/admin/jobs", query)?).await
    }

    /// Lets a dead job wait again.
    ///
    /// # Errors
    /// The problems `not_found` and `job_not_dead`.
    pub async fn retry_job(&self, id: JobId) -> Result<JobMoved, ClientError> {
        self.call(self.client().post(&format!("/admin/jobs/{id}/retry"), &json!({}))).await
    }

    /// Gives a dead job up.
    ///
    /// # Errors
    /// The problems `not_found` and `job_not_dead`.
    pub async fn discard_job(&self, id: JobId, reason: &DiscardJob) -> Result<JobMoved, ClientError> {
        self.call(self.client().post(&format!("/admin/jobs/{id}/discard"), reason)).await
    }
}
