//! Pictures as they go out.

use super::{links, repo::images::Image};
use crate::platform::{
    crypto::{Stamps, hex},
    pictures::Format,
};
use chrono::{DateTime, Utc};
use countinghouse_contract::{
    TenantId,
    images::{ImageSize, ProductImage},
};

/// The forms of pictures, as they are stored.
const FORMATS: [(Format, &str); 3] = [(Format::Jpeg, "jpeg"), (Format::Png, "png"), (Format::WebP, "webp")];

/// As it is stored.
pub fn word(format: Format) -> &'static str {
    FORMATS.iter().find(|(known, _)| *known == format).map_or("jpeg", |(_, word)| word)
}

/// What one that is stored so is sent as.
pub fn media_type(word: &str) -> &'static str {
    FORMATS.iter().find(|(_, known)| *known == word).map_or(Format::Jpeg, |(format, _)| *format).media_type()
}

/// With links that are good from now on.
pub fn wire(image: &Image, tenant: TenantId, stamps: &Stamps, now: DateTime<Utc>) -> ProductImage {
    ProductImage {
        id: image.id(),
        product_id: image.product_id(),
        url: links::write(stamps, tenant, image.id(), ImageSize::Display, now),
        original_url: links::write(stamps, tenant, image.id(), ImageSize::Original, now),
        media_type: media_type(&image.format).to_owned(),
        width: image.width,
        height: image.height,
        bytes: image.bytes,
        sha256: hex(&image.sha256),
        searchable: image.searchable,
        created_at: image.created_at,
    }
}
