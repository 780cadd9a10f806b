//! A picture that was read whole: its pixels, the same picture cleaned, and a smaller one to show.

use crate::{
    Format, Refused, colour,
    decode::{Decoded, decode, says},
    header::{self, Facts},
    pixels::{Channels, Pixels, before_turning},
    reduce::reduce,
};
use image::{
    DynamicImage, ImageEncoder, RgbImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder},
    metadata::Orientation,
};
use std::fmt;
use thiserror::Error;

/// How good JPEGs of ours are, of 100: one to show, and one in the place of somebody's own.
const DISPLAY_QUALITY: u8 = 85;
const ORIGINAL_QUALITY: u8 = 95;

/// The longest side of [`Picture::display`], in pixels.
pub const DISPLAY_SIDE: u32 = 1024;

/// A decoded picture. It holds its pixels, at most 160 MB: drop it when done.
pub struct Picture {
    format: Format,
    facts: Facts,
    clean: Vec<u8>,
    decoded: Decoded,
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
    /// decoded (see [`crate::Header::read`]), and everything is decoded, so that a damaged file is found here.
    pub fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let (format, facts) = header::facts(bytes)?;
        let mut clean = header::clean(format, bytes);
        let decoded = decode(format, &facts, &clean)?;
        if format == Format::Png && decoded.profile.is_none() {
            clean = header::without_profile(&clean); // which may be a bomb to whoever unpacks it
        }
        Ok(Self { format, facts, clean, decoded })
    }

    /// The format of the file as it came.
    pub fn format(&self) -> Format {
        self.format
    }

    /// As shown, after the orientation that the camera noted was applied.
    pub fn width(&self) -> u32 {
        self.facts.as_shown().0
    }

    /// As shown, after the orientation that the camera noted was applied.
    pub fn height(&self) -> u32 {
        self.facts.as_shown().1
    }

    /// The same picture in its own format without anything that a viewer does not need: no EXIF, place, XMP, comments,
    /// thumbnails, or bytes behind its end. The pixels are those of the file, bit by bit, but for one
    /// that had to be turned upright, which is written anew with 8 bits a colour. A colour profile stays.
    pub fn original(&self) -> Result<Encoded, EncodeError> {
        let (width, height) = self.facts.as_shown();
        let bytes =
            if self.facts.orientation == Orientation::NoTransforms { self.clean.clone() } else { self.turned()? };
        Ok(Encoded { format: self.format, width, height, bytes })
    }

    /// The file written anew, upright. A WebP becomes a lossless one, for nothing here writes others.
    fn turned(&self) -> Result<Vec<u8>, EncodeError> {
        let pixels = &self.decoded.pixels;
        let copy = Pixels { data: pixels.data.clone(), ..*pixels };
        let image = copy.upright(self.facts.orientation).ok_or_else(out_of_shape)?;
        let mut out = Vec::new();
        match self.format {
            Format::Jpeg => self.write(&image, JpegEncoder::new_with_quality(&mut out, ORIGINAL_QUALITY))?,
            Format::Png => self.write(&image, PngEncoder::new(&mut out))?,
            Format::WebP => self.write(&image, WebPEncoder::new_lossless(&mut out))?,
        }
        Ok(out)
    }

    /// The profile, if it is about the colours that pixels have here: one for printing is not.
    fn profile(&self) -> Option<&Vec<u8>> {
        self.decoded.profile.as_ref().filter(|_| self.facts.rgb)
    }

    fn write(&self, image: &DynamicImage, mut encoder: impl ImageEncoder) -> Result<(), EncodeError> {
        if let Some(profile) = self.profile() {
            // A format that has no room for it leaves the colours as they are, as a viewer without profiles does.
            let _ = encoder.set_icc_profile(profile.clone());
        }
        encoder
            .write_image(image.as_bytes(), image.width(), image.height(), image.color().into())
            .map_err(|error| EncodeError(says(error)))
    }

    /// A JPEG to show: at most [`DISPLAY_SIDE`] on its longer side, never larger than the picture, in sRGB, what is
    /// transparent on white.
    pub fn display(&self) -> Result<Encoded, EncodeError> {
        let (width, height) = shown(self.width(), self.height());
        let image = self.scaled(width, height).ok_or_else(out_of_shape)?;
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, DISPLAY_QUALITY)
            .encode_image(&image)
            .map_err(|error| EncodeError(says(error)))?;
        Ok(Encoded { format: Format::Jpeg, width, height, bytes })
    }

    /// Upright, of another size, on white, in sRGB.
    pub(crate) fn scaled(&self, width: u32, height: u32) -> Option<RgbImage> {
        let orientation = self.facts.orientation;
        let (before, after) = before_turning(width, height, orientation);
        let small = reduce(&self.decoded.pixels, before, after);
        let data = match (small.channels, self.profile()) {
            (Channels::Rgb, Some(profile)) => colour::to_srgb(small.data, profile),
            (Channels::Rgb, None) => small.data,
            _ => small.data.iter().flat_map(|grey| [*grey; 3]).collect(),
        };
        let small = Pixels { width: before, height: after, channels: Channels::Rgb, data };
        match small.upright(orientation)? {
            DynamicImage::ImageRgb8(image) => Some(image),
            _ => None,
        }
    }
}

/// The largest size of the same shape that is shown.
fn shown(width: u32, height: u32) -> (u32, u32) {
    let longer = u64::from(width.max(height));
    let side = longer.min(u64::from(DISPLAY_SIDE));
    let scaled = |length: u32| {
        let scaled = (u64::from(length) * side + longer / 2).checked_div(longer).unwrap_or(1);
        u32::try_from(scaled).unwrap_or(DISPLAY_SIDE).max(1)
    };
    (scaled(width), scaled(height))
}

fn out_of_shape() -> EncodeError {
    EncodeError("its pixels are not as many as its size says".to_owned())
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} × {}", self.format, self.width(), self.height())
    }
}
