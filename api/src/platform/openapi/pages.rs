//! `/docs` (Swagger UI) and `/redoc` (ReDoc), from this server alone: the programs are embedded by
//! `build.rs`, and the policies let them load nothing from elsewhere.

use crate::platform::{
    http::{ApiError, page},
    limits::{RateClass, take_stranger},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY},
    web::{self, Bytes, ServiceConfig},
};

/// What Swagger UI needs: its own files, requests to this server, and pictures within its style.
const SWAGGER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// ReDoc makes its style in the browser.
const REDOC_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct File {
    path: &'static str,
    media_type: &'static str,
    /// Of pages.
    policy: Option<&'static str>,
    bytes: &'static [u8],
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const FILES: [File; 7] = [
    File { path: "/docs", media_type: HTML, policy: Some(SWAGGER_POLICY), bytes: include_bytes!("pages/docs.html") },
    File { path: "/docs/start.js", media_type: SCRIPT, policy: None, bytes: include_bytes!("pages/docs.js") },
    File {
        path: "/docs/swagger-ui-bundle.js",
        media_type: SCRIPT,
        policy: None,
        bytes: include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js")),
    },
    File {
        path: "/docs/swagger-ui.css",
        media_type: "text/css; charset=utf-8",
        policy: None,
        bytes: include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css")),
    },
    File { path: "/redoc", media_type: HTML, policy: Some(REDOC_POLICY), bytes: include_bytes!("pages/redoc.html") },
    File { path: "/redoc/start.js", media_type: SCRIPT, policy: None, bytes: include_bytes!("pages/redoc.js") },
    File {
        path: "/redoc/redoc.standalone.js",
        media_type: SCRIPT,
        policy: None,
        bytes: include_bytes!(concat!(env!("OUT_DIR"), "/redoc.standalone.js")),
    },
];

pub fn mount(config: &mut ServiceConfig) {
    for file in &FILES {
        config.service(page(file.path, web::get().to(move |req| send(req, file))));
    }
}

async fn send(req: HttpRequest, file: &'static File) -> Result<HttpResponse, ApiError> {
    take_stranger(&req, RateClass::Read).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, file.media_type)).insert_header((CACHE_CONTROL, "public, max-age=3600"));
    if let Some(policy) = file.policy {
        response.insert_header((CONTENT_SECURITY_POLICY, policy)).insert_header((REFERRER_POLICY, "no-referrer"));
    }
    Ok(response.body(Bytes::from_static(file.bytes)))
}
