//! The vector of a picture.

/// How many numbers a vector has, whatever the model.
pub const DIMENSIONS: usize = 256;

/// The vector of a picture, of length 1: the scalar product of two is their cosine similarity, as long as
/// both are of a model with the same id.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding(pub(crate) Vec<f32>);

impl Embedding {
    /// Its [`DIMENSIONS`] numbers.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }
}
