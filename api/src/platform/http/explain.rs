//! `GET /problems/{code}`: where the `type` of a problem leads, and what stands there is its
//! declaration's own text. HTML for browsers, JSON for whoever does not ask for it.

use super::{ApiError, Kind, Route, page, problems, refusals};
use crate::platform::limits::{RateClass, take_stranger};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY},
    web::{self, Path, ServiceConfig},
};
use serde_json::json;
use std::sync::Arc;

/// A page with nothing but text.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Every kind of problem that one of these routes, or none of them, may answer; by code.
pub fn kinds(routes: &[Route]) -> Vec<Kind> {
    let mut kinds: Vec<_> = routes.iter().flat_map(refusals::of).collect();
    // Of paths that have no route for the method, or none at all.
    kinds.extend([problems::METHOD_NOT_ALLOWED, problems::NOT_FOUND]);
    kinds.sort_by_key(|kind| kind.code);
    kinds.dedup_by_key(|kind| kind.code);
    kinds
}

pub fn mount(kinds: &Arc<[Kind]>, config: &mut ServiceConfig) {
    let kinds = Arc::clone(kinds);
    let explain = move |req, code| explain(req, code, Arc::clone(&kinds));
    config.service(page("/problems/{code}", web::get().to(explain)));
}

async fn explain(req: HttpRequest, code: Path<String>, kinds: Arc<[Kind]>) -> Result<HttpResponse, ApiError> {
    take_stranger(&req, RateClass::Read).await?;
    let kind = kinds.iter().find(|kind| kind.code == code.as_str()).ok_or_else(ApiError::not_found)?;
    let accepted = req.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut response = HttpResponse::Ok();
    response.insert_header((VARY, "Accept")).insert_header((CACHE_CONTROL, "public, max-age=3600"));
    if accepted.contains("text/html") {
        response.insert_header((CONTENT_SECURITY_POLICY, POLICY));
        return Ok(response.insert_header((CONTENT_TYPE, "text/html; charset=utf-8")).body(html(kind)));
    }
    let Kind { status, code, title, advice } = kind;
    let place = format!("/problems/{code}");
    Ok(response.json(json!({"type": place, "title": title, "status": status, "code": code, "advice": advice})))
}

/// The texts are our own and hold nothing that HTML would take for its own, which a guard looks at.
fn html(kind: &Kind) -> String {
    let Kind { status, code, title, advice } = kind;
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title} ({code})</title>\n\
         <h1>{title}</h1>\n<p><code>{code}</code>, answered with status {status}</p>\n<p>{advice}</p>\n\
         <p>All operations and their problems: <a href=\"/docs\">the documentation</a>.</p>\n</html>\n"
    )
}
