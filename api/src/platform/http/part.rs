//! Files that a browser shows: by their tag it knows whether it has one already, and it may ask for a part
//! (RFC 9110, sections 13 and 14).

use super::{
    error::{ApiError, Kind},
    signature::{Answers, Header, SchemaOf, Signature, Takes},
};
use actix_web::{
    FromRequest, HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    dev::Payload,
    http::{
        StatusCode,
        header::{
            ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
            ETAG, HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE,
        },
    },
};
use std::{
    future::{Ready, ready},
    ops::Range,
};

pub const RANGE_NOT_SATISFIABLE: Kind = Kind::new(
    416,
    "range_not_satisfiable",
    "The file has no such part",
    "The header Range asks for what lies behind the end of the file. Content-Range says how long the file is; \
     leave Range out to get all of it.",
);

/// What pictures are.
const PICTURES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

/// What its caller has of a file, and which part of it they want.
#[derive(Debug, Clone, Default)]
pub struct WantedPart {
    none_match: Option<String>,
    range: Option<String>,
    if_range: Option<String>,
}

/// What is sent of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The caller has it already.
    Nothing,
    Whole,
    Of(Range<u64>),
}

impl WantedPart {
    /// Of a file with this tag, in its quotes, and of this length.
    pub fn of(&self, tag: &str, length: u64) -> Result<Part, ApiError> {
        let is_it = |given: &str| given.trim().trim_start_matches("W/") == tag;
        if self.none_match.as_deref().is_some_and(|tags| tags.trim() == "*" || tags.split(',').any(is_it)) {
            return Ok(Part::Nothing);
        }
        // A part of another file than the one that the caller has the rest of is of no use to them.
        let asked = self.range.as_deref().filter(|_| self.if_range.as_deref().is_none_or(|given| given.trim() == tag));
        match asked.and_then(one_range) {
            None => Ok(Part::Whole),
            Some((first, last)) => within(first, last, length).map(Part::Of).ok_or_else(|| {
                let length = format!("bytes */{length}");
                RANGE_NOT_SATISFIABLE.with("The file ends before that.").with_header("Content-Range", length)
            }),
        }
    }
}

/// `bytes=first-last`, either of which may be missing. Whatever else there may be in the header is not meant for
/// us, and then the whole file is a good answer.
fn one_range(header: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (first, last) = header.trim().strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => Some(Some(digits.parse().unwrap_or(u64::MAX))),
        _ => None,
    };
    match (number(first)?, number(last)?) {
        (None, None) => None,
        (Some(first), Some(last)) if last < first => None,
        range => Some(range),
    }
}

fn within(first: Option<u64>, last: Option<u64>, length: u64) -> Option<Range<u64>> {
    let range = match (first, last) {
        (Some(first), last) => first..last.map_or(length, |last| last.saturating_add(1).min(length)),
        (None, last) => length.saturating_sub(last.unwrap_or(0))..length,
    };
    (!range.is_empty()).then_some(range)
}

impl FromRequest for WantedPart {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let one = |name: HeaderName| req.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        ready(Ok(Self { none_match: one(IF_NONE_MATCH), range: one(RANGE), if_range: one(IF_RANGE) }))
    }
}

impl Takes for WantedPart {
    fn note(signature: &mut Signature) {
        let mut header = |name, about, example| signature.headers.push(Header { name, about, example });
        header("If-None-Match", "The `ETag` of what the caller has: where it is still that, 304 comes.", "\"2c26b4\"");
        header("Range", "Which part of it is wanted, in bytes; one part at a time.", "bytes=0-1023");
        header(
            "If-Range",
            "The `ETag` that the part is wanted of; where it is another, all of it comes.",
            "\"2c26b4\"",
        );
        signature.refusals.push(RANGE_NOT_SATISFIABLE);
    }
}

/// A picture, or a part of it.
pub struct PictureAnswer {
    pub media_type: &'static str,
    pub tag: String,
    /// For how long it may be shown again without asking, in seconds.
    pub fresh_for: u64,
    pub length: u64,
    pub part: Part,
    /// Empty, where nothing is sent.
    pub body: BoxBody,
}

impl Responder for PictureAnswer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let Self { media_type, tag, fresh_for, length, part, body } = self;
        let mut response = HttpResponse::Ok();
        // Nobody between may keep it: it is for who may see the product.
        let cache =
            if fresh_for > 0 { format!("private, max-age={fresh_for}") } else { "private, no-cache".to_owned() };
        response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, cache));
        if part == Part::Nothing {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
        if let Part::Of(range) = &part {
            let said = format!("bytes {}-{}/{length}", range.start, range.end.saturating_sub(1));
            response.status(StatusCode::PARTIAL_CONTENT).insert_header((CONTENT_RANGE, said));
        }
        response.insert_header((ACCEPT_RANGES, "bytes"));
        response.insert_header((CONTENT_TYPE, media_type));
        // Opened by itself it is a picture, and whatever else somebody hid in it does not run.
        response.insert_header((CONTENT_DISPOSITION, "inline"));
        response.insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"));
        response.body(body)
    }
}

impl Answers for PictureAnswer {
    fn schema() -> Option<SchemaOf> {
        None
    }

    fn files() -> &'static [&'static str] {
        &PICTURES
    }

    fn in_parts() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(none_match: Option<&str>, range: Option<&str>, if_range: Option<&str>) -> Result<Part, &'static str> {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let wanted = WantedPart { none_match: own(none_match), range: own(range), if_range: own(if_range) };
        wanted.of("\"a\"", 100).map_err(|error| error.code())
    }

    #[test]
    fn who_has_it_gets_nothing() {
        for tags in ["\"a\"", "\"b\", \"a\"", "W/\"a\"", "*"] {
            assert_eq!(wanted(Some(tags), Some("bytes=0-1"), None), Ok(Part::Nothing), "{tags}");
        }
        for tags in ["\"b\"", "a", ""] {
            assert_eq!(wanted(Some(tags), None, None), Ok(Part::Whole), "{tags}");
        }
    }

    #[test]
    fn parts_lie_within_the_file() {
        for (header, range) in [
            ("bytes=0-0", 0..1),
            ("bytes=10-19", 10..20),
            ("bytes=90-", 90..100),
            ("bytes=90-200", 90..100),
            ("bytes=-10", 90..100),
            ("bytes=-200", 0..100),
            ("bytes=0-99999999999999999999999", 0..100),
        ] {
            assert_eq!(wanted(None, Some(header), None), Ok(Part::Of(range)), "{header}");
        }
        for header in ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999-"] {
            assert_eq!(wanted(None, Some(header), None), Err("range_not_satisfiable"), "{header}");
        }
        for header in ["bytes=5-1", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes=--1", ""] {
            assert_eq!(wanted(None, Some(header), None), Ok(Part::Whole), "{header}");
        }
    }

    #[test]
    fn a_part_of_another_file_is_the_whole_one() {
        assert_eq!(wanted(None, Some("bytes=0-0"), Some("\"a\"")), Ok(Part::Of(0..1)));
        assert_eq!(wanted(None, Some("bytes=0-0"), Some("\"b\"")), Ok(Part::Whole));
    }
}
