//! One page of a list.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rows of a list, and where the next page begins (`null` at the end).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub struct Page<T> {
    pub data: Vec<T>,
    pub next_cursor: Option<String>,
}
