//! PNG: a signature and a row of chunks, each with length, name, data and checksum. Checksums are the decoder's to
//! look at.

use super::{Facts, be32, orientation};
use crate::{Format, Refused};
use image::metadata::Orientation;

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const DAMAGED: Refused = Refused::Damaged { format: Format::Png };
/// What decides about pixels and colours.
const KEPT: [&[u8; 4]; 9] = [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP"];

struct Chunk<'a> {
    name: [u8; 4],
    data: &'a [u8],
    /// With length and checksum.
    whole: &'a [u8],
}

/// The chunks up to the end. What lies behind the end is not looked at.
struct Chunks<'a> {
    rest: &'a [u8],
    over: bool,
}

impl<'a> Chunks<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes.get(SIGNATURE.len()..).unwrap_or_default(), over: false }
    }

    fn chunk(&mut self) -> Option<Chunk<'a>> {
        let length = usize::try_from(be32(self.rest)?).ok()?;
        let name = *self.rest.get(4..)?.first_chunk()?;
        let data = self.rest.get(8..)?.get(..length)?;
        let (whole, rest) = self.rest.split_at_checked(length.checked_add(12)?)?;
        self.rest = rest;
        Some(Chunk { name, data, whole })
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Result<Chunk<'a>, Refused>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let chunk = self.chunk();
        self.over = chunk.as_ref().is_none_or(|chunk| chunk.name == *b"IEND");
        Some(chunk.ok_or(DAMAGED))
    }
}

pub(super) fn facts(bytes: &[u8]) -> Result<Facts, Refused> {
    let mut chunks = Chunks::of(bytes);
    let first = chunks.next().ok_or(DAMAGED)??;
    let mut facts = header(&first)?;
    let mut turned = None;
    for chunk in chunks {
        let chunk = chunk?;
        match &chunk.name {
            b"IHDR" => return Err(DAMAGED),
            b"acTL" | b"fcTL" | b"fdAT" => return Err(Refused::Animated { format: Format::Png }),
            b"eXIf" if turned.is_none() => turned = Some(orientation(chunk.data)),
            _ => {}
        }
    }
    facts.orientation = turned.unwrap_or(facts.orientation);
    Ok(facts)
}

fn header(chunk: &Chunk<'_>) -> Result<Facts, Refused> {
    let (b"IHDR", 13) = (&chunk.name, chunk.data.len()) else { return Err(DAMAGED) };
    let width = be32(chunk.data).ok_or(DAMAGED)?;
    let height = chunk.data.get(4..).and_then(be32).ok_or(DAMAGED)?;
    Facts::check_size(width, height, Format::Png)?;
    // A palette and a transparent colour become what they stand for, and 16 bits become 8.
    let (rgb, decoded) = match chunk.data.get(9) {
        Some(0 | 4) => (false, 2),
        Some(2 | 3 | 6) => (true, 4),
        _ => return Err(DAMAGED),
    };
    Ok(Facts { width, height, orientation: Orientation::NoTransforms, rgb, bytes_per_pixel: decoded })
}

pub(super) fn clean(bytes: &[u8]) -> Vec<u8> {
    of_chunks(bytes, |name| KEPT.contains(&&name))
}

/// The same file without one kind of chunk.
pub(super) fn without(bytes: &[u8], left_out: [u8; 4]) -> Vec<u8> {
    of_chunks(bytes, |name| name != left_out)
}

fn of_chunks(bytes: &[u8], keep: impl Fn([u8; 4]) -> bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    out.extend(SIGNATURE);
    let chunks = Chunks::of(bytes).map_while(Result::ok).filter(|chunk| keep(chunk.name));
    chunks.for_each(|chunk| out.extend(chunk.whole));
    out
}
