//! What a client's software is told of by itself, without asking.

use crate::ProductId;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Something that happened. The value is what is told of it.
pub trait Event: Serialize + DeserializeOwned {
    /// What happened, as `thing.what`. Never renamed.
    const KIND: &'static str;
}

/// A product's stock came down to its threshold. The next one comes after it was above it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLow {
    pub product_id: ProductId,
    pub sku: String,
    pub name: String,
    pub on_hand: i64,
    /// The product's own, or else the client's.
    pub low_stock_threshold: i64,
}

impl Event for StockLow {
    const KIND: &'static str = "stock.low";
}
