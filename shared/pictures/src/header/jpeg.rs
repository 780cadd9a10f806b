//! JPEG: a row of segments, each a marker with a length, but for the coded pixels behind a start of scan, which end
//! where the next marker begins.

use super::{Facts, be16, orientation};
use crate::{Format, Refused};
use image::metadata::Orientation;
use std::borrow::Cow;

pub(super) const SIGNATURE: &[u8] = &[0xFF, 0xD8, 0xFF];
const DAMAGED: Refused = Refused::Damaged { format: Format::Jpeg };
/// Writers of progressive files make about ten. Each goes over all pixels, so many scans are a bomb of time.
const MAX_SCANS: usize = 64;
const START: u8 = 0xD8;
const END: u8 = 0xD9;
const SCAN: u8 = 0xDA;
const EXIF: &[u8] = b"Exif\0\0";
const PROFILE: &[u8] = b"ICC_PROFILE\0";

struct Segment<'a> {
    marker: u8,
    /// What stands behind its length.
    payload: &'a [u8],
    /// Behind a start of scan, the coded pixels.
    coded: &'a [u8],
}

/// The segments between start and end. What lies behind the end is not looked at.
struct Segments<'a> {
    rest: &'a [u8],
    over: bool,
}

impl<'a> Segments<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes.get(2..).unwrap_or_default(), over: false }
    }

    /// The next marker. Bytes between segments belong to nobody, and decoders pass over them.
    fn marker(&mut self) -> Option<u8> {
        loop {
            let at = memchr::memchr(0xFF, self.rest)?;
            self.rest = self.rest.get(at..)?;
            let fill = self.rest.iter().take_while(|byte| **byte == 0xFF).count();
            let marker = *self.rest.get(fill)?;
            self.rest = self.rest.get(fill + 1..)?;
            if !matches!(marker, 0x00 | 0x01 | 0xD0..=0xD7) {
                return Some(marker);
            }
        }
    }

    fn segment(&mut self, marker: u8) -> Option<Segment<'a>> {
        let length = usize::from(be16(self.rest)?);
        let payload = self.rest.get(2..length)?;
        self.rest = self.rest.get(length..)?;
        let coded = if marker == SCAN { self.coded()? } else { &[] };
        Some(Segment { marker, payload, coded })
    }

    /// Up to the next marker that is none of those within coded pixels.
    fn coded(&mut self) -> Option<&'a [u8]> {
        let mut length = 0;
        loop {
            length += memchr::memchr(0xFF, self.rest.get(length..)?)?;
            match *self.rest.get(length + 1)? {
                0x00 | 0xD0..=0xD7 => length += 2,
                0xFF => length += 1,
                _ => break,
            }
        }
        let (coded, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(coded)
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Result<Segment<'a>, Refused>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let segment = match self.marker() {
            Some(END) => {
                self.over = true;
                return None;
            }
            Some(START) | None => None,
            Some(marker) => self.segment(marker),
        };
        self.over = segment.is_none();
        Some(segment.ok_or(DAMAGED))
    }
}

pub(super) fn facts(bytes: &[u8]) -> Result<Facts, Refused> {
    let (mut facts, mut turned, mut scans) = (None, None, 0);
    for segment in Segments::of(bytes) {
        let Segment { marker, payload, .. } = segment?;
        match marker {
            0xC0..=0xC2 if facts.is_none() => facts = Some(frame(payload, marker == 0xC2)?),
            0xC0..=0xC2 => return Err(DAMAGED),
            0xC3 => return Err(unsupported("lossless coding")),
            0xC5..=0xC7 | 0xDE => return Err(unsupported("hierarchical coding")),
            0xC9..=0xCB | 0xCD..=0xCF => return Err(unsupported("arithmetic coding")),
            0xE1 if payload.starts_with(EXIF) && turned.is_none() => turned = Some(orientation(payload)),
            SCAN => scans += 1,
            _ => {}
        }
        if scans > MAX_SCANS {
            return Err(unsupported("too many scans"));
        }
    }
    match facts {
        Some(facts) if scans > 0 => Ok(Facts { orientation: turned.unwrap_or(facts.orientation), ..facts }),
        _ => Err(DAMAGED),
    }
}

fn unsupported(what: &'static str) -> Refused {
    Refused::Unsupported { format: Format::Jpeg, what }
}

/// A start of frame: bits a sample, height, width, and how many colours.
fn frame(payload: &[u8], progressive: bool) -> Result<Facts, Refused> {
    let (&precision, rest) = payload.split_first().ok_or(DAMAGED)?;
    let height = be16(rest).ok_or(DAMAGED)?;
    let width = rest.get(2..).and_then(be16).ok_or(DAMAGED)?;
    let colours = *rest.get(4).ok_or(DAMAGED)?;
    if height == 0 {
        return Err(unsupported("a height that stands behind the pixels"));
    }
    let (width, height) = (u32::from(width), u32::from(height));
    Facts::check_size(width, height, Format::Jpeg)?;
    if precision != 8 {
        return Err(unsupported("more than 8 bits for each colour"));
    }
    if !matches!(colours, 1 | 3 | 4) {
        return Err(unsupported("a number of colours that is not one, three or four"));
    }
    let decoded = if colours == 1 { 1 } else { 3 };
    // A progressive file's coefficients, two bytes each, are all held until its last scan.
    let coefficients = if progressive { 2 * u64::from(colours) } else { 0 };
    Ok(Facts {
        width,
        height,
        orientation: Orientation::NoTransforms,
        rgb: colours == 3,
        bytes_per_pixel: decoded + coefficients,
    })
}

/// What decoding needs, and the colour profile. Segments that a program may write more into are cut to what is known.
pub(super) fn clean(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    out.extend([0xFF, START]);
    for segment in Segments::of(bytes).map_while(Result::ok) {
        let payload = match segment.marker {
            0xC0..=0xC2 | 0xC4 | 0xDB | 0xDD | SCAN => segment.payload,
            0xE2 if segment.payload.starts_with(PROFILE) => segment.payload,
            0xE0 if segment.payload.starts_with(b"JFIF\0") => b"JFIF\0\x01\x01\x00\x00\x01\x00\x01\x00\x00",
            // Which of the ways to put colours as numbers it is.
            0xEE if segment.payload.starts_with(b"Adobe") => match segment.payload.get(..12) {
                Some(known) => known,
                None => continue,
            },
            _ => continue,
        };
        let Ok(length) = u16::try_from(payload.len() + 2) else { continue };
        out.extend([0xFF, segment.marker]);
        out.extend(length.to_be_bytes());
        out.extend(payload);
        out.extend(segment.coded);
    }
    out.extend([0xFF, END]);
    out
}

/// A profile may be longer than a segment: its parts are numbered from one.
pub(super) fn profile(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut parts: Vec<(u8, &[u8])> = Segments::of(bytes)
        .map_while(Result::ok)
        .filter(|segment| segment.marker == 0xE2)
        .filter_map(|segment| segment.payload.strip_prefix(PROFILE))
        .filter_map(|part| Some((*part.first()?, part.get(2..)?)))
        .collect();
    parts.sort_by_key(|(number, _)| *number);
    (!parts.is_empty()).then(|| parts.iter().flat_map(|(_, part)| part.iter().copied()).collect())
}
