//! Calls on the audit log.

use crate::{ClientError, Session};
use countinghouse_contract::{
    Page,
    audit::{AuditEntry, AuditQuery},
};

impl Session {
    /// One page of who did what, newest first.
    ///
    /// # Errors
    /// The problem `invalid_request`, with `unknown_action` and the like inside.
    pub async fn audit(&self, query: &AuditQuery) -> Result<Page<AuditEntry>, ClientError> {
        self.call(self.client().list("/audit", query)?).await
    }
}
