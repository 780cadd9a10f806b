//! `GET /openapi.json`: what clients may rely on, made from the very table that serves the requests.
//!
//! Method, path, permission, rate class and idempotency are those of the [`Route`]; parameters, body
//! and answer are read off its handler's types (`http/signature.rs`), and problems put together from
//! both (`http/refusals.rs`). What is said by hand is a sentence for each route, and the features'
//! own problems; the tests hold each answer they see against it.

mod examples;
mod glossary;
mod operation;
pub mod pages;
mod problems;
mod schemas;

use super::{
    health,
    http::{ApiError, Route, explain, page},
    limits::{RateClass, take_stranger},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    web::{self, Bytes, ServiceConfig},
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use schemas::Schemas;
use serde_json::{Map, Value, json};

/// Where the routes are found.
pub const PREFIX: &str = "/api/v1";

/// The document of these routes.
pub fn document(routes: &[Route]) -> Value {
    let mut schemas = Schemas::default();
    let mut paths = Map::new();
    let operations: Vec<_> = routes.iter().map(|route| (route, operation::of(route, &mut schemas))).collect();
    let schemas = schemas.finish();
    for (route, operation) in operations {
        let path = paths.entry(format!("{PREFIX}{}", route.path)).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation.finish(&schemas);
    }
    paths.extend(health::document().map(|(path, operations)| (path.to_owned(), operations)));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Countinghouse",
            "version": env!("CARGO_PKG_VERSION"),
            "description": INTRODUCTION,
        },
        "servers": [{"url": "/", "description": "This server."}],
        "paths": paths,
        "components": {
            "schemas": schemas.components(),
            "responses": problems::responses(routes),
            "examples": problems::examples(&explain::kinds(routes)),
            "headers": operation::headers(),
            "securitySchemes": {
                "access_token": {"type": "http", "scheme": "bearer", "description": "Of `POST /auth/login`."},
                "api_key": {"type": "apiKey", "in": "header", "name": "X-Api-Key",
                            "description": "Of `POST /api-keys`, for a client's software."},
                "superadmin": {"type": "http", "scheme": "bearer", "description": "Of `POST /admin/auth/login`."},
            },
        },
    })
}

const INTRODUCTION: &str = "\
A back office for shops: catalogue, stock, customers, orders, invoices and the books, for many clients at once.

- **Amounts** are strings of decimals, never numbers; `from` and `to` are days of the client's own time zone.
- **Errors** are `application/problem+json` (RFC 9457). Programs decide on `code`; `type` says what it means.
- **Lists** come in pages: ask with `cursor` = `next_cursor` for the next one.
- **Twice is once**: what changes something takes an `Idempotency-Key`, and answers the same again.
- **Limits** stand in `RateLimit` and `RateLimit-Policy` of each answer; 429 and 503 say `Retry-After`.
- `x-permission` names what the caller's role must allow.";

/// The document as it is sent; cheap to clone.
#[derive(Clone)]
pub struct Published {
    bytes: Bytes,
    etag: String,
}

impl Published {
    pub fn of(routes: &[Route]) -> Self {
        let bytes = Bytes::from(document(routes).to_string());
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest(&SHA256, &bytes)));
        Self { bytes, etag }
    }
}

pub fn mount(document: &Published, config: &mut ServiceConfig) {
    let document = document.clone();
    config.service(page("/openapi.json", web::get().to(move |req| send(req, document.clone()))));
}

async fn send(req: HttpRequest, document: Published) -> Result<HttpResponse, ApiError> {
    take_stranger(&req, RateClass::Read).await?;
    let seen = req.headers().get(IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == document.etag.as_bytes());
    let mut response = if seen { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, document.etag)).insert_header((CACHE_CONTROL, "no-cache"));
    if seen {
        return Ok(response.finish());
    }
    Ok(response.insert_header((CONTENT_TYPE, "application/json")).body(document.bytes))
}
