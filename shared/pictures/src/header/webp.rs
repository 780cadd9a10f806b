//! WebP: a RIFF container whose chunks have name, length and data, padded to an even length. A plain file has one
//! chunk; one that says more begins with a `VP8X` that lists what follows.

use super::{Facts, le32, orientation};
use crate::{Format, Refused};
use image::metadata::Orientation;

const DAMAGED: Refused = Refused::Damaged { format: Format::WebP };
const ANIMATED: Refused = Refused::Animated { format: Format::WebP };
/// Of the flags of `VP8X`.
const PROFILE: u8 = 0x20;
const ALPHA: u8 = 0x10;
const ANIMATION: u8 = 0x02;

pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP")
}

struct Chunk<'a> {
    name: [u8; 4],
    data: &'a [u8],
}

/// The chunks of the container. What lies behind it is not looked at.
struct Chunks<'a> {
    rest: &'a [u8],
    over: bool,
}

impl<'a> Chunks<'a> {
    /// None if the file is shorter than it says.
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let length = usize::try_from(le32(bytes.get(4..)?)?).ok()?;
        Some(Self { rest: bytes.get(12..length.checked_add(8)?)?, over: false })
    }

    fn chunk(&mut self) -> Option<Chunk<'a>> {
        let (name, rest) = self.rest.split_first_chunk()?;
        let length = usize::try_from(le32(rest)?).ok()?;
        let data = rest.get(4..)?.get(..length)?;
        // The last one's padding is left out by some.
        self.rest = rest.get(4..)?.get(length + length % 2..).unwrap_or_default();
        Some(Chunk { name: *name, data })
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Result<Chunk<'a>, Refused>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over || self.rest.is_empty() {
            return None;
        }
        let chunk = self.chunk();
        self.over = chunk.is_none();
        Some(chunk.ok_or(DAMAGED))
    }
}

pub(super) fn facts(bytes: &[u8]) -> Result<Facts, Refused> {
    let (mut canvas, mut pixels, mut turned) = (None, None, None);
    for chunk in Chunks::of(bytes).ok_or(DAMAGED)? {
        let chunk = chunk?;
        match &chunk.name {
            b"VP8X" => {
                if chunk.data.first().is_some_and(|flags| flags & ANIMATION != 0) {
                    return Err(ANIMATED);
                }
                canvas = Some(extended(chunk.data).ok_or(DAMAGED)?);
            }
            b"ANIM" | b"ANMF" => return Err(ANIMATED),
            b"VP8 " if pixels.is_none() => pixels = Some((lossy(chunk.data).ok_or(DAMAGED)?, 7)),
            b"VP8L" if pixels.is_none() => pixels = Some((lossless(chunk.data).ok_or(DAMAGED)?, 8)),
            b"EXIF" if turned.is_none() => turned = Some(orientation(chunk.data)),
            _ => continue,
        }
        for (width, height) in [canvas, pixels.map(|(size, _)| size)].into_iter().flatten() {
            Facts::check_size(width, height, Format::WebP)?;
        }
    }
    let ((width, height), bytes_per_pixel) = pixels.ok_or(DAMAGED)?;
    if canvas.is_some_and(|canvas| canvas != (width, height)) {
        return Err(DAMAGED);
    }
    let orientation = turned.unwrap_or(Orientation::NoTransforms);
    Ok(Facts { width, height, orientation, rgb: true, bytes_per_pixel })
}

/// Flags, three bytes that are reserved, and twice three bytes less one.
fn extended(data: &[u8]) -> Option<(u32, u32)> {
    let size = |at: usize| Some(le32(data.get(at - 1..)?)?.wrapping_shr(8) + 1);
    Some((size(4)?, size(7)?))
}

/// A frame's tag of three bytes, three fixed ones, and twice 14 bits with two of scaling.
fn lossy(data: &[u8]) -> Option<(u32, u32)> {
    if data.get(3..6)? != b"\x9d\x01\x2a" {
        return None;
    }
    let size = le32(data.get(6..)?)?;
    Some((size & 0x3FFF, size >> 16 & 0x3FFF))
}

/// A fixed byte, and twice 14 bits less one.
fn lossless(data: &[u8]) -> Option<(u32, u32)> {
    if data.first() != Some(&0x2F) {
        return None;
    }
    let size = le32(data.get(1..)?)?;
    Some(((size & 0x3FFF) + 1, (size >> 14 & 0x3FFF) + 1))
}

pub(super) fn clean(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    out.extend(b"RIFF\0\0\0\0WEBP");
    for chunk in Chunks::of(bytes).into_iter().flatten().map_while(Result::ok) {
        let Ok(length) = u32::try_from(chunk.data.len()) else { continue };
        match &chunk.name {
            b"VP8X" => {
                let flags = chunk.data.first().map(|flags| flags & (PROFILE | ALPHA)).unwrap_or_default();
                out.extend(b"VP8X\x0a\0\0\0");
                out.extend([flags, 0, 0, 0]);
                out.extend(chunk.data.get(4..10).unwrap_or_default());
                continue;
            }
            b"ICCP" | b"ALPH" | b"VP8 " | b"VP8L" => {}
            _ => continue,
        }
        out.extend(chunk.name);
        out.extend(length.to_le_bytes());
        out.extend(chunk.data);
        out.resize(out.len().next_multiple_of(2), 0);
    }
    let length = u32::try_from(out.len().saturating_sub(8)).unwrap_or(0);
    if let Some(place) = out.get_mut(4..8) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    out
}

pub(super) fn profile(bytes: &[u8]) -> Option<&[u8]> {
    Chunks::of(bytes)?.map_while(Result::ok).find(|chunk| &chunk.name == b"ICCP").map(|chunk| chunk.data)
}
