//! The model: from a picture to its vector.

use crate::{
    Embedding, Picture, Settings,
    network::Network,
    projection::{Projection, VERSION},
};
use aws_lc_rs::digest::{SHA256, digest};
use image::RgbImage;
use std::{fmt, fs, io, path::PathBuf};
use thiserror::Error;

/// Why there is no model. `Display` is for who runs the service.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    #[error("there is no model at {}", .0.display())]
    Missing(PathBuf),
    #[error("the model at {} could not be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, io::Error),
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
    size: u32,
    network: Network,
    projection: Projection,
}

impl Model {
    /// Reads a model, prepares it, and tries it once: some tenths of a second, and about 50 MB.
    pub fn load(settings: &Settings) -> Result<Self, LoadError> {
        settings.check().map_err(LoadError::Settings)?;
        let file = fs::read(&settings.file).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => LoadError::Missing(settings.file.clone()),
            _ => LoadError::Unreadable(settings.file.clone(), error),
        })?;
        let unusable = |error| LoadError::Unusable(settings.file.clone(), error);
        let network = Network::prepare(&file, settings).map_err(unusable)?;
        let grey = RgbImage::from_pixel(settings.size, settings.size, image::Rgb([127, 129, 131]));
        let features = network.features(&grey).map_err(unusable)?.len();
        let id = id(&file, settings);
        Ok(Self { id, size: settings.size, network, projection: Projection::of(features) })
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
        let image = picture
            .scaled(self.size, self.size)
            .ok_or_else(|| EmbedError("the picture's pixels are not as many as its size says".to_owned()))?;
        let features = self.network.features(&image).map_err(EmbedError)?;
        self.projection
            .embed(&features)
            .ok_or_else(|| EmbedError("its features are no direction: all zero, or not finite".to_owned()))
    }
}

/// Whatever changes vectors changes the id: the file's bytes, and each setting.
fn id(file: &[u8], settings: &Settings) -> String {
    let Settings { size, layout, mean, scale, output, .. } = settings;
    let said = format!("{size} {layout:?} {mean:?} {scale:?} {output:?}");
    let both = [digest(&SHA256, file).as_ref(), said.as_bytes()].concat();
    let short: String = digest(&SHA256, &both).as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{short}-v{VERSION}", settings.name)
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Model").field(&self.id).finish()
    }
}
