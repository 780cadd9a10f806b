//! What can go wrong with pictures.

use crate::platform::{
    db::DbError,
    files::FilesError,
    http::{ApiError, Invalid, Kind, problems},
    ids::NoRandomness,
    pictures::PictureError,
};
use countinghouse_contract::{ImageId, images::MAX_IMAGES_OF_PRODUCT};

pub const DUPLICATE_IMAGE: Kind = Kind::new(
    409,
    "duplicate_image",
    "The product has this picture already",
    "The very same file was uploaded for this product before, and a product has a picture once. image_id names \
     the one that is there; nothing was changed.",
);
pub const TOO_MANY_IMAGES: Kind = Kind::new(
    409,
    "too_many_images",
    "The product has as many pictures as it may have",
    "A product has 20 pictures at most. Delete one that is no longer needed, and upload this one again.",
);
pub const IMAGE_SPACE_USED_UP: Kind = Kind::new(
    409,
    "image_space_used_up",
    "The client's pictures take all the room there is for them",
    "The operator gives each client so much room for pictures, and it is used up. Delete pictures that are no longer \
     needed: their room is free again on the next day.",
);
pub const IMAGE_MODEL_UNAVAILABLE: Kind = Kind::new(
    503,
    "image_model_unavailable",
    "There is no model to compare pictures with",
    "Searching by a picture takes a model, and the service has none just now: the operator has configured none, it \
     could not be loaded, or the pictures were compared by another one that is being replaced. Uploads work \
     meanwhile, and are found as soon as there is a model.",
);

#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    #[error("the input is not valid")]
    Invalid(Invalid),
    #[error("there is no such product or picture")]
    NotFound,
    #[error("the product has the picture already")]
    Duplicate(Option<ImageId>),
    #[error("the product has too many pictures")]
    TooMany,
    #[error("the client's pictures take too much room")]
    NoRoom,
    #[error("there is no model")]
    NoModel,
    /// It was put there so long ago that it was taken for forgotten.
    #[error("a file of the picture is gone again")]
    FileGone,
    #[error(transparent)]
    Picture(#[from] PictureError),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error(transparent)]
    Db(DbError),
}

impl From<Invalid> for ImageError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<DbError> for ImageError {
    fn from(error: DbError) -> Self {
        match error {
            error if error.violates("product_images_once") => Self::Duplicate(None),
            error if error.violates("product_images_original_fkey") => Self::FileGone,
            error if error.violates("product_images_display_fkey") => Self::FileGone,
            error => Self::Db(error),
        }
    }
}

impl From<ImageError> for ApiError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Invalid(invalid) => invalid.into(),
            ImageError::NotFound => Self::not_found(),
            ImageError::Duplicate(known) => {
                let refused = DUPLICATE_IMAGE.with("This file was uploaded for this product before.");
                known.into_iter().fold(refused, |refused, id| refused.with_member("image_id", id.to_string()))
            }
            ImageError::TooMany => TOO_MANY_IMAGES.with(format!("At most {MAX_IMAGES_OF_PRODUCT} for each product.")),
            ImageError::NoRoom => IMAGE_SPACE_USED_UP.with("Nothing was stored."),
            ImageError::NoModel => {
                IMAGE_MODEL_UNAVAILABLE.with("Search by words works; try again later.").with_header("Retry-After", "30")
            }
            ImageError::FileGone => problems::UNAVAILABLE
                .with("Storing the picture took too long, and nothing was done; send it again.")
                .with_header("Retry-After", "1"),
            ImageError::Picture(error) => error.into(),
            ImageError::Files(error) => error.into(),
            ImageError::NoRandomness(error) => error.into(),
            ImageError::Db(error) => error.into(),
        }
    }
}
