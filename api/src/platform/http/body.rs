//! Strict JSON bodies: the right media type, a bounded size, no unknown field, and faults that
//! say where they stand.

use crate::app::AppState;

use super::{error::ApiError, invalid::Invalid, problems, strict::Strict};
use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    web::{Bytes, Data, PayloadConfig},
};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use std::{future::Future, pin::Pin};

/// The largest JSON body, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// A JSON body of this type.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !req.content_type().eq_ignore_ascii_case("application/json") {
            let error = problems::UNSUPPORTED_MEDIA_TYPE.with("Send `Content-Type: application/json`.");
            return Box::pin(std::future::ready(Err(error)));
        }
        let bytes = read(req.clone(), payload.take());
        Box::pin(async move { parse(&bytes.await?).map(Self) })
    }
}

/// A body to its end, within the limits of size and time.
pub(super) async fn read(req: HttpRequest, mut payload: Payload) -> Result<Bytes, ApiError> {
    let patience = req.app_data::<Data<AppState>>().map(|state| state.body_patience).unwrap_or_default();
    let bytes = Bytes::from_request(&req, &mut payload);
    let Ok(bytes) = tokio::time::timeout(patience, bytes).await else {
        return Err(problems::BODY_TOO_SLOW.with("Nothing was done; send the body at once."));
    };
    bytes.map_err(|error| match error.as_response_error().status_code().as_u16() {
        413 => problems::TOO_LARGE.with(format!("At most {MAX_BODY} bytes.")),
        _ => problems::MALFORMED.with("The body could not be read to its end."),
    })
}

/// The size limit that [`Body`] reads.
pub(super) fn payload_config() -> PayloadConfig {
    PayloadConfig::new(MAX_BODY)
}

pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(Strict(&mut deserializer)).map_err(|error| {
        let inner = error.inner();
        if inner.is_data() {
            fault(error.path(), &without_position(&inner.to_string())).into()
        } else {
            malformed(inner)
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> ApiError {
    problems::MALFORMED.with(format!("The body is not JSON: {error}."))
}

fn without_position(text: &str) -> String {
    text.rsplit_once(" at line ").map_or(text, |(said, _)| said).to_owned()
}

/// serde's own words for a fault, told apart by how they begin; a test pins each of them.
pub(super) fn fault(path: &Path, text: &str) -> Invalid {
    let mut pointer = pointer(path);
    let named = text.split('`').nth(1).unwrap_or_default();
    let code = match text {
        _ if text.starts_with("unknown field") => "unknown_field",
        _ if text.starts_with("missing field") => "missing_field",
        _ if text.starts_with("duplicate field") => "duplicate_field",
        _ if text.starts_with("invalid type") => "invalid_type",
        _ => "invalid_value",
    };
    let names_field = matches!(code, "unknown_field" | "missing_field" | "duplicate_field");
    let last = format!("/{}", escape(named));
    if names_field && !pointer.ends_with(&last) {
        pointer.push_str(&last);
    }
    let mut invalid = Invalid::default();
    invalid.add(&pointer, code, sentence(text));
    invalid
}

/// A JSON pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    let parts = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(escape(key)),
        Segment::Enum { variant } => Some(escape(variant)),
        Segment::Unknown => None,
    });
    parts.fold(String::new(), |pointer, part| format!("{pointer}/{part}"))
}

fn escape(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use countinghouse_contract::orders::NewOrder;

    fn fault_of(json: &str) -> String {
        match parse::<NewOrder>(json.as_bytes()) {
            Ok(_) => "none".to_owned(),
            Err(error) => {
                let text = serde_json::to_string(&serde_json::json!({"e": format!("{error:?}")})).unwrap();
                let part = |name: &str| {
                    text.split(&format!("{name}: \\\""))
                        .nth(1)
                        .and_then(|t| t.split("\\\"").next())
                        .unwrap_or("")
                        .to_owned()
                };
                format!("{} {} {}", error.code(), part("pointer"), text.matches("FieldError").count())
            }
        }
    }

    #[test]
    fn each_fault_says_where_it_stands() {
        let cases = [
            ("{", "malformed_request  0"),
            (r#"{"lines":[]} x"#, "malformed_request  0"),
            (r#"{"lines":[],"colour":1}"#, "invalid_request /colour 1"),
            (r#"{"lines":[{"quantity":1,"x~y/z":1}]}"#, "invalid_request /lines/0/x~0y~1z 1"),
            ("{}", "invalid_request /lines 1"),
            (r#"{"lines":[{}]}"#, "invalid_request /lines/0/quantity 1"),
            (r#"{"lines":[{"quantity":"1"}]}"#, "invalid_request /lines/0/quantity 1"),
            (r#"{"lines":[{"quantity":1.5}]}"#, "invalid_request /lines/0/quantity 1"),
            (r#"{"lines":[],"lines":[]}"#, "invalid_request /lines 1"),
            (r#"{"lines":[{"quantity":1,"product_id":"7"}]}"#, "invalid_request /lines/0/product_id 1"),
            ("[]", "invalid_request  1"),
            ("[[],null,null,null]", "invalid_request  1"),
            (r#"{"lines":[[null,"A",1]]}"#, "invalid_request /lines/0 1"),
            ("null", "invalid_request  1"),
        ];
        for (json, expected) in cases {
            assert_eq!(fault_of(json), expected, "{json}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_malformed() {
        assert_eq!(parse::<NewOrder>(b"{\"lines\":[],\"note\":\"\xff\"}").err().unwrap().code(), "malformed_request");
        assert_eq!(parse::<NewOrder>(br#"{"lines":[],"note":"\ud800"}"#).err().unwrap().code(), "malformed_request");
    }
}
