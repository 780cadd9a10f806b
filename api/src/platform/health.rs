//! `/health` (the process lives) and `/ready` (it can do its work).

use super::http::page;
use crate::app::AppState;
use actix_web::{
    HttpResponse,
    web::{self, Data, ServiceConfig},
};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

pub fn mount(config: &mut ServiceConfig) {
    config.service(page("/health", web::get().to(health))).service(page("/ready", web::get().to(ready)));
}

/// What the API's document says of the two.
pub fn document() -> [(&'static str, Value); 2] {
    let answer = |statuses: &[&str], about: &str| {
        let part =
            json!({"type": "object", "description": "How each part is.", "additionalProperties": {"type": "string"}});
        let status = json!({"type": "string", "description": "How it is on the whole.", "enum": statuses});
        let parts = json!({"database": "ok", "redis": "ok", "image_model": "ok"});
        let schema = json!({"type": "object", "required": ["status"], "properties": {"status": status, "parts": part}});
        let example = json!({"status": statuses.first(), "parts": parts});
        json!({"description": about, "content": {"application/json": {"schema": schema, "example": example}}})
    };
    let operation = |id: &str, about: &str, responses: Value| {
        json!({"get": {"operationId": id, "summary": about, "tags": ["health"], "parameters": [], "security": [],
                       "responses": responses}})
    };
    let health = json!({"200": answer(&["ok"], "It lives.")});
    let ready = json!({
        "200": answer(&["ok", "degraded"], "It works, without Redis too."),
        "503": answer(&["unavailable"], "The database is away, or its schema too old."),
    });
    [
        ("/health", operation("get_health", "Whether the process lives.", health)),
        ("/ready", operation("get_ready", "Whether it can do its work.", ready)),
    ]
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
/// this binary needs. Without Redis the service is degraded and goes on; of the image model it says how it is
/// (`none` is a service that was given none), and works whatever that is.
async fn ready(state: Data<AppState>) -> HttpResponse {
    let Parts { database, redis } = look(&state).await;
    let redis_is = if redis { "ok" } else { "away" };
    let parts = json!({"database": database, "redis": redis_is, "image_model": state.pictures.model_state()});
    match (database, redis) {
        (Database::Ok, true) => HttpResponse::Ok().json(json!({"status": "ok", "parts": parts})),
        (Database::Ok, false) => HttpResponse::Ok().json(json!({"status": "degraded", "parts": parts})),
        _ => HttpResponse::ServiceUnavailable()
            .insert_header(("Retry-After", "2"))
            .json(json!({"status": "unavailable", "parts": parts})),
    }
}

/// What `/ready` of a running service said.
pub struct Answer {
    pub is_ready: bool,
    pub body: String,
}

/// Asks the service that listens here, for those who watch over it where there is no HTTP client.
pub fn ask(listen: SocketAddr) -> std::io::Result<Answer> {
    let patience = Duration::from_secs(3);
    let address = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from((Ipv4Addr::LOCALHOST, listen.port())),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::from((Ipv6Addr::LOCALHOST, listen.port())),
        _ => listen,
    };
    let mut connection = TcpStream::connect_timeout(&address, patience)?;
    connection.set_read_timeout(Some(patience))?;
    connection.write_all(format!("GET /ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut text = String::new();
    connection.take(64 * 1024).read_to_string(&mut text)?;
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    Ok(Answer { is_ready: head.starts_with("HTTP/1.1 200 "), body: body.to_owned() })
}
