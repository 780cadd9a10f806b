//! What becomes of a photograph until somebody searches with it.

use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder, imageops};

/// Makes a query of a photograph, and of another one where it takes two.
type Made = fn(&RgbImage, &RgbImage) -> RgbImage;

pub const QUERIES: [(&str, Made); 12] = [
    ("three quarters of it", |photo, _| cut(photo, 75, 50)),
    ("half of it, off its middle", |photo, _| cut(photo, 50, 30)),
    ("turned by 8 degrees", |photo, _| turned(photo, 8.0)),
    ("turned by 20 degrees", |photo, _| turned(photo, -20.0)),
    ("JPEG 40", |photo, _| small(photo, 480)),
    ("small, 120 pixels", |photo, _| small(photo, 120)),
    ("blurred", |photo, _| imageops::fast_blur(&small(photo, 480), 3.0)),
    ("blurred more", |photo, _| imageops::fast_blur(&small(photo, 480), 6.0)),
    ("darker", |photo, _| lit(photo, 0.5)),
    ("brighter", |photo, _| lit(photo, 1.5)),
    ("on a plain background", |photo, _| {
        let (width, height) = photo.dimensions();
        laid(photo, RgbImage::from_pixel(width / 2, height / 2, Rgb([178, 172, 160])))
    }),
    ("on another photograph", |photo, other| {
        let (width, height) = photo.dimensions();
        laid(photo, imageops::thumbnail(other, width / 2, height / 2))
    }),
];

pub fn as_jpeg(image: &RgbImage, quality: u8) -> Vec<u8> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality).encode_image(image).expect("a JPEG");
    file
}

/// So many percent of its width and height, from so many percent of what is left.
fn cut(photo: &RgbImage, percent: u32, place: u32) -> RgbImage {
    let (width, height) = (photo.width() * percent / 100, photo.height() * percent / 100);
    let (left, top) = ((photo.width() - width) * place / 100, (photo.height() - height) * place / 100);
    imageops::crop_imm(photo, left, top, width, height).to_image()
}

fn small(photo: &RgbImage, longer: u32) -> RgbImage {
    let side = photo.width().max(photo.height());
    imageops::thumbnail(photo, photo.width() * longer / side, photo.height() * longer / side)
}

fn lit(photo: &RgbImage, by: f32) -> RgbImage {
    let mut lit = small(photo, 640);
    lit.pixels_mut().for_each(|pixel| pixel.0 = pixel.0.map(|value| (f32::from(value) * by).min(255.0) as u8));
    lit
}

/// Turned around its middle, with grey where nothing is.
fn turned(photo: &RgbImage, degrees: f32) -> RgbImage {
    let photo = small(photo, 640);
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (width, height) = photo.dimensions();
    let (middle_x, middle_y) = (width as f32 / 2.0, height as f32 / 2.0);
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32 - middle_x, y as f32 - middle_y);
        let (from_x, from_y) = (x * cos - y * sin + middle_x, x * sin + y * cos + middle_y);
        imageops::interpolate_bilinear(&photo, from_x, from_y).unwrap_or(Rgb([128; 3]))
    })
}

/// At two thirds of the size in the middle of a background, as half of the photograph's pixels.
fn laid(photo: &RgbImage, mut background: RgbImage) -> RgbImage {
    let (width, height) = background.dimensions();
    let photo = imageops::thumbnail(photo, width * 2 / 3, height * 2 / 3);
    imageops::overlay(&mut background, &photo, i64::from(width / 6), i64::from(height / 6));
    background
}
