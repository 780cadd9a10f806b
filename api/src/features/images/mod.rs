//! Pictures of products: kept, shown to who may see the product, and searched by what they look like.
//!
//! Invariants: a picture never changes; a file that a picture refers to is never taken away, and one that nothing
//! refers to does not stay. A client's pictures are searched by the vectors of one model at a time, and by all of
//! them: none is left out by an index. A picture is out of search when it is deleted, a product when it is archived.

mod anew;
mod answers;
mod collecting;
mod embedding;
mod error;
mod http;
mod links;
mod looking;
mod packing;
mod planting;
mod repo;
mod searching;
mod service;

pub use anew::EmbedImagesAnew;
pub use collecting::CollectImageFiles;
pub use embedding::EmbedImage;
pub use http::routes;
pub use packing::keep_packing;
pub use planting::keep_planting;
