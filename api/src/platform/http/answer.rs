//! Answers: JSON with its status, entity tag and location.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{
        StatusCode,
        header::{ETAG, LOCATION},
    },
};
use serde::Serialize;

/// A JSON answer.
pub struct Answer<T> {
    status: StatusCode,
    body: T,
    version: Option<i64>,
    location: Option<String>,
}

impl<T: Serialize> Answer<T> {
    pub fn ok(body: T) -> Self {
        Self { status: StatusCode::OK, body, version: None, location: None }
    }

    pub fn created(body: T) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(body) }
    }

    /// Where the new thing is found.
    pub fn at(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }

    /// The `ETag`, which `If-Match` is compared with.
    pub fn version(mut self, version: i64) -> Self {
        self.version = Some(version);
        self
    }
}

impl<T: Serialize> Responder for Answer<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if let Some(version) = self.version {
            response.insert_header((ETAG, format!("\"{version}\"")));
        }
        if let Some(location) = self.location {
            response.insert_header((LOCATION, location));
        }
        response.json(self.body)
    }
}

/// 204.
pub fn no_content() -> HttpResponse {
    HttpResponse::NoContent().finish()
}
