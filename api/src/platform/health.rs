//! `/health` (the process lives) and `/ready` (it can do its work).

use crate::app::AppState;
use actix_web::{
    HttpResponse,
    web::{self, Data, ServiceConfig},
};
use serde::Serialize;
use serde_json::json;

pub fn mount(config: &mut ServiceConfig) {
    config.route("/health", web::get().to(health)).route("/ready", web::get().to(ready));
}

async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// What the service stands on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parts {
    pub database: Database,
    /// Whether it answers.
    pub redis: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Database {
    Ok,
    SchemaTooOld,
    #[default]
    Away,
}

/// Asks them.
pub async fn look(state: &AppState) -> Parts {
    let (missing, redis) = tokio::join!(state.db.missing_migrations(), state.cache.alive());
    let database = match missing {
        Ok(missing) if missing.is_empty() => Database::Ok,
        Ok(_) => Database::SchemaTooOld,
        Err(_) => Database::Away,
    };
    Parts { database, redis }
}

/// 503 only when requests cannot be served: the database is away, or its schema is older than
/// this binary needs. Without Redis the service is degraded and goes on.
async fn ready(state: Data<AppState>) -> HttpResponse {
    let Parts { database, redis } = look(&state).await;
    let parts = json!({"database": database, "redis": if redis { "ok" } else { "away" }});
    match (database, redis) {
        (Database::Ok, true) => HttpResponse::Ok().json(json!({"status": "ok", "parts": parts})),
        (Database::Ok, false) => HttpResponse::Ok().json(json!({"status": "degraded", "parts": parts})),
        _ => HttpResponse::ServiceUnavailable()
            .insert_header(("Retry-After", "2"))
            .json(json!({"status": "unavailable", "parts": parts})),
    }
}
