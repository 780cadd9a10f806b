//! `GET /metrics`, on the operator's own port: what was counted, and what has to be looked up now.

use crate::{
    app::AppState,
    platform::{
        health::{self, Database},
        jobs::QueueFigure,
    },
};
use actix_web::{
    HttpResponse,
    web::{self, Data, ServiceConfig},
};
use std::time::Duration;
use tokio::time::timeout;

/// How long to look for what is not there: Prometheus itself gives up after ten seconds.
const PATIENCE: Duration = Duration::from_secs(2);

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub fn mount(config: &mut ServiceConfig) {
    config.route("/metrics", web::get().to(show));
}

async fn show(state: Data<AppState>) -> HttpResponse {
    let metrics = &state.metrics;
    let _alone = metrics.scraping.lock().await;
    let (parts, figures) = tokio::join!(timeout(PATIENCE, health::look(&state)), timeout(PATIENCE, queue(&state)));
    let parts = parts.unwrap_or_default();
    metrics.process.set_parts([
        ("database", parts.database != Database::Away),
        ("schema", parts.database == Database::Ok),
        ("redis", parts.redis),
    ]);
    metrics.jobs.set_queue(&figures.unwrap_or_default(), state.ids.now());
    metrics.process.set_limits_alone(state.limits.alone());
    let (taken, most) = state.passwords.places();
    metrics.process.set_hashing(taken, most);
    let (taken, most) = state.pictures.places();
    metrics.process.set_pictures(taken, most);
    metrics.process.look_at_kernel();
    match metrics.text() {
        Ok(text) => HttpResponse::Ok().content_type(OPEN_METRICS).body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

/// Workers' processes alone see the queue.
async fn queue(state: &AppState) -> Vec<QueueFigure> {
    let Ok(queue) = state.db.queue() else { return Vec::new() };
    queue.figures().await.unwrap_or_default()
}
