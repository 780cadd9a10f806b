//! Why a picture was not taken, in words for who sent it.

use crate::header::{Format, MAX_BYTES, MAX_PIXELS};
use thiserror::Error;

/// Why these bytes are not taken. `Display` is a sentence for a person, without the full stop.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    #[error("the file is empty")]
    Empty,
    #[error("the file is no JPEG, PNG or WebP picture, whatever its name says")]
    NotAPicture,
    #[error("the file is {bytes} bytes long, and at most {} are taken", MAX_BYTES)]
    TooLarge { bytes: usize },
    #[error("the picture is {width} × {height} pixels, which is more than {} megapixels", MAX_PIXELS / 1_000_000)]
    TooManyPixels { width: u32, height: u32 },
    #[error("the {format} file is damaged or not complete")]
    Damaged { format: Format },
    #[error("the {format} picture is animated, and only still ones are taken")]
    Animated { format: Format },
    /// A kind that hardly any program writes, such as arithmetic coding.
    #[error("the {format} picture is of a kind that cannot be read: {what}")]
    Unsupported { format: Format, what: &'static str },
}
