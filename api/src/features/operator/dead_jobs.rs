//! How the queues stand, and what is done with jobs that were given up.

use super::{
    error::OperatorError,
    repo::{self, Dead},
};
use crate::{
    app::AppState,
    features::tenants,
    platform::{
        audit::{Action, Entry, record_at_client_in, record_list_in, record_look_in},
        authn::PlatformCtx,
        http::{Invalid, PageRequest, Text},
    },
};
use countinghouse_contract::{
    JobId,
    admin::jobs::{DeadJob, DeadJobQuery, DiscardJob, JobMoved, JobQueues, JobRevived},
};
use serde_json::json;

const SLUG: Text = Text::line(1..=40);
const KIND: Text = Text::line(1..=60);
const REASON: Text = Text::line(1..=500);

/// How the jobs of each kind stand.
pub async fn queues(state: &AppState, ctx: &PlatformCtx) -> Result<JobQueues, OperatorError> {
    let queues = state.db.platform(ctx, |tx| Ok::<_, OperatorError>(JobQueues { data: repo::queues(tx)? }));
    queues.await
}

/// Which dead jobs are listed.
#[derive(Debug, Clone)]
pub struct Filter {
    tenant: Option<String>,
    kind: Option<String>,
}

impl Filter {
    pub fn new(query: &DeadJobQuery) -> Result<Self, Invalid> {
        let mut invalid = Invalid::default();
        invalid.optional_text("/tenant", query.tenant.as_deref(), &SLUG);
        invalid.optional_text("/kind", query.kind.as_deref(), &KIND);
        invalid.finish()?;
        Ok(Self { tenant: query.tenant.clone(), kind: query.kind.clone() })
    }
}

pub async fn list(
    state: &AppState,
    ctx: &PlatformCtx,
    filter: Filter,
    asked: PageRequest,
) -> Result<Vec<DeadJob>, OperatorError> {
    let vault = state.vault.clone();
    let listed = state.db.platform(ctx, move |tx| {
        let client = match &filter.tenant {
            Some(slug) => Some(tenants::find_in(tx, slug)?.ok_or(OperatorError::NotFound)?.id),
            None => None,
        };
        let rows = repo::dead_jobs(tx, client, filter.kind.as_deref(), asked)?;
        match client {
            Some(client) => record_look_in(tx, &vault, client, "jobs")?,
            None => record_list_in(tx, &vault, "jobs")?,
        }
        Ok(rows)
    });
    listed.await
}

/// Lets it wait again, with all its attempts before it; where another waits to do the same, it is done with.
pub async fn retry(state: &AppState, ctx: &PlatformCtx, id: JobId) -> Result<JobMoved, OperatorError> {
    let vault = state.vault.clone();
    let moved = state.db.platform(ctx, move |tx| {
        let dead = find(repo::find_dead(tx, id)?)?;
        let became = repo::retry_dead(tx, dead.client, id)?.ok_or(OperatorError::NotDead)?;
        let entry = told(Action::JobRetried, id, &dead).noting("state", json!(became));
        record_at_client_in(tx, &vault, dead.client, entry)?;
        Ok::<_, OperatorError>(dead.moved(id, became))
    });
    let moved = moved.await?;
    state.db.waker().wake();
    Ok(moved)
}

/// Gives it up.
pub async fn discard(
    state: &AppState,
    ctx: &PlatformCtx,
    id: JobId,
    input: DiscardJob,
) -> Result<JobMoved, OperatorError> {
    let mut invalid = Invalid::default();
    invalid.text("/reason", &input.reason, &REASON);
    invalid.finish()?;
    let vault = state.vault.clone();
    let moved = state.db.platform(ctx, move |tx| {
        let dead = find(repo::find_dead(tx, id)?)?;
        if !repo::discard_dead(tx, dead.client, id)? {
            return Err(OperatorError::NotDead);
        }
        let entry = told(Action::JobDiscarded, id, &dead).noting("reason", json!(input.reason));
        record_at_client_in(tx, &vault, dead.client, entry)?;
        Ok::<_, OperatorError>(dead.moved(id, JobRevived::Cancelled))
    });
    moved.await
}

/// One that lives is told from one that never was.
fn find(found: repo::Found) -> Result<Dead, OperatorError> {
    match found {
        repo::Found::Dead(dead) => Ok(dead),
        repo::Found::Living => Err(OperatorError::NotDead),
        repo::Found::Nothing => Err(OperatorError::NotFound),
    }
}

fn told(action: Action, id: JobId, dead: &Dead) -> Entry {
    Entry::new(action, id).before(json!({"last_error": dead.last_error})).after(json!({"kind": dead.kind}))
}
