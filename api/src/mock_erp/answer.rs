//! Answers, good ones and others.

use super::{faults::Fault, refusal::Refusal, wire};
use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{ALLOW, CONTENT_TYPE, LOCATION, RETRY_AFTER},
    },
    web::Bytes,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream;
use serde_json::{Value, json};
use std::{convert::Infallible, time::Duration};

const HTML: &str = "text/html; charset=utf-8";

/// What a fault makes of it; `good` is what would be answered.
pub fn faulty(req: &HttpRequest, fault: &Fault, mut good: Value, now: DateTime<Utc>) -> HttpResponse {
    match fault {
        Fault::Reset => wire::reset(req),
        Fault::Status(status) => refused(*status),
        Fault::PlainStatus(status) => {
            let page = "<!doctype html>\n<title>Error</title>\n<h1>Error</h1>\n";
            HttpResponse::build(status_of(*status)).insert_header((CONTENT_TYPE, HTML)).body(page)
        }
        Fault::RetryAfterSeconds(seconds) => too_many(seconds.to_string()),
        Fault::RetryAfterDate(seconds) => too_many(http_date(now, *seconds)),
        Fault::Redirect(to) => HttpResponse::TemporaryRedirect().insert_header((LOCATION, to.as_str())).finish(),
        Fault::SlowBodyMs(pause) => dribbled(good.to_string(), Duration::from_millis(*pause)),
        Fault::WrongJson => {
            let mut text = good.to_string();
            text.pop();
            HttpResponse::Ok().content_type("application/json").body(text)
        }
        Fault::NoReference => {
            if let Some(members) = good.as_object_mut() {
                members.remove("erp_reference");
            }
            HttpResponse::Ok().json(good)
        }
    }
}

/// As of a server that has no such path: what says so is not JSON.
pub fn no_page() -> HttpResponse {
    HttpResponse::NotFound().insert_header((CONTENT_TYPE, HTML)).body("<!doctype html>\n<h1>Not found</h1>\n")
}

pub fn not_allowed() -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, "POST")).finish()
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn refused(status: u16) -> HttpResponse {
    Refusal::new(status_of(status), "MOCK_FAULT", "a fault of the mock asks for this").error_response()
}

fn too_many(wait: String) -> HttpResponse {
    let body = json!({"error": "too many requests, as a fault of the mock asks for", "code": "RATE_LIMITED"});
    HttpResponse::TooManyRequests().insert_header((RETRY_AFTER, wait)).json(body)
}

/// As HTTP has it (RFC 9110, 5.6.7).
fn http_date(now: DateTime<Utc>, seconds: u32) -> String {
    (now + TimeDelta::seconds(seconds.into())).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// One byte after the other.
fn dribbled(text: String, pause: Duration) -> HttpResponse {
    let bytes = stream::unfold(text.into_bytes().into_iter(), move |mut rest| async move {
        let byte = rest.next()?;
        tokio::time::sleep(pause).await;
        Some((Ok::<_, Infallible>(Bytes::from(vec![byte])), rest))
    });
    HttpResponse::Ok().content_type("application/json").streaming(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_http_has_it() {
        assert_eq!(http_date("2026-03-01T10:00:00.7Z".parse().unwrap(), 65), "Sun, 01 Mar 2026 10:01:05 GMT");
    }
}
