//! How the whole service is doing. It is asked for by every screen that is open: each process reads it once in two
//! seconds, by indexes in which only what needs somebody stands.

use super::{error::OperatorError, repo};
use crate::{
    app::AppState,
    features::tenants,
    platform::{
        authn::PlatformCtx,
        health::{self, Database},
    },
};
use countinghouse_contract::admin::overview::{Overview, PartState, ServiceParts, TenantUsage};

/// As the last reader found it.
pub async fn get(state: &AppState, ctx: &PlatformCtx) -> Result<Overview, OperatorError> {
    state.overview.get(read(state, ctx)).await
}

async fn read(state: &AppState, ctx: &PlatformCtx) -> Result<Overview, OperatorError> {
    let parts = health::look(state).await;
    let figures = state.db.platform(ctx, |tx| Ok::<_, OperatorError>(repo::figures(tx)?)).await?;
    let there = |is_there: bool| if is_there { PartState::Ok } else { PartState::Away };
    let parts = ServiceParts {
        database: match parts.database {
            Database::Ok => PartState::Ok,
            Database::SchemaTooOld => PartState::SchemaTooOld,
            Database::Away => PartState::Away,
        },
        redis: there(parts.redis),
        workers: there(figures.workers_keep_up()),
    };
    Ok(figures.overview(parts))
}

pub async fn usage(state: &AppState, ctx: &PlatformCtx, slug: String) -> Result<TenantUsage, OperatorError> {
    if slug.chars().any(char::is_control) {
        return Err(OperatorError::NotFound);
    }
    let usage = state.db.platform(ctx, move |tx| {
        let client = tenants::find_in(tx, &slug)?.ok_or(OperatorError::NotFound)?.id;
        Ok::<_, OperatorError>(repo::usage(tx, client)?)
    });
    usage.await
}
