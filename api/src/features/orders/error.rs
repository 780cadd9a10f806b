//! What can go wrong with orders.

use crate::{
    features::inventory::{InventoryError, Shortage},
    platform::{
        db::DbError,
        http::{ApiError, Invalid, Kind},
        ids::NoRandomness,
    },
};
use countinghouse_contract::{OrderId, money::MoneyError};
use serde_json::json;

const INSUFFICIENT_STOCK: Kind = Kind::new(409, "insufficient_stock", "There is not enough in stock");
const DUPLICATE_REFERENCE: Kind = Kind::new(409, "duplicate_reference", "This order exists already");

#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such order")]
    NotFound,
    #[error("{} products are short", .0.len())]
    Insufficient(Vec<Short>),
    #[error("an order of this channel has the reference already")]
    DuplicateReference(OrderId),
    /// The order would be worth more than the bounds of the contract allow.
    #[error(transparent)]
    TooLarge(#[from] MoneyError),
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A product that is short, named as people know it.
#[derive(Debug)]
pub struct Short {
    pub sku: String,
    pub shortage: Shortage,
}

impl From<Invalid> for OrderError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<OrderError> for ApiError {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Invalid(invalid) => invalid.into(),
            OrderError::NotFound => Self::not_found(),
            OrderError::Insufficient(short) => insufficient(&short),
            OrderError::DuplicateReference(order) => DUPLICATE_REFERENCE
                .with("An order of this channel has this external_reference; order_id names it.")
                .with_member("order_id", order.to_string()),
            OrderError::TooLarge(error) => {
                let mut invalid = Invalid::default();
                invalid.add("/lines", "too_large", format!("The order is too large: {error}."));
                invalid.into()
            }
            OrderError::Inventory(error) => error.into(),
            OrderError::NoRandomness(error) => error.into(),
            OrderError::Db(error) => error.into(),
        }
    }
}

fn insufficient(short: &[Short]) -> ApiError {
    let products: Vec<_> = short
        .iter()
        .map(|Short { sku, shortage }| {
            json!({
                "product_id": shortage.product,
                "sku": sku,
                "requested": shortage.requested,
                "available": shortage.available,
            })
        })
        .collect();
    let named: Vec<_> = short
        .iter()
        .take(10)
        .map(|Short { sku, shortage }| format!("{sku} ({} of {})", shortage.available, shortage.requested))
        .collect();
    INSUFFICIENT_STOCK
        .with(format!("Nothing was ordered. Available: {}.", named.join(", ")))
        .with_member("products", products)
}
