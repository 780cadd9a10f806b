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
use uuid::Uuid;

/// A JSON answer.
pub struct Answer<T> {
    status: StatusCode,
    body: T,
    version: Option<i64>,
    location: Option<String>,
    person: Option<Uuid>,
}

/// Left on an answer that tells of a person, so that where it is kept it is found when they are
/// erased.
pub(super) struct TellsOf(pub Uuid);

impl<T: Serialize> Answer<T> {
    pub fn ok(body: T) -> Self {
        Self { status: StatusCode::OK, body, version: None, location: None, person: None }
    }

    pub fn created(body: T) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(body) }
    }

    /// It goes on after the answer.
    pub fn accepted(body: T) -> Self {
        Self { status: StatusCode::ACCEPTED, ..Self::ok(body) }
    }

    /// Where the new thing is found.
    pub fn at(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }

    /// Whose name, address or the like it shows: the customer, if there is one.
    pub fn tells_of(mut self, person: Option<Uuid>) -> Self {
        self.person = person;
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
        let mut response = response.json(self.body);
        if let Some(person) = self.person {
            response.extensions_mut().insert(TellsOf(person));
        }
        response
    }
}

/// 204.
pub fn no_content() -> HttpResponse {
    HttpResponse::NoContent().finish()
}
