//! One page of a list.

use serde::{Deserialize, Serialize};

/// Rows of a list, and where the next page begins (`null` at the end).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Page<T> {
    pub data: Vec<T>,
    pub next_cursor: Option<String>,
}
