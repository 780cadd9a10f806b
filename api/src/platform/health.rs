//! `/health` (the process lives) and `/ready` (it can do its work).

use crate::app::AppState;
use actix_web::{
    HttpResponse,
    web::{self, Data, ServiceConfig},
};
use serde_json::json;

pub fn mount(config: &mut ServiceConfig) {
    config.route("/health", web::get().to(health)).route("/ready", web::get().to(ready));
}

async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// 503 only when requests cannot be served: the database is away, or its schema is older than
/// this binary needs. Without Redis the service is degraded and goes on.
async fn ready(state: Data<AppState>) -> HttpResponse {
    let (missing, redis) = tokio::join!(state.db.missing_migrations(), state.cache.alive());
    let database = match &missing {
        Ok(missing) if missing.is_empty() => "ok",
        Ok(_) => "schema_too_old",
        Err(_) => "away",
    };
    let redis = if redis { "ok" } else { "away" };
    let parts = json!({"database": database, "redis": redis});
    match (database, redis) {
        ("ok", "ok") => HttpResponse::Ok().json(json!({"status": "ok", "parts": parts})),
        ("ok", _) => HttpResponse::Ok().json(json!({"status": "degraded", "parts": parts})),
        _ => HttpResponse::ServiceUnavailable()
            .insert_header(("Retry-After", "2"))
            .json(json!({"status": "unavailable", "parts": parts})),
    }
}
