//! Pictures to upload, forms that carry them, and the model that compares them.

use countinghouse_api::config::ImageModel;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use std::{
    io::Cursor,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// A form with a file as its part `file`, and fields beside it; its media type and its body. Its boundary is
/// another one each time, as those of browsers are.
pub fn form(file: &[u8], fields: &[(&str, &str)]) -> (String, Vec<u8>) {
    let mut parts: Vec<(String, &[u8])> =
        fields.iter().map(|(name, value)| (format!("form-data; name=\"{name}\""), value.as_bytes())).collect();
    parts.push(("form-data; name=\"file\"; filename=\"picture\"\r\nContent-Type: image/jpeg".to_owned(), file));
    form_of(&parts)
}

/// A form of any parts, each with its `Content-Disposition`.
pub fn form_of(parts: &[(String, &[u8])]) -> (String, Vec<u8>) {
    let boundary = Uuid::new_v4().simple().to_string();
    let mut body = Vec::new();
    for (disposition, content) in parts {
        body.extend(format!("--{boundary}\r\nContent-Disposition: {disposition}\r\n\r\n").bytes());
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// A picture that no other seed gives: a few coloured shapes.
pub fn drawing(seed: u32) -> RgbImage {
    let [red, green, blue, shape] = seed.wrapping_mul(2_654_435_761).to_be_bytes();
    RgbImage::from_fn(96, 64, |x, y| {
        let inside = match shape % 4 {
            0 => (x / 8 + y / 8) % 2 == 0,
            1 => (x.abs_diff(48)).pow(2) + (y.abs_diff(32)).pow(2) < 400 + u32::from(shape),
            2 => x > y + u32::from(shape) / 8,
            _ => y % 16 < 8,
        };
        let seen = if inside { [red, green, blue] } else { [blue, red, 255 - green] };
        // The seed itself, so that no two are the same whatever else they share.
        if (x, y) == (0, 0) {
            Rgb([seed.to_be_bytes()[1], seed.to_be_bytes()[2], seed.to_be_bytes()[3]])
        } else {
            Rgb(seen)
        }
    })
}

/// The drawing as a file.
pub fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(picture.clone()).write_to(&mut bytes, format).expect("it can be written");
    bytes.into_inner()
}

/// A PNG that no other seed gives.
pub fn picture(seed: u32) -> Vec<u8> {
    encoded(&drawing(seed), ImageFormat::Png)
}

/// A PNG's chunk, with its checksum: CRC-32 as zlib has it.
pub fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [name, data].concat();
    let sum = !named.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 })
    });
    let length = u32::try_from(data.len()).expect("it is short");
    [&length.to_be_bytes(), named.as_slice(), &sum.to_be_bytes()].concat()
}

/// A PNG that nobody ever sent before.
pub fn new_picture() -> Vec<u8> {
    let seed = Uuid::new_v4().as_fields().0;
    picture(seed)
}

/// The model that `./dev` obtains. Where it is not there, its tests are skipped with a loud word.
pub fn model() -> Option<ImageModel> {
    let file = model_file();
    if !file.exists() {
        crate::tools::skip(
            &format!("there is no model at {}: ./dev model obtains it", file.display()),
            "REQUIRE_TOOLS",
        );
        return None;
    }
    Some(file.display().to_string().parse().expect("a model"))
}

/// Where `./dev` keeps it.
fn model_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.dev/models/efficientnet-lite0.onnx")
}
