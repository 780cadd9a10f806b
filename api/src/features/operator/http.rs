//! Routes under `/admin/jobs`.

use super::{
    dead_jobs::{self, Filter},
    error::JOB_NOT_DEAD,
};
use crate::{
    app::AppState,
    platform::{
        authn::PlatformCtx,
        http::{Access, Answer, ApiError, Body, IdPath, Position, Query, Route, problems::NOT_FOUND},
    },
};
use actix_web::web::Data;
use countinghouse_contract::{
    JobId, Page,
    admin::jobs::{DeadJob, DeadJobQuery, DiscardJob, JobMoved, JobQueues},
};

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/admin/jobs", Access::Superadmin, list)
            .about("Jobs that were given up, of one client or all, the latest first.")
            .refuses(&[NOT_FOUND]),
        Route::get("/admin/jobs/queues", Access::Superadmin, queues)
            .about("How the jobs of each kind stand, of all clients together."),
        Route::post("/admin/jobs/{id}/retry", Access::Superadmin, retry)
            .about("Lets a dead job wait again, with all its attempts before it.")
            .refuses(&[JOB_NOT_DEAD]),
        Route::post("/admin/jobs/{id}/discard", Access::Superadmin, discard)
            .about("Gives a dead job up: nobody is told of it any more.")
            .refuses(&[JOB_NOT_DEAD]),
    ]
}

async fn queues(state: Data<AppState>, ctx: PlatformCtx) -> Result<Answer<JobQueues>, ApiError> {
    Ok(Answer::ok(dead_jobs::queues(&state, &ctx).await?))
}

async fn list(
    state: Data<AppState>,
    ctx: PlatformCtx,
    query: Query<DeadJobQuery>,
) -> Result<Answer<Page<DeadJob>>, ApiError> {
    let filter = Filter::new(&query.0)?;
    let list = format!("dead jobs {filter:?}");
    let asked = state.cursors.page(&list, query.0.limit, query.0.cursor.as_deref())?;
    let rows = dead_jobs::list(&state, &ctx, filter, asked).await?;
    let position = |job: &DeadJob| Position { created_at: job.died_at, id: job.id.0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |job| job)))
}

async fn retry(state: Data<AppState>, ctx: PlatformCtx, id: IdPath<JobId>) -> Result<Answer<JobMoved>, ApiError> {
    Ok(Answer::ok(dead_jobs::retry(&state, &ctx, id.0).await?))
}

async fn discard(
    state: Data<AppState>,
    ctx: PlatformCtx,
    id: IdPath<JobId>,
    body: Body<DiscardJob>,
) -> Result<Answer<JobMoved>, ApiError> {
    Ok(Answer::ok(dead_jobs::discard(&state, &ctx, id.0, body.0).await?))
}
