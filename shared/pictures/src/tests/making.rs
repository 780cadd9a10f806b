//! The samples, and files made from them: segments and chunks added, orientations noted, sizes that lie.

use crate::Format;
use image::{ImageEncoder, RgbImage, codecs::jpeg::JpegEncoder, codecs::png::PngEncoder, codecs::webp::WebPEncoder};

pub(super) const BASELINE: &[u8] = include_bytes!("samples/baseline.jpg");
pub(super) const PROGRESSIVE: &[u8] = include_bytes!("samples/progressive.jpg");
pub(super) const CMYK: &[u8] = include_bytes!("samples/cmyk.jpg");
pub(super) const GREY: &[u8] = include_bytes!("samples/grey.jpg");
pub(super) const PNG: &[u8] = include_bytes!("samples/plain.png");
pub(super) const LOSSY: &[u8] = include_bytes!("samples/lossy.webp");
pub(super) const ALPHA: &[u8] = include_bytes!("samples/alpha.webp");
pub(super) const ANIMATED_WEBP: &[u8] = include_bytes!("samples/animated.webp");
pub(super) const ANIMATED_PNG: &[u8] = include_bytes!("samples/animated.png");

/// All that can be read, with their names.
pub(super) const SAMPLES: [(&str, Format, &[u8]); 7] = [
    ("baseline", Format::Jpeg, BASELINE),
    ("progressive", Format::Jpeg, PROGRESSIVE),
    ("cmyk", Format::Jpeg, CMYK),
    ("grey", Format::Jpeg, GREY),
    ("png", Format::Png, PNG),
    ("lossy", Format::WebP, LOSSY),
    ("alpha", Format::WebP, ALPHA),
];

/// A JPEG with a segment behind its start.
pub(super) fn with_segment(jpeg: &[u8], marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, payload, &jpeg[2..]].concat()
}

/// A PNG's chunk, whole.
pub(super) fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [name, data].concat();
    [&(data.len() as u32).to_be_bytes(), named.as_slice(), &checksum(&named).to_be_bytes()].concat()
}

/// A PNG with a chunk behind its header.
pub(super) fn with_chunk(png: &[u8], name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [&png[..33], &chunk(name, data), &png[33..]].concat()
}

/// A WebP's chunk, whole.
pub(super) fn riff_chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let padding: &[u8] = if data.len() % 2 == 1 { &[0] } else { &[] };
    [name, &(data.len() as u32).to_le_bytes(), data, padding].concat()
}

pub(super) fn webp(chunks: &[u8]) -> Vec<u8> {
    [b"RIFF", &(chunks.len() as u32 + 4).to_le_bytes(), b"WEBP".as_slice(), chunks].concat()
}

/// `VP8X` of 96 × 64 pixels.
pub(super) fn extended(flags: u8) -> Vec<u8> {
    riff_chunk(b"VP8X", &[flags, 0, 0, 0, 95, 0, 0, 63, 0, 0])
}

/// A plain WebP with more chunks before and behind its pixels.
pub(super) fn with_chunks(plain: &[u8], flags: u8, before: &[u8], behind: &[u8]) -> Vec<u8> {
    webp(&[&extended(flags), before, &plain[12..], behind].concat())
}

/// EXIF that notes an orientation and where the camera was.
pub(super) fn exif(orientation: u8, place: &[u8]) -> Vec<u8> {
    let mut out = b"MM\0\x2a\0\0\0\x08\0\x02".to_vec();
    out.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    out.extend([0x01, 0x0E, 0, 2]);
    out.extend((place.len() as u32).to_be_bytes());
    out.extend(38_u32.to_be_bytes());
    out.extend([0; 4]);
    out.extend(place);
    out
}

pub(super) fn with_exif(format: Format, file: &[u8], exif: &[u8]) -> Vec<u8> {
    match format {
        Format::Jpeg => with_segment(file, 0xE1, &[b"Exif\0\0", exif].concat()),
        Format::Png => with_chunk(file, b"eXIf", exif),
        Format::WebP => with_chunks(file, 0x08, &[], &riff_chunk(b"EXIF", exif)),
    }
}

pub(super) fn encoded(format: Format, image: &RgbImage) -> Vec<u8> {
    let mut out = Vec::new();
    let (width, height, color) = (image.width(), image.height(), image::ExtendedColorType::Rgb8);
    match format {
        Format::Jpeg => JpegEncoder::new_with_quality(&mut out, 92).write_image(image, width, height, color),
        Format::Png => PngEncoder::new(&mut out).write_image(image, width, height, color),
        Format::WebP => WebPEncoder::new_lossless(&mut out).write_image(image, width, height, color),
    }
    .unwrap();
    out
}

/// Something to look at: soft colours with shapes, other ones for each number.
pub(super) fn drawing(number: u32, width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (across, down) = (x * 255 / width, y * 255 / height);
        let (middle_x, middle_y) = (60 + number * 37 % 130, 60 + number * 71 % 130);
        let inside = across.abs_diff(middle_x).pow(2) + down.abs_diff(middle_y).pow(2) < 60 * 60;
        let striped = ((across + down * (number % 3)) / 24).is_multiple_of(2);
        let of = |a: u32| ((a * (number % 5 + 1)) % 256) as u8;
        match (inside, striped) {
            (true, _) => image::Rgb([of(90), 255 - of(60), 30]),
            (false, true) => image::Rgb([across as u8, down as u8, of(40)]),
            (false, false) => image::Rgb([255 - of(30), 240, down as u8]),
        }
    })
}

/// As PNG counts it: CRC-32 of zlib.
fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}
