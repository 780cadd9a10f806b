//! What can go wrong with returns.

use crate::{
    features::{inventory::InventoryError, orders::OrderError},
    platform::{
        db::DbError,
        http::{ApiError, Invalid, Kind},
        ids::NoRandomness,
    },
};
use countinghouse_contract::{OrderLineId, money::MoneyError};
use serde_json::json;

pub const RETURN_EXCEEDS_SOLD: Kind = Kind::new(
    409,
    "return_exceeds_sold",
    "That is more than was sold",
    "More units of a line were to come back than were sold and have not come back yet. lines says how many \
     are left of each; nothing was returned.",
);

#[derive(Debug, thiserror::Error)]
pub enum ReturnError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such return")]
    NotFound,
    /// Lines with what was to come back, and what is left of them.
    #[error("{} lines have sold less", .0.len())]
    ExceedsSold(Vec<(OrderLineId, i64, i64)>),
    #[error(transparent)]
    Order(#[from] OrderError),
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<Invalid> for ReturnError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<ReturnError> for ApiError {
    fn from(error: ReturnError) -> Self {
        match error {
            ReturnError::Invalid(invalid) => invalid.into(),
            ReturnError::NotFound => Self::not_found(),
            ReturnError::ExceedsSold(lines) => exceeding(&lines),
            ReturnError::Order(error) => error.into(),
            ReturnError::Inventory(error) => OrderError::Inventory(error).into(),
            ReturnError::Money(error) => OrderError::TooLarge(error).into(),
            ReturnError::NoRandomness(error) => error.into(),
            ReturnError::Db(error) => error.into(),
        }
    }
}

fn exceeding(lines: &[(OrderLineId, i64, i64)]) -> ApiError {
    let named = |(line, requested, left): &(OrderLineId, i64, i64)| json!({"order_line_id": line, "requested": requested, "left": left});
    RETURN_EXCEEDS_SOLD
        .with("Nothing was returned; lines says what is left of each.")
        .with_member("lines", lines.iter().map(named).collect::<Vec<_>>())
}
