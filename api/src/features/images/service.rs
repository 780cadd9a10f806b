//! Taking pictures in, and taking them out.
//!
//! What is kept of a picture is put into the store before the transaction that enters it, and noted in the database
//! before that ([`files::touch`]): whoever dies on the way leaves files that the database knows of and nothing
//! refers to, and these are collected.

use super::{
    answers::word,
    embedding::EmbedImage,
    error::ImageError,
    repo::{
        files,
        images::{self, Image, NewImage},
    },
};
use crate::{
    app::AppState,
    platform::{
        audit::{Action, Entry, record_in},
        authn::TenantCtx,
        crypto::hex,
        db::TenantTx,
        files::FileKey,
        http::UploadedFile,
        jobs::{When, enqueue_in},
        pictures::Prepared,
        points::{self, Point},
    },
};
use countinghouse_contract::{ImageId, ProductId, images::MAX_IMAGES_OF_PRODUCT};
use serde_json::json;

/// Takes a picture of a product in.
pub async fn upload(
    state: &AppState,
    ctx: &TenantCtx,
    product: ProductId,
    upload: UploadedFile,
) -> Result<Image, ImageError> {
    let place = state.pictures.place(ctx.tenant_id())?;
    let UploadedFile { file, bytes, sha256 } = upload;
    let room = state.files.room();
    // Whoever is refused in the end costs no decoding.
    ctx.look(move |tx| {
        if !images::product_exists(tx, product)? {
            return Err(ImageError::NotFound);
        }
        check_standing(tx, product, sha256)?;
        // Those that are on their way at the same time are few, and may go beyond it.
        if files::room_taken(tx)? < room { Ok(()) } else { Err(ImageError::NoRoom) }
    })
    .await?;
    let prepared = state.pictures.prepare(place, file).await?;
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    let format = word(prepared.original.format);
    let (width, height) = (pixels(prepared.width), pixels(prepared.height));
    let (original, display) = put(state, ctx, prepared).await?;
    points::reached(Point::PictureStored);
    ctx.transaction(move |tx| {
        if !images::lock_product(tx, product)? {
            return Err(ImageError::NotFound);
        }
        check_standing(tx, product, sha256)?;
        let id = tx.make_id::<ImageId>()?;
        let new = NewImage { id, product_id: product, sha256, bytes, format, width, height, original, display };
        images::insert(tx, &new)?;
        enqueue_in(tx, &EmbedImage { image_id: id }, When::default())?;
        let made = json!({"product_id": product, "sha256": hex(&sha256), "bytes": bytes});
        record_in(tx, Entry::new(Action::ImageAdded, id).after(made))?;
        images::find(tx, product, id)?.ok_or(ImageError::NotFound)
    })
    .await
}

fn check_standing(tx: &mut TenantTx<'_>, product: ProductId, sha256: [u8; 32]) -> Result<(), ImageError> {
    match images::standing(tx, product, sha256)? {
        (_, Some(known)) => Err(ImageError::Duplicate(Some(known))),
        (count, None) if count >= MAX_IMAGES_OF_PRODUCT => Err(ImageError::TooMany),
        _ => Ok(()),
    }
}

fn pixels(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Puts both files into the store, having said so before.
async fn put(state: &AppState, ctx: &TenantCtx, prepared: Prepared) -> Result<(FileKey, FileKey), ImageError> {
    let Prepared { original, original_sha256, display, display_sha256, .. } = prepared;
    let length = |bytes: &[u8]| i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let noted = [(original_sha256, length(&original.bytes)), (display_sha256, length(&display.bytes))];
    let named = ctx.look(move |tx| files::touch(tx, &noted).map_err(ImageError::from)).await?;
    let key = |sha256| named.iter().find(|file| file.sha256 == sha256).copied().ok_or(ImageError::FileGone);
    let keys = (key(original_sha256)?, key(display_sha256)?);
    let (original, display) =
        tokio::join!(state.files.put(keys.0, original.bytes), state.files.put(keys.1, display.bytes));
    original?;
    display?;
    Ok(keys)
}

/// Takes a picture out: it is found no more from this moment on.
pub async fn delete(ctx: &TenantCtx, product: ProductId, id: ImageId) -> Result<(), ImageError> {
    ctx.transaction(move |tx| {
        let image = images::find(tx, product, id)?.ok_or(ImageError::NotFound)?;
        if !images::delete(tx, product, id)? {
            return Err(ImageError::NotFound);
        }
        let gone = json!({"product_id": product, "sha256": hex(&image.sha256), "bytes": image.bytes});
        Ok(record_in(tx, Entry::new(Action::ImageDeleted, id).before(gone))?)
    })
    .await
}
