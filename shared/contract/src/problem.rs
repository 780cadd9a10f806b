//! Problems: RFC 9457 `application/problem+json`, the one shape of every error answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The media type of an error answer.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// What went wrong, for people (`title`, `detail`) and for programs (`code`).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// `/problems/{code}`: the stable name of the kind.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    pub detail: String,
    /// A stable slug to decide on.
    #[schemars(example = &"sku_taken")]
    pub code: String,
    #[serde(default)]
    pub request_id: String,
    /// Each fault of invalid input with the place where it stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Members of a particular code, such as `order_id` of `duplicate_reference`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One fault in a request: a JSON pointer into the body (or `/name` of a query parameter).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldError {
    pub pointer: String,
    /// A stable slug for this fault.
    #[schemars(example = &"out_of_range")]
    pub code: String,
    pub detail: String,
}
