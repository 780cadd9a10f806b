//! Strict query strings and ids in paths.

use super::{body, error::ApiError, problems};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::de::DeserializeOwned;
use std::{
    future::{Ready, ready},
    str::FromStr,
};

/// A query string of this type; a route whose handler takes none refuses one.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        if !is_text(req.query_string()) {
            let detail = "The query string is not percent-encoded UTF-8.";
            return ready(Err(problems::MALFORMED.with(detail)));
        }
        let pairs = serde_urlencoded::Deserializer::new(parse_pairs(req.query_string()));
        let parsed = serde_path_to_error::deserialize(pairs);
        ready(parsed.map(Self).map_err(|error| body::fault(error.path(), &error.inner().to_string()).into()))
    }
}

/// Texts by name, which did not come in a query string.
pub(super) fn of_pairs<T: DeserializeOwned>(pairs: &[(String, String)]) -> Result<T, ApiError> {
    let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let pairs = serde_urlencoded::Deserializer::new(parse_pairs(&text));
    serde_path_to_error::deserialize(pairs)
        .map_err(|error| body::fault(error.path(), &error.inner().to_string()).into())
}

fn parse_pairs(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}

/// Broken escapes and bytes that are no UTF-8 are refused, where a lenient parser would guess.
fn is_text(query: &str) -> bool {
    let escaped = query.split('%').skip(1).all(|rest| {
        let mut digits = rest.chars();
        (0..2).all(|_| digits.next().is_some_and(|c| c.is_ascii_hexdigit()))
    });
    escaped && percent_encoding::percent_decode_str(query).decode_utf8().is_ok()
}

/// The `{id}` of the path. What is no id at all is not found, like an id that never was.
pub struct IdPath<T>(pub T);

impl<T: FromStr> FromRequest for IdPath<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = req.match_info().get("id").and_then(|text| text.parse().ok());
        ready(id.map(Self).ok_or_else(ApiError::not_found))
    }
}
