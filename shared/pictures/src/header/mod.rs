//! What a file's structure says of the picture in it, read before anything is decoded, and the file put
//! together again without what no viewer needs. Here is what the formats have in common; each has a file of its own.
//!
//! All of it borrows from the file and walks forward through it, so that a file that lies about lengths meets its end.

mod jpeg;
mod png;
mod webp;

use crate::Refused;
use image::metadata::Orientation;
use std::{borrow::Cow, fmt};

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
    /// About the most memory that [`crate::Picture::read`] will hold at once, in bytes: a pool that admits pictures by
    /// this sum stays within what it was given. A picture that has to be turned takes half as much again, in
    /// [`crate::Picture::original`].
    pub memory: u64,
}

impl Header {
    /// Reads the structure of a whole file, and refuses what no decoder has to see: in a few milliseconds at
    /// most, and without allocating anything.
    pub fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let (format, facts) = facts(bytes)?;
        let (width, height) = facts.as_shown();
        let memory = facts.pixels().saturating_mul(facts.bytes_per_pixel) + u64::try_from(bytes.len()).unwrap_or(0);
        Ok(Self { format, width, height, memory })
    }
}

/// What a file says of its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// As the pixels lie in the file.
    pub width: u32,
    pub height: u32,
    /// How they have to be turned to be upright.
    pub orientation: Orientation,
    /// Whether its colours are red, green and blue, so that a profile in the file is about these.
    pub rgb: bool,
    /// What decoding takes, at most.
    pub bytes_per_pixel: u64,
}

impl Facts {
    pub fn as_shown(&self) -> (u32, u32) {
        if turns(self.orientation) { (self.height, self.width) } else { (self.width, self.height) }
    }

    fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Refuses at once, before the rest of the file is looked at.
    fn check_size(width: u32, height: u32, format: Format) -> Result<(), Refused> {
        if width == 0 || height == 0 {
            return Err(Refused::Damaged { format });
        }
        if u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(Refused::TooManyPixels { width, height });
        }
        Ok(())
    }
}

/// Whether width and height change places.
pub(crate) fn turns(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    )
}

/// What an EXIF block says of the orientation; one that makes no sense says nothing.
fn orientation(exif: &[u8]) -> Orientation {
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    Orientation::from_exif_chunk(exif).unwrap_or(Orientation::NoTransforms)
}

/// The format by the first bytes, and what its structure says.
pub(crate) fn facts(bytes: &[u8]) -> Result<(Format, Facts), Refused> {
    if bytes.is_empty() {
        return Err(Refused::Empty);
    }
    if bytes.len() > MAX_BYTES {
        return Err(Refused::TooLarge { bytes: bytes.len() });
    }
    if bytes.starts_with(jpeg::SIGNATURE) {
        Ok((Format::Jpeg, jpeg::facts(bytes)?))
    } else if bytes.starts_with(png::SIGNATURE) {
        Ok((Format::Png, png::facts(bytes)?))
    } else if webp::is_one(bytes) {
        Ok((Format::WebP, webp::facts(bytes)?))
    } else {
        Err(Refused::NotAPicture)
    }
}

/// The file without what no viewer needs, of one that has `facts`.
pub(crate) fn clean(format: Format, bytes: &[u8]) -> Vec<u8> {
    match format {
        Format::Jpeg => jpeg::clean(bytes),
        Format::Png => png::clean(bytes),
        Format::WebP => webp::clean(bytes),
    }
}

/// A cleaned PNG without its profile.
pub(crate) fn without_profile(clean: &[u8]) -> Vec<u8> {
    png::without(clean, *b"iCCP")
}

/// The colour profile of a file that has `facts`, as it lies there: in a PNG compressed.
pub(crate) fn profile(format: Format, bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    match format {
        Format::Jpeg => jpeg::profile(bytes),
        Format::Png => None, // its decoder gives it out
        Format::WebP => webp::profile(bytes).map(Cow::Borrowed),
    }
}

fn be16(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().copied().map(u16::from_be_bytes)
}

fn be32(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().copied().map(u32::from_be_bytes)
}

fn le32(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().copied().map(u32::from_le_bytes)
}
