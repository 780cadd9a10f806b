//! Pictures and their vectors: what somebody sends is read within limits, cleaned, shown smaller, and put
//! as 256 numbers that are close to those of pictures of the same thing.
//!
//! A crate of its own, so that nothing else waits for its build. It knows no database, no web server and no
//! store, and it never sleeps or spawns: every function runs on the caller's thread for as long as it takes
//! (a picture of 40 megapixels: about a second), so a service calls it from a pool of threads.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use countinghouse_pictures::{Model, Picture, Settings};
//! let model = Model::load(&Settings::efficientnet_lite0("efficientnet-lite0.onnx".into()))?;
//! let picture = Picture::read(&std::fs::read("shirt.jpg")?)?;
//! let embedding = model.embed(&picture)?; // kept under model.id(): only vectors of one id compare
//! let (keep, show) = (picture.original()?, picture.display()?);
//! # Ok(()) }
//! ```
//!
//! What comes from a stranger is read three times, by ever more code: [`Header::read`] looks at the file's structure
//! and allocates nothing that the file says the size of; [`Picture::read`] decodes, within the limits that the header
//! was held to; what leaves again, [`Picture::original`], is put together of what the picture needs and nothing else.
//!
//! **Panics.** There is none of our own. One in a library below is caught, and becomes [`Refused::Damaged`]
//! while decoding and [`EmbedError`] in the model; the panic hook still prints its line. An abort (memory
//! that the machine does not have) cannot be caught: hence the limits.

mod colour;
mod decode;
mod embedding;
mod header;
mod model;
mod network;
mod picture;
mod pixels;
mod projection;
mod reduce;
mod refused;
mod settings;
#[cfg(test)]
mod tests;

pub use embedding::{DIMENSIONS, Embedding};
pub use header::{Format, Header, MAX_BYTES, MAX_PIXELS};
pub use model::{EmbedError, LoadError, Model};
pub use picture::{DISPLAY_SIDE, EncodeError, Encoded, Picture};
pub use refused::Refused;
pub use settings::{Layout, Settings};
