//! What can go wrong with stock.

use super::model::{Shortage, TooMuch};
use crate::{
    features::accounting::AccountingError,
    platform::{
        db::DbError,
        http::{ApiError, Invalid},
        ids::NoRandomness,
    },
};

#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such product")]
    ProductNotFound,
    #[error("{} products are short", .0.len())]
    Insufficient(Vec<Shortage>),
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
            InventoryError::TooMuch(too_much) => single("/quantity", "too_large", &format!("Too much: {too_much}.")),
            InventoryError::Accounting(error) => error.into(),
            InventoryError::NoRandomness(error) => error.into(),
            InventoryError::Db(error) => error.into(),
            // Orders, which know the SKUs, answer this themselves.
            InventoryError::Insufficient(_) => Self::internal(error),
        }
    }
}

fn single(pointer: &str, code: &str, detail: &str) -> ApiError {
    let mut invalid = Invalid::default();
    invalid.add(pointer, code, detail);
    invalid.into()
}
