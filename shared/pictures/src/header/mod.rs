//! What a file's structure says of the picture in it, read before anything is decoded.

use crate::Refused;
use std::fmt;

/// The longest file that is taken, 10 MiB.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;
/// The most pixels that a picture may have, width times height.
pub const MAX_PIXELS: u64 = 40_000_000;

/// What a file is, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Jpeg,
    Png,
    WebP,
}

impl Format {
    /// `image/jpeg`, and so on: what `Content-Type` says of [`crate::Picture::original`].
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
        }
    }

    /// `jpg`, `png` or `webp`: what a file's name ends with.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
        })
    }
}

/// What can be said of a picture without decoding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub format: Format,
    /// As shown: with the orientation that the camera noted.
    pub width: u32,
    pub height: u32,
    /// The most memory that [`crate::Picture::read`] will take, in bytes, beside the file's own: a pool that
    /// admits pictures by this sum stays within what it was given.
    pub memory: u64,
}

impl Header {
    /// Reads the structure of a whole file, and refuses what no decoder has to see: in microseconds, and
    /// without allocating anything that the file says the size of.
    pub fn read(bytes: &[u8]) -> Result<Self, Refused> {
        if bytes.is_empty() {
            return Err(Refused::Empty);
        }
        if bytes.len() > MAX_BYTES {
            return Err(Refused::TooLarge { bytes: bytes.len() });
        }
        Err(Refused::NotAPicture)
    }
}
