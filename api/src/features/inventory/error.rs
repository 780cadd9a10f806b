//! What can go wrong with stock.

use super::model::{Shortage, TooMuch};
use crate::{
    features::accounting::AccountingError,
    platform::{
        db::DbError,
        http::{ApiError, Invalid, Kind},
        ids::NoRandomness,
    },
};
use serde_json::json;

pub const INSUFFICIENT_STOCK: Kind = Kind::new(
    409,
    "insufficient_stock",
    "There is not enough in stock",
    "There are fewer units free to sell than were asked for, and nothing was changed. products names each \
     short product with what is available. Ask for less, or enter what came in first.",
);

#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such product")]
    ProductNotFound,
    #[error("{} products are short", .0.len())]
    Insufficient(Vec<Shortage>),
    #[error("nothing says what a unit cost")]
    NoUnitCost,
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    #[error(transparent)]
    Accounting(#[from] AccountingError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<Invalid> for InventoryError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<InventoryError> for ApiError {
    fn from(error: InventoryError) -> Self {
        match error {
            InventoryError::Invalid(invalid) => invalid.into(),
            InventoryError::ProductNotFound => single("/product_id", "not_found", "There is no such product."),
            InventoryError::TooMuch(too_much) => too_much.at("/quantity").into(),
            InventoryError::Accounting(error) => error.into(),
            InventoryError::NoRandomness(error) => error.into(),
            InventoryError::Db(error) => error.into(),
            InventoryError::NoUnitCost => {
                let rule = "No cost is known of this product: say what a unit cost.";
                single("/unit_cost", "unit_cost_required", rule)
            }
            // Orders, which know the SKUs, answer this themselves.
            InventoryError::Insufficient(short) => insufficient(&short),
        }
    }
}

fn insufficient(short: &[Shortage]) -> ApiError {
    let product = |short: &Shortage| json!({"product_id": short.product, "requested": short.requested, "available": short.available});
    INSUFFICIENT_STOCK
        .with("Less would be left than nothing. Nothing was changed.")
        .with_member("products", short.iter().map(product).collect::<Vec<_>>())
}

fn single(pointer: &str, code: &str, detail: &str) -> ApiError {
    let mut invalid = Invalid::default();
    invalid.add(pointer, code, detail);
    invalid.into()
}
