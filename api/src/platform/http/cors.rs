//! Which pages may call the API from a browser (CORS, in the Fetch standard).
//!
//! A browser asks beforehand, in a preflight without any credential, so nobody can say which client
//! it will be about: it is answered when any client lists the page's origin. The answer to the
//! request itself is readable when the credential's own client lists the origin and, where no
//! client is known (logging in, a token that has expired), when any does. The routes of superadmins
//! are for the operator's own pages alone. Never `*`, and no credentials mode: tokens and keys are
//! sent in headers, which a page sets itself.

use crate::{
    app::AppState,
    platform::{
        authn::{AllowedOrigins, PlatformCtx, TenantCtx},
        db::Db,
        ids::Ids,
        limits::{RateClass, Taken, take_stranger},
    },
};
use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap,
            HeaderValue, ORIGIN, VARY,
        },
    },
    middleware::Next,
    web::Data,
};
use chrono::{DateTime, Duration, Utc};
use quick_cache::sync::Cache;
use std::sync::Arc;
use url::Url;

const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
/// What pages may send.
const HEADERS: &str = "Authorization, Content-Type, Idempotency-Key, If-Match, traceparent, X-2FA-Code, X-Api-Key, \
                       X-Edit-Token, X-Request-Id";
/// What pages may read, besides the body.
const EXPOSED: &str = "ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id";
/// For how many seconds a browser need not ask again.
const MAX_AGE: &str = "600";
/// For how long it is remembered whether any client lists an origin.
const REMEMBERED_FOR: Duration = Duration::seconds(10);
const REMEMBERED: usize = 10_000;

/// Whether any client lists an origin, and since when that is known.
type Listed = Cache<Box<str>, (bool, DateTime<Utc>)>;

/// The operator's own origins, and what is remembered of the clients'.
#[derive(Clone)]
pub struct Cors {
    operator: Arc<[String]>,
    listed: Arc<Listed>,
    db: Db,
    ids: Ids,
}

impl Cors {
    pub fn new(operator: &[String], db: Db, ids: Ids) -> Self {
        Self { operator: operator.into(), listed: Arc::new(Cache::new(REMEMBERED)), db, ids }
    }

    async fn lets_read(&self, req: &HttpRequest, origin: &str) -> bool {
        if self.operator.iter().any(|own| own == origin) {
            return true;
        }
        let path = req.path();
        let of_clients = path.starts_with("/api/v1/") && !path.starts_with("/api/v1/admin/");
        if !of_clients || req.extensions().get::<PlatformCtx>().is_some() {
            return false;
        }
        match origins_of_caller(req) {
            Some(origins) => origins.iter().any(|listed| listed == origin),
            // Who was turned away for asking too much costs no look-up.
            None if was_too_much(req) => self.remembered(origin).unwrap_or(false),
            None => self.any_client_lists(origin).await,
        }
    }

    fn remembered(&self, origin: &str) -> Option<bool> {
        let (listed, since) = self.listed.get(origin)?;
        ((self.ids.now() - since).abs() < REMEMBERED_FOR).then_some(listed)
    }

    async fn any_client_lists(&self, origin: &str) -> bool {
        if let Some(listed) = self.remembered(origin) {
            return listed;
        }
        match self.db.origin_is_listed(origin.to_owned()).await {
            Ok(listed) => {
                self.listed.insert(origin.into(), (listed, self.ids.now()));
                listed
            }
            Err(error) => {
                tracing::warn!(%error, "origins could not be looked up");
                false
            }
        }
    }
}

fn was_too_much(req: &HttpRequest) -> bool {
    req.extensions().get::<Taken>().is_some_and(|taken| taken.refused.is_some())
}

/// As the last transaction found them or, for who was turned away before, as they are remembered.
fn origins_of_caller(req: &HttpRequest) -> Option<Arc<[String]>> {
    let extensions = req.extensions();
    let known = extensions.get::<TenantCtx>().map(|ctx| Arc::clone(&ctx.principal().allowed_origins));
    known.or_else(|| extensions.get::<AllowedOrigins>().map(|origins| Arc::clone(&origins.0)))
}

/// The origin of the page that sent this request, when it may read the answer.
async fn reader(req: &HttpRequest) -> Option<HeaderValue> {
    let origin = req.headers().get(ORIGIN)?;
    let text = origin.to_str().ok().filter(|text| is_origin(text))?;
    let state = req.app_data::<Data<AppState>>()?;
    state.cors.lets_read(req, text).await.then(|| origin.clone())
}

/// Answers preflights; anything else goes on.
pub async fn preflight<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let asks = req.method() == Method::OPTIONS && req.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if !asks {
        return Ok(next.call(req).await?.map_into_left_body());
    }
    if let Err(refused) = take_stranger(req.request(), RateClass::Read).await {
        return Ok(req.error_response(refused).map_into_right_body());
    }
    if reader(req.request()).await.is_none() {
        return Ok(next.call(req).await?.map_into_left_body());
    }
    let answer = HttpResponse::NoContent()
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, METHODS))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, HEADERS))
        .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE))
        .finish();
    Ok(req.into_response(answer).map_into_right_body())
}

/// Says on an answer whose pages may read it.
pub async fn show<B>(response: &mut ServiceResponse<B>) {
    let reader = reader(response.request()).await;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = reader {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
}

/// Whether this is an origin exactly as a browser writes it into its header (RFC 6454, section 6.2).
pub fn is_origin(text: &str) -> bool {
    Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_send() {
        for good in
            ["https://shop.example.com", "http://localhost:3000", "https://xn--fnf-hoa.example", "http://[::1]:8080"]
        {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "shop.example.com",
            "https://",
            "https://*.example.com:x",
            "https://shop.example.com/",
            "https://Shop.example.com",
            "HTTPS://shop.example.com",
            "https://shop.example.com:443",
            "http://shop.example.com:80",
            "https://a@shop.example.com",
            "https://fünf.example",
            "ftp://example.com",
            "file:///",
            "https://shop.example.com?x",
            "https://shop.example.com#x",
            " https://shop.example.com",
            "https://shop.example.com\n",
            "javascript:alert(1)",
            "https://shop.example.com:0443",
        ] {
            assert!(!is_origin(bad), "{bad:?}");
        }
    }
}
