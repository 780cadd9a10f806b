//! Showing pictures: what is known of them, and they themselves.

use super::{
    answers::media_type,
    error::ImageError,
    links::{self, Linked},
    repo::images::{self, Image, Stored},
};
use crate::{
    app::AppState,
    platform::{
        authn::TenantCtx,
        crypto::hex,
        files::FileKey,
        http::{ApiError, PageRequest, Part, PictureAnswer, WantedPart},
    },
};
use actix_web::body::{BoxBody, SizedStream};
use countinghouse_contract::{ImageId, ProductId, TenantId, images::ImageSize};

/// For how long a browser shows a picture again without asking whether it is there still, in seconds.
const FRESH_FOR: u64 = 3600;

pub async fn list(ctx: &TenantCtx, product: ProductId, asked: PageRequest) -> Result<Vec<Image>, ImageError> {
    ctx.read(move |tx| {
        if !images::product_exists(tx, product)? {
            return Err(ImageError::NotFound);
        }
        Ok(images::list(tx, product, asked)?)
    })
    .await
}

pub async fn get(ctx: &TenantCtx, product: ProductId, id: ImageId) -> Result<Image, ImageError> {
    ctx.read(move |tx| images::find(tx, product, id)?.ok_or(ImageError::NotFound)).await
}

/// The picture itself, for who may see the product.
pub async fn show(
    state: &AppState,
    ctx: &TenantCtx,
    (product, id): (ProductId, ImageId),
    size: ImageSize,
    wanted: &WantedPart,
) -> Result<PictureAnswer, ApiError> {
    let stored = ctx.read(move |tx| images::stored(tx, Some(product), id)?.ok_or(ImageError::NotFound)).await?;
    send(state, ctx.tenant_id(), &stored, size, wanted, 0).await
}

/// The same for who has a link: it is looked at before anything else.
pub async fn follow(state: &AppState, link: &str, wanted: &WantedPart) -> Result<PictureAnswer, ApiError> {
    let linked = links::read(&state.image_stamps, link, state.ids.now()).ok_or_else(ApiError::not_found)?;
    let Linked { tenant, image, size, good_for } = linked;
    let stored = state.db.signed(tenant, move |tx| images::stored(tx, None, image)?.ok_or(ImageError::NotFound));
    send(state, tenant, &stored.await?, size, wanted, good_for.min(FRESH_FOR)).await
}

async fn send(
    state: &AppState,
    tenant: TenantId,
    stored: &Stored,
    size: ImageSize,
    wanted: &WantedPart,
    fresh_for: u64,
) -> Result<PictureAnswer, ApiError> {
    let ((file, length), media_type) = match size {
        ImageSize::Original => (stored.original(tenant), media_type(&stored.format)),
        ImageSize::Display => (stored.display(tenant), media_type("jpeg")),
    };
    let (tag, length) = (format!("\"{}\"", hex(&file.sha256)), u64::try_from(length).unwrap_or_default());
    let part = wanted.of(&tag, length)?;
    let body = match &part {
        Part::Nothing => BoxBody::new(()),
        Part::Whole => body(state, file, None, length).await?,
        Part::Of(range) => {
            let bytes = range.end.saturating_sub(range.start);
            body(state, file, Some(range.clone()), bytes).await?
        }
    };
    Ok(PictureAnswer { media_type, tag, fresh_for, length, part, body })
}

async fn body(
    state: &AppState,
    key: FileKey,
    part: Option<std::ops::Range<u64>>,
    length: u64,
) -> Result<BoxBody, ApiError> {
    Ok(BoxBody::new(SizedStream::new(length, state.files.stream(key, part).await?)))
}
