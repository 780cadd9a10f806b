//! What can go wrong with products.

use crate::{
    features::inventory::InventoryError,
    platform::{
        db::DbError,
        http::{ApiError, Invalid, Kind},
        ids::NoRandomness,
    },
};

pub const SKU_TAKEN: Kind = Kind::new(
    409,
    "sku_taken",
    "The SKU is taken",
    "Another product has this SKU, perhaps an archived one: an archived product keeps it. Choose another \
     SKU, or bring the archived product back.",
);

#[derive(Debug, thiserror::Error)]
pub enum ProductError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such product")]
    NotFound,
    #[error("the SKU is taken")]
    SkuTaken,
    #[error("the caller has not seen this version")]
    VersionMismatch(ApiError),
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Db(DbError),
}

impl From<Invalid> for ProductError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<DbError> for ProductError {
    fn from(error: DbError) -> Self {
        if error.violates("products_sku_key") { Self::SkuTaken } else { Self::Db(error) }
    }
}

impl From<ProductError> for ApiError {
    fn from(error: ProductError) -> Self {
        match error {
            ProductError::Invalid(invalid) => invalid.into(),
            ProductError::NotFound => Self::not_found(),
            ProductError::SkuTaken => SKU_TAKEN.with("Another product has this SKU; archived products keep theirs."),
            ProductError::VersionMismatch(error) => error,
            ProductError::Inventory(error) => error.into(),
            ProductError::NoRandomness(error) => error.into(),
            ProductError::Db(error) => error.into(),
        }
    }
}
