//! A picture that was read whole: its pixels, the same picture cleaned, and a smaller one to show.

use crate::{Format, Header, Refused};
use std::fmt;
use thiserror::Error;

/// The longest side of [`Picture::display`], in pixels.
pub const DISPLAY_SIDE: u32 = 1024;

/// A decoded picture, upright. It holds its pixels, at most 160 MB: drop it when done.
pub struct Picture {
    header: Header,
}

/// A file as it is to be kept and served.
#[derive(Clone, PartialEq, Eq)]
pub struct Encoded {
    pub format: Format,
    pub width: u32,
    pub height: u32,
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} × {}, {} bytes", self.format, self.width, self.height, self.bytes.len())
    }
}

/// A decoded picture could not be written. A fault of ours or of a library, not of who sent it.
#[derive(Debug, Error)]
#[error("the picture could not be written: {0}")]
pub struct EncodeError(pub(crate) String);

impl Picture {
    /// Reads a whole file. Content decides what it is, not the name; limits are checked before anything is
    /// decoded (see [`Header::read`]), and everything is decoded, so that a damaged file is found here.
    pub fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let header = Header::read(bytes)?;
        Ok(Self { header })
    }

    /// The format of the file as it came.
    pub fn format(&self) -> Format {
        self.header.format
    }

    /// As shown, after the orientation that the camera noted was applied.
    pub fn width(&self) -> u32 {
        self.header.width
    }

    /// As shown, after the orientation that the camera noted was applied.
    pub fn height(&self) -> u32 {
        self.header.height
    }

    /// The same picture in its own format without anything that a viewer does not need: no EXIF, place, XMP, comments,
    /// thumbnails, or bytes behind its end. The pixels are those of the file, bit by bit, but for one
    /// that had to be turned upright, which is written anew. A colour profile stays.
    pub fn original(&self) -> Result<Encoded, EncodeError> {
        Err(EncodeError("not built".to_owned()))
    }

    /// A JPEG to show: at most [`DISPLAY_SIDE`] on its longer side, never larger than the picture, in sRGB, what is
    /// transparent on white.
    pub fn display(&self) -> Result<Encoded, EncodeError> {
        Err(EncodeError("not built".to_owned()))
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Picture").field(&self.header).finish()
    }
}
