//! Finding products by what they look like.
//!
//! All of a client's vectors are compared, in one statement; there is no index that could leave some out. The
//! nearest pictures are then gone through by their likeness: a product is there once, by its best picture, and an
//! archived one is not. Where that leaves too few, more pictures are asked for.

use super::{
    embedding::text,
    error::ImageError,
    repo::vectors::{self, LooksOf, Near},
};
use crate::{
    app::AppState,
    platform::{
        authn::TenantCtx,
        db::{DbError, TenantTx},
        http::{Invalid, UploadedFile},
        pictures::Model,
    },
};
use countinghouse_contract::{
    ImageId, ProductId,
    images::{FoundProduct, FoundProducts, ImageSearch},
};
use std::{collections::HashSet, sync::Arc};

const MAX_FOUND: i64 = 50;
const USUAL_FOUND: i64 = 10;
/// Pictures that are asked for first, for each product that is wanted: several of one may be alike.
const FIRST_ASKED_FOR_EACH: i64 = 8;
const MORE_EACH_TIME: i64 = 8;
/// The model may be another one by the time that the picture was looked at.
const TRIES: usize = 3;

/// How many products are wanted, and how alike they have to be.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    limit: usize,
    min_score: f64,
    /// Not wanted itself.
    beside: Option<ProductId>,
}

impl Wanted {
    fn new(limit: Option<i64>, min_score: Option<f64>) -> Result<Self, Invalid> {
        let mut invalid = Invalid::default();
        let limit = limit.unwrap_or(USUAL_FOUND);
        if !(1..=MAX_FOUND).contains(&limit) {
            invalid.add("/limit", "out_of_range", format!("A number from 1 to {MAX_FOUND}."));
        }
        let min_score = min_score.unwrap_or(-1.0);
        if !(-1.0..=1.0).contains(&min_score) {
            invalid.add("/min_score", "out_of_range", "A number from -1 to 1.");
        }
        invalid.finish()?;
        Ok(Self { limit: usize::try_from(limit).unwrap_or_default(), min_score, beside: None })
    }
}

/// Products that look like a picture that somebody sent.
pub async fn search(
    state: &AppState,
    ctx: &TenantCtx,
    file: UploadedFile,
    search: ImageSearch,
) -> Result<FoundProducts, ImageError> {
    let wanted = Wanted::new(search.limit, search.min_score)?;
    for _ in 0..TRIES {
        let Some(model) = searching_model(state, ctx).await? else { return Err(ImageError::NoModel) };
        let again = file.file.try_clone().map_err(crate::platform::pictures::PictureError::from)?;
        let place = state.pictures.place(ctx.tenant_id())?;
        let asked = vec![text(&state.pictures.embed(place, again, Arc::clone(&model)).await?)];
        let found = ctx.read(move |tx| match vectors::searched_model(tx)? {
            Some(searched) if searched != model.id() => Ok(None),
            None => Ok(Some(FoundProducts { data: Vec::new(), model: None })),
            Some(searched) => {
                let data = choose(tx, &searched, &asked, wanted)?;
                Ok::<_, DbError>(Some(FoundProducts { data, model: Some(searched) }))
            }
        });
        if let Some(found) = found.await? {
            return Ok(found);
        }
    }
    Err(ImageError::NoModel)
}

/// The model by whose vectors the client is searched, where it is loaded.
async fn searching_model(state: &AppState, ctx: &TenantCtx) -> Result<Option<Arc<Model>>, ImageError> {
    Ok(match ctx.read(vectors::searched_model).await? {
        Some(searched) => state.pictures.model_called(&searched).await,
        None => state.pictures.model().await,
    })
}

/// Products that look like one of the client's own. That takes no model, for its pictures were looked at before.
pub async fn similar(ctx: &TenantCtx, product: ProductId, limit: Option<i64>) -> Result<FoundProducts, ImageError> {
    let wanted = Wanted::new(limit, None)?;
    ctx.read(move |tx| {
        let Some(LooksOf { model, vectors }) = vectors::looks_of(tx, product)? else {
            return Err(ImageError::NotFound);
        };
        // Its own pictures are the nearest to themselves.
        let wanted = Wanted { beside: Some(product), ..wanted };
        let data = model.as_deref().map(|model| choose(tx, model, &vectors, wanted)).transpose()?.unwrap_or_default();
        Ok(FoundProducts { data, model })
    })
    .await
}

/// Goes through the nearest pictures until there are enough products, or no more pictures.
fn choose(
    tx: &mut TenantTx<'_>,
    model: &str,
    vectors: &[String],
    wanted: Wanted,
) -> Result<Vec<FoundProduct>, DbError> {
    vectors::read_in_their_index(tx)?;
    // Pictures of the product itself are found by each four of them.
    let own = vectors.len().saturating_mul(vectors.len().div_ceil(4));
    let first = i64::try_from(wanted.limit).unwrap_or(MAX_FOUND).saturating_mul(FIRST_ASKED_FOR_EACH);
    let mut asked = first.saturating_add(i64::try_from(own).unwrap_or_default());
    loop {
        let pictures = vectors::near(tx, model, vectors, asked)?;
        let is_all = i64::try_from(pictures.len()).unwrap_or(i64::MAX) < asked;
        let is_far = pictures.last().is_some_and(|last| last.score < wanted.min_score);
        let found = products_of(pictures, wanted);
        if is_all || is_far || found.len() >= wanted.limit {
            return Ok(found);
        }
        asked = asked.saturating_mul(MORE_EACH_TIME);
    }
}

/// Each active product once, by its nearest picture.
fn products_of(pictures: Vec<Near>, wanted: Wanted) -> Vec<FoundProduct> {
    let mut seen = HashSet::new();
    let beside = wanted.beside.map(|product| product.0);
    let alike = pictures
        .into_iter()
        .filter(|near| near.active && near.score >= wanted.min_score && Some(near.product_id) != beside);
    let once = alike.filter(|near| seen.insert(near.product_id));
    let found = once.map(|Near { image_id, product_id, sku, name, score, .. }| FoundProduct {
        product_id: ProductId(product_id),
        image_id: ImageId(image_id),
        sku,
        name,
        score,
    });
    found.take(wanted.limit).collect()
}
