//! What is seen of a request from outside: its id, its log line, and the id in its problem.
//!
//! One JSON line per request, with the route's pattern instead of its path: paths and query
//! strings carry data. Never logged: bodies, headers, credentials, names of people.

use super::{
    authn::{PlatformCtx, TenantCtx},
    http::{ApiError, cors, problems},
    limits::{self, Taken},
    metrics::Requests,
};
use crate::app::AppState;
use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS},
    middleware::Next,
    web::Data,
};
use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// `LOG`: what is logged, as JSON lines on standard error: a level, or `countinghouse_api=debug,info`.
pub fn start_logging() {
    let filter = EnvFilter::try_from_env("LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
    // A second call, from a test, changes nothing.
    let _already_set = tracing_subscriber::registry().with(filter).with(lines).try_init();
}

/// A panic is a line of the log like any other. It says where, and not what: its message may quote
/// what it broke on.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "panicked");
    }));
}

/// The outermost layer of every request.
pub async fn observe<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let request_id = request_id(&req);
    let trace_id = trace_id(req.headers());
    let metrics = req.app_data::<Data<AppState>>().map(|state| state.metrics.requests.clone());
    let _in_flight = metrics.as_ref().map(Requests::begin);
    let response = next.call(req).await?;
    let mut response = match problem_of(&response) {
        Some(problem) => with_problem(response, &problem, &request_id),
        None => response.map_into_left_body(),
    };
    cors::show(&mut response).await;
    let taken = response.request().extensions().get::<Taken>().copied();
    let headers = response.headers_mut();
    if let Some(taken) = taken {
        limits::show(&taken, headers);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, value);
    }
    let (req, status, took) = (response.request(), response.status().as_u16(), started.elapsed());
    if let Some(metrics) = metrics {
        metrics.answered(method(req), req.match_pattern(), status, took);
    }
    log(req, status, &request_id, trace_id.as_deref(), took);
    Ok(response)
}

/// The problem that an answer stands for: a feature's own, or a plain one where the framework
/// refused a request before any handler saw it.
fn problem_of<B>(response: &ServiceResponse<B>) -> Option<Problem> {
    if let Some(error) = response.response().error() {
        if error.as_error::<ApiError>().is_some() {
            return Some(Problem::Ours);
        }
        let kind = match response.status().as_u16() {
            404 => problems::NOT_FOUND,
            413 => problems::TOO_LARGE,
            400..=499 => problems::MALFORMED,
            _ => problems::INTERNAL,
        };
        // What the framework says of a client's fault helps the client; of its own, only the log.
        let problem = match kind.status {
            500.. => kind.with("It has been logged.").with_source(anyhow::anyhow!("{error}")),
            _ => kind.with(error.to_string()),
        };
        return Some(Problem::Foreign(problem));
    }
    None
}

enum Problem {
    Ours,
    Foreign(ApiError),
}

fn with_problem<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
    problem: &Problem,
    request_id: &str,
) -> ServiceResponse<actix_web::body::EitherBody<B>> {
    let ours = response.response().error().and_then(|error| error.as_error::<ApiError>());
    let error = match problem {
        Problem::Foreign(error) => Some(error),
        Problem::Ours => ours,
    };
    let Some(error) = error else {
        return response.map_into_left_body();
    };
    if let Some(source) = error.source() {
        tracing::error!(request_id, code = error.code(), error = chain(source), "request failed");
    }
    if let Some(state) = response.request().app_data::<Data<AppState>>() {
        state.metrics.requests.problem(error.code());
    }
    let answer = error.respond(request_id);
    response.into_response(answer).map_into_right_body()
}

/// The whole chain of an error, which goes to the log and nowhere else.
fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for (depth, cause) in error.chain().enumerate() {
        let separator = if depth == 0 { "" } else { ": " };
        let _infallible = write!(text, "{separator}{cause}");
    }
    text
}

fn log(req: &HttpRequest, status: u16, request_id: &str, trace_id: Option<&str>, took: Duration) {
    let extensions = req.extensions();
    let tenant = extensions.get::<TenantCtx>().map(|ctx| ctx.tenant_id().to_string());
    let user = extensions.get::<TenantCtx>().map(|ctx| ctx.principal().user_id.to_string());
    let api_key = extensions.get::<TenantCtx>().and_then(|ctx| ctx.principal().api_key_id()).map(|id| id.to_string());
    let superadmin = extensions.get::<PlatformCtx>().map(|ctx| ctx.superadmin_id().to_string());
    tracing::info!(
        request_id,
        trace_id,
        method = method(req),
        route = req.match_pattern().as_deref().unwrap_or("none"),
        status,
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        tenant,
        user,
        api_key,
        superadmin,
        "request"
    );
}

/// Callers may make up methods.
fn method(req: &HttpRequest) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == req.method().as_str()).unwrap_or("other")
}

/// The caller's `X-Request-Id` when it is well-formed, else a new one.
fn request_id(req: &ServiceRequest) -> String {
    let given = req.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let plain = |id: &&str| {
        (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    given.filter(plain).map(str::to_owned).unwrap_or_else(|| {
        let made = req.app_data::<Data<AppState>>().and_then(|state| state.ids.make::<Uuid>().ok());
        made.unwrap_or_default().to_string()
    })
}

/// The trace that a well-formed `traceparent` names (W3C Trace Context, version 00 and later).
fn trace_id(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("traceparent")?.to_str().ok()?;
    let parts: Vec<&str> = value.split('-').collect();
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let zero = |text: &str| text.bytes().all(|b| b == b'0');
    match parts.as_slice() {
        [version, trace, parent, flags, rest @ ..]
            if hex(version, 2) && *version != "ff" && (*version != "00" || rest.is_empty()) =>
        {
            let whole = hex(trace, 32) && !zero(trace) && hex(parent, 16) && !zero(parent) && hex(flags, 2);
            whole.then(|| (*trace).to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_read_or_ignored() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static("traceparent"), HeaderValue::from_str(value).unwrap());
            trace_id(&headers)
        };
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(read(&format!("00-{trace}-00f067aa0ba902b7-01")).as_deref(), Some(trace));
        assert_eq!(read(&format!("cc-{trace}-00f067aa0ba902b7-01-later")).as_deref(), Some(trace));
        for wrong in [
            format!("00-{trace}-00f067aa0ba902b7-01-more"),
            format!("ff-{trace}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{trace}-0000000000000000-01"),
            format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()),
            "00".to_owned(),
            String::new(),
        ] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
    }
}
