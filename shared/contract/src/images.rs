//! Pictures of products, and finding products by a picture.

use crate::{ImageId, ProductId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The largest picture that is taken, in bytes.
pub const MAX_PICTURE: u64 = 10 * 1024 * 1024;
/// How many pictures a product may have.
pub const MAX_IMAGES_OF_PRODUCT: i64 = 20;

/// A picture of a product. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductImage {
    pub id: ImageId,
    pub product_id: ProductId,
    /// Where a browser finds the picture as a page shows it (a JPEG of at most 1,024 pixels a side), relative to
    /// the service's address. It is signed and good for a day at least; asking for the picture again gives
    /// another.
    #[schemars(example = "/api/v1/images/AZqqqg")]
    pub url: String,
    /// The same for the whole picture, in its own form, without metadata.
    #[schemars(example = "/api/v1/images/AZqqqw")]
    pub original_url: String,
    /// What the whole picture is: its content says so, whatever its name was.
    #[schemars(example = "image/jpeg")]
    pub media_type: String,
    /// In pixels, as it is shown.
    pub width: i32,
    /// In pixels, as it is shown.
    pub height: i32,
    /// How large the upload was, as it came.
    pub bytes: i64,
    /// The upload's SHA-256, as it came, in hexadecimal.
    #[schemars(example = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae")]
    pub sha256: String,
    /// Whether it is found by search yet: within seconds of the upload, where there is a model.
    pub searchable: bool,
    pub created_at: DateTime<Utc>,
}

/// `POST /products/{id}/images`: nothing beside the file.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewImage {}

/// Which pictures a list shows.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImagesQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// In which size a picture is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImageSize {
    /// The whole picture, in its own form.
    Original,
    /// As a page shows it: a JPEG of at most 1,024 pixels a side.
    #[default]
    Display,
}

/// `GET /products/{id}/images/{image_id}/file`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageFileQuery {
    /// `display` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<ImageSize>,
}

/// `POST /products/image-search`: what is asked for beside the file.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageSearch {
    /// How many products at most; ten without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50))]
    pub limit: Option<i64>,
    /// Products that look less like it are left out. The same thing photographed differently begins at about 0.65,
    /// and so high may other things come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1, max = 1))]
    pub min_score: Option<f64>,
}

/// `GET /products/{id}/similar`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SimilarQuery {
    /// How many products at most; ten without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50))]
    pub limit: Option<i64>,
}

/// A product that looks like what was asked for, by the picture of it that does most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoundProduct {
    pub product_id: ProductId,
    /// The picture of it that is most like it.
    pub image_id: ImageId,
    pub sku: String,
    pub name: String,
    /// How much they look alike: 1 is the same picture (cosine similarity).
    #[schemars(example = 0.9312)]
    pub score: f64,
}

/// Products by their likeness, the most alike first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoundProducts {
    pub data: Vec<FoundProduct>,
    /// By which model they were compared; scores of two models say nothing of each other. `null` where no picture
    /// is searchable yet.
    pub model: Option<String>,
}
