//! What the operator looks after, in the database.

mod door;
mod jobs;
mod overview;

pub use door::{end_session, failing_endpoints, session_events, sessions};
pub use jobs::{Dead, Found, dead_jobs, discard_dead, find_dead, queues, retry_dead};
pub use overview::{figures, usage};

use crate::{
    platform::db::{DbError, PlatformTx},
    schema::tenants,
};
use countinghouse_contract::TenantId;
use diesel::prelude::*;
use uuid::Uuid;

/// The client with this slug.
pub fn client(tx: &mut PlatformTx<'_>, slug: &str) -> Result<Option<TenantId>, DbError> {
    let one = tenants::table.filter(tenants::slug.eq(slug)).select(tenants::id);
    Ok(one.first::<Uuid>(tx.conn()).optional()?.map(TenantId))
}
