//! From a cleaned file to its pixels. The decoders see only files whose structure was read, and only
//! the parts of it that pixels need.

use crate::{
    Format, Refused,
    header::{self, Facts, MAX_PIXELS},
    pixels::{Channels, Pixels},
};
use image::{ColorType, ImageDecoder, ImageError, Limits, codecs::jpeg::JpegDecoder, codecs::webp::WebPDecoder};
use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// The most that a decoder may take for what the pixels come out of, in bytes.
const MAX_DECODER: u64 = MAX_PIXELS * 10;
/// A profile has some kilobytes, and those for printing up to two megabytes. A longer one is left aside.
const MAX_PROFILE: usize = 4 * 1024 * 1024;

/// Pixels, and the profile of their colours if there is one that can be read.
pub(crate) struct Decoded {
    pub pixels: Pixels,
    pub profile: Option<Vec<u8>>,
}

/// Decodes a cleaned file with these facts. A panic in a decoder is a damaged file.
pub(crate) fn decode(format: Format, facts: &Facts, clean: &[u8]) -> Result<Decoded, Refused> {
    let damaged = Refused::Damaged { format };
    let read = || match format {
        Format::Jpeg => decode_with(JpegDecoder::new(Cursor::new(clean)).ok()?),
        Format::WebP => decode_with(WebPDecoder::new(Cursor::new(clean)).ok()?),
        Format::Png => decode_png(clean, facts),
    };
    let mut decoded = catch_unwind(AssertUnwindSafe(read)).ok().flatten().ok_or_else(|| damaged.clone())?;
    if (decoded.pixels.width, decoded.pixels.height) != (facts.width, facts.height) {
        return Err(damaged);
    }
    if format != Format::Png {
        decoded.profile = header::profile(format, clean).map(|profile| profile.into_owned());
    }
    decoded.profile = decoded.profile.filter(|profile| profile.len() <= MAX_PROFILE);
    Ok(decoded)
}

fn decode_with(mut decoder: impl ImageDecoder) -> Option<Decoded> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODER);
    decoder.set_limits(limits).ok()?;
    let (width, height) = decoder.dimensions();
    let channels = match decoder.color_type() {
        ColorType::L8 => Channels::Grey,
        ColorType::La8 => Channels::GreyAlpha,
        ColorType::Rgb8 => Channels::Rgb,
        ColorType::Rgba8 => Channels::Rgba,
        _ => return None,
    };
    let mut data = vec![0; usize::try_from(decoder.total_bytes()).ok()?];
    decoder.read_image(&mut data).ok()?;
    Some(Decoded { pixels: Pixels { width, height, channels, data }, profile: None })
}

/// By its own decoder, which makes 8 bits of 16 on the way, so that both are never held.
fn decode_png(clean: &[u8], facts: &Facts) -> Option<Decoded> {
    // A row, and what small chunks unpack to: a profile may be a bomb.
    let limits = png::Limits { bytes: usize::try_from(facts.width).ok()?.checked_mul(8)? + 4 * MAX_PROFILE };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(clean), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().ok()?;
    let mut data = vec![0; reader.output_buffer_size()?];
    let frame = reader.next_frame(&mut data).ok()?;
    let channels = match frame.color_type {
        png::ColorType::Grayscale => Channels::Grey,
        png::ColorType::GrayscaleAlpha => Channels::GreyAlpha,
        png::ColorType::Rgb => Channels::Rgb,
        png::ColorType::Rgba => Channels::Rgba,
        png::ColorType::Indexed => return None,
    };
    reader.finish().ok()?;
    let profile = reader.info().icc_profile.as_ref().map(|profile| profile.to_vec());
    Some(Decoded { pixels: Pixels { width: frame.width, height: frame.height, channels, data }, profile })
}

/// What an encoder says of a failure, which is never of the file.
pub(crate) fn says(error: ImageError) -> String {
    error.to_string()
}
