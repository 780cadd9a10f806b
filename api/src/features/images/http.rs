//! Routes of pictures, under `/products` and, for who has a link, under `/images`.

use super::{
    answers::wire,
    error::{DUPLICATE_IMAGE, IMAGE_MODEL_UNAVAILABLE, IMAGE_SPACE_USED_UP, TOO_MANY_IMAGES},
    looking,
    repo::images::Image,
    searching, service,
};
use crate::{
    app::AppState,
    platform::{
        authn::TenantCtx,
        authz::Permission,
        http::{
            Access, Answer, ApiError, Form, IdPath, PictureAnswer, Position, Query, Route, WantedPart, no_content,
            problems,
        },
        limits::RateClass,
    },
};
use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use countinghouse_contract::{
    ImageId, Page, ProductId,
    images::{FoundProducts, ImageFileQuery, ImageSearch, ImagesQuery, NewImage, ProductImage, SimilarQuery},
};
use std::str::FromStr;

pub fn routes() -> Vec<Route> {
    let (read, write) = (Access::Needs(Permission::ProductsRead), Access::Needs(Permission::ProductsWrite));
    vec![
        Route::post("/products/{id}/images", write, upload)
            .about("Takes a picture of a product in, by a form with it as its part `file`.")
            .creates()
            .rate(RateClass::Upload)
            .refuses(&[DUPLICATE_IMAGE, TOO_MANY_IMAGES, IMAGE_SPACE_USED_UP]),
        Route::get("/products/{id}/images", read, list).about("Pictures of a product, newest first."),
        Route::get("/products/{id}/images/{image_id}", read, show).about("What is known of one picture."),
        Route::delete("/products/{id}/images/{image_id}", write, delete)
            .about("Takes a picture out; it is found no more from that moment on."),
        Route::get("/products/{id}/images/{image_id}/file", read, file).about("The picture itself."),
        Route::get("/images/{link}", Access::Public, follow)
            .about("The picture itself, for who has a link to it.")
            .refuses(&[problems::CLIENT_SUSPENDED]),
        Route::post("/products/image-search", read, search)
            .about("Products that look like a picture, which is the part `file` of a form.")
            .rate(RateClass::Upload)
            .not_replayed("it changes nothing")
            .refuses(&[IMAGE_MODEL_UNAVAILABLE]),
        Route::get("/products/{id}/similar", read, similar)
            .about("Products that look like one of the client's own.")
            .rate(RateClass::Search),
    ]
}

async fn upload(
    state: Data<AppState>,
    ctx: TenantCtx,
    product: IdPath<ProductId>,
    form: Form<NewImage>,
) -> Result<Answer<ProductImage>, ApiError> {
    let image = service::upload(&state, &ctx, product.0, form.file).await?;
    let location = format!("/api/v1/products/{}/images/{}", image.product_id(), image.id());
    Ok(Answer::created(shown(&state, &ctx, &image)).at(location))
}

async fn list(
    state: Data<AppState>,
    ctx: TenantCtx,
    product: IdPath<ProductId>,
    query: Query<ImagesQuery>,
) -> Result<Answer<Page<ProductImage>>, ApiError> {
    let ImagesQuery { limit, cursor } = query.0;
    let list = format!("images {} {}", ctx.tenant_id(), product.0);
    let asked = state.cursors.page(&list, limit, cursor.as_deref())?;
    let rows = looking::list(&ctx, product.0, asked).await?;
    let position = |image: &Image| Position { created_at: image.created_at, id: image.id().0 };
    Ok(Answer::ok(state.cursors.make_page(&list, asked, rows, position, |image| shown(&state, &ctx, &image))))
}

async fn show(
    state: Data<AppState>,
    ctx: TenantCtx,
    path: Path<(String, String)>,
) -> Result<Answer<ProductImage>, ApiError> {
    let (product, image) = ids(&path)?;
    Ok(Answer::ok(shown(&state, &ctx, &looking::get(&ctx, product, image).await?)))
}

async fn delete(ctx: TenantCtx, path: Path<(String, String)>) -> Result<HttpResponse, ApiError> {
    let (product, image) = ids(&path)?;
    service::delete(&ctx, product, image).await?;
    Ok(no_content())
}

async fn file(
    state: Data<AppState>,
    ctx: TenantCtx,
    path: Path<(String, String)>,
    query: Query<ImageFileQuery>,
    wanted: WantedPart,
) -> Result<PictureAnswer, ApiError> {
    looking::show(&state, &ctx, ids(&path)?, query.0.size.unwrap_or_default(), &wanted).await
}

async fn follow(state: Data<AppState>, link: Path<String>, wanted: WantedPart) -> Result<PictureAnswer, ApiError> {
    looking::follow(&state, &link, &wanted).await
}

async fn search(
    state: Data<AppState>,
    ctx: TenantCtx,
    form: Form<ImageSearch>,
) -> Result<Answer<FoundProducts>, ApiError> {
    Ok(Answer::ok(searching::search(&state, &ctx, form.file, form.fields).await?))
}

async fn similar(
    ctx: TenantCtx,
    product: IdPath<ProductId>,
    query: Query<SimilarQuery>,
) -> Result<Answer<FoundProducts>, ApiError> {
    Ok(Answer::ok(searching::similar(&ctx, product.0, query.0.limit).await?))
}

fn shown(state: &AppState, ctx: &TenantCtx, image: &Image) -> ProductImage {
    wire(image, ctx.tenant_id(), &state.image_stamps, state.ids.now())
}

/// What is no id at all is not found, like an id that never was.
fn ids(path: &(String, String)) -> Result<(ProductId, ImageId), ApiError> {
    let (product, image) = path;
    let (Ok(product), Ok(image)) = (ProductId::from_str(product), ImageId::from_str(image)) else {
        return Err(ApiError::not_found());
    };
    Ok((product, image))
}
