//! Calls on pictures of products, and searching by a picture.

use crate::{ClientError, Session};
use countinghouse_contract::{
    ImageId, Page, ProductId,
    images::{FoundProducts, ImageFileQuery, ImageSearch, ImageSize, ImagesQuery, ProductImage, SimilarQuery},
};
use reqwest::{RequestBuilder, header::CONTENT_TYPE};

impl Session {
    /// Takes a picture of a product in: a JPEG, PNG or WebP.
    ///
    /// # Errors
    /// The problems `duplicate_image`, `too_many_images` and `image_space_used_up`; inside of `invalid_request` what is wrong with it.
    pub async fn upload_image(&self, product: ProductId, picture: &[u8]) -> Result<ProductImage, ClientError> {
        let path = format!("/products/{product}/images");
        self.call(form(self.client().post_nothing(&path), picture, &[])).await
    }

    /// One page of a product's pictures, newest first.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn images(&self, product: ProductId, query: &ImagesQuery) -> Result<Page<ProductImage>, ClientError> {
        self.call(self.client().list(&format!("/products/{product}/images"), query)?).await
    }

    /// What is known of one picture, with links that are good from now on.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn image(&self, product: ProductId, image: ImageId) -> Result<ProductImage, ClientError> {
        self.call(self.client().get(&format!("/products/{product}/images/{image}"))).await
    }

    /// The picture itself.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn image_file(
        &self,
        product: ProductId,
        image: ImageId,
        size: ImageSize,
    ) -> Result<Vec<u8>, ClientError> {
        let query = ImageFileQuery { size: Some(size) };
        let request = self.client().list(&format!("/products/{product}/images/{image}/file"), &query)?;
        Ok(self.send(request).await?.1)
    }

    /// Takes a picture out.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn delete_image(&self, product: ProductId, image: ImageId) -> Result<(), ClientError> {
        self.send(self.client().delete(&format!("/products/{product}/images/{image}"))).await.map(drop)
    }

    /// Products that look like a picture.
    ///
    /// # Errors
    /// The problem `image_model_unavailable`; inside of `invalid_request` what is wrong with the picture.
    pub async fn search_by_image(&self, picture: &[u8], search: &ImageSearch) -> Result<FoundProducts, ClientError> {
        let fields: Vec<_> = [
            search.limit.map(|limit| ("limit", limit.to_string())),
            search.min_score.map(|score| ("min_score", score.to_string())),
        ]
        .into_iter()
        .flatten()
        .collect();
        self.call(form(self.client().post_nothing("/products/image-search"), picture, &fields)).await
    }

    /// Products that look like this one.
    ///
    /// # Errors
    /// The problem `not_found`.
    pub async fn similar_products(
        &self,
        product: ProductId,
        query: &SimilarQuery,
    ) -> Result<FoundProducts, ClientError> {
        self.call(self.client().list(&format!("/products/{product}/similar"), query)?).await
    }
}

/// A form with a file as its part `file`, and fields beside it.
fn form(request: RequestBuilder, file: &[u8], fields: &[(&str, String)]) -> RequestBuilder {
    let boundary = boundary(file);
    let mut body = Vec::with_capacity(file.len().saturating_add(1024));
    for (name, value) in fields {
        let part = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = "Content-Disposition: form-data; name=\"file\"; filename=\"picture\"";
    body.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n").as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    request.header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}")).body(body)
}

/// What does not stand in the file.
fn boundary(file: &[u8]) -> String {
    let stands_there = |text: &str| file.windows(text.len()).any(|part| part == text.as_bytes());
    let mut texts = (0_u64..).map(|number| format!("countinghouse-{number}"));
    texts.find(|text| !stands_there(text)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_stands_nowhere_in_the_file() {
        assert_eq!(boundary(b"x"), "countinghouse-0");
        assert_eq!(boundary(b"..countinghouse-0--countinghouse-1.."), "countinghouse-2");
    }
}
