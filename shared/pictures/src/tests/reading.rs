//! What is read, and that it is what was drawn: each format, printing colours, 16 bits, and the eight orientations.

use super::making::{ALPHA, CMYK, GREY, PNG, SAMPLES, encoded, exif, with_exif};
use crate::{DISPLAY_SIDE, Format, Header, Picture};
use image::{Rgb, RgbImage};

fn shown(picture: &Picture) -> RgbImage {
    image::load_from_memory(&picture.display().unwrap().bytes).unwrap().to_rgb8()
}

fn near(a: &Rgb<u8>, b: &Rgb<u8>, by: u8) -> bool {
    a.0.iter().zip(&b.0).all(|(a, b)| a.abs_diff(*b) <= by)
}

#[test]
fn every_sample_is_what_was_drawn() {
    let drawn = image::load_from_memory(PNG).unwrap().to_rgb8();
    for (name, format, file) in SAMPLES {
        let picture = Picture::read(file).unwrap();
        assert_eq!((picture.format(), picture.width(), picture.height()), (format, 96, 64), "{name}");
        let shown = shown(&picture);
        assert_eq!(shown.dimensions(), (96, 64), "{name}");
        // In the middle of the red square and of the blue disc.
        for (x, y) in [(20, 20), (68, 38)] {
            let as_drawn = drawn.get_pixel(x, y);
            let expected = match file {
                GREY => Rgb([(0..3).map(|at| as_drawn[at] as f32 * [0.299, 0.587, 0.114][at]).sum::<f32>() as u8; 3]),
                // Its transparency grows from the top.
                ALPHA => {
                    as_drawn.0.map(|value| (value as u32 * y * 4 + 255 * (255 - y * 4)) / 255).map(|v| v as u8).into()
                }
                _ => *as_drawn,
            };
            let found = shown.get_pixel(x, y);
            assert!(near(found, &expected, 14), "{name} at {x}, {y}: {found:?}, drawn {expected:?}");
        }
    }
}

#[test]
fn the_header_agrees_with_what_is_decoded() {
    for (name, format, file) in SAMPLES {
        let Header { format: said, width, height, memory } = Header::read(file).unwrap();
        assert_eq!((said, width, height), (format, 96, 64), "{name}");
        assert!(memory >= 96 * 64 && memory < 96 * 64 * 10 + file.len() as u64, "{name}: {memory}");
    }
}

/// A CMYK file of Adobe's programs holds its colours inverted; read plainly it would be a negative.
#[test]
fn printing_colours_are_not_a_negative() {
    let white = shown(&Picture::read(CMYK).unwrap());
    assert!(near(white.get_pixel(25, 50), &Rgb([250; 3]), 8), "{:?}", white.get_pixel(25, 50));
}

#[test]
fn sixteen_bits_are_shown_as_eight() {
    for (color, channels) in [(png::ColorType::Rgb, 3), (png::ColorType::Rgba, 4), (png::ColorType::Grayscale, 1)] {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 8, 8);
        encoder.set_color(color);
        encoder.set_depth(png::BitDepth::Sixteen);
        let pixel = [0xC8, 0x40, 0x64, 0x01, 0x32, 0xFF, 0xFF, 0xFF];
        encoder.write_header().unwrap().write_image_data(&pixel[..2 * channels].repeat(64)).unwrap();
        let picture = Picture::read(&file).unwrap();
        let expected = if channels == 1 { [200; 3] } else { [200, 100, 50] };
        assert!(near(shown(&picture).get_pixel(4, 4), &Rgb(expected), 3), "{color:?}");
        assert_eq!(picture.original().unwrap().bytes.len(), file.len(), "{color:?}");
    }
}

#[test]
fn palettes_and_their_transparent_colour_are_followed() {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 8, 8);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_palette(vec![200, 0, 0, 0, 0, 200]);
    encoder.set_trns(vec![255, 0]);
    encoder.write_header().unwrap().write_image_data(&[0x0F; 8]).unwrap();
    let shown = shown(&Picture::read(&file).unwrap());
    assert!(near(shown.get_pixel(1, 4), &Rgb([200, 0, 0]), 12), "{:?}", shown.get_pixel(1, 4));
    assert!(near(shown.get_pixel(6, 4), &Rgb([255; 3]), 12), "{:?}", shown.get_pixel(6, 4));
}

const RED: Rgb<u8> = Rgb([220, 20, 20]);
const GREEN: Rgb<u8> = Rgb([20, 200, 20]);
const BLUE: Rgb<u8> = Rgb([20, 20, 220]);
const WHITE: Rgb<u8> = Rgb([250, 250, 250]);

/// Quarters: red and green above, blue and white below.
fn quarters() -> RgbImage {
    RgbImage::from_fn(96, 64, |x, y| match (x < 48, y < 32) {
        (true, true) => RED,
        (false, true) => GREEN,
        (true, false) => BLUE,
        (false, false) => WHITE,
    })
}

/// What each orientation of EXIF makes of them: above left and right, below left and right.
const ORIENTATIONS: [(u8, [Rgb<u8>; 4]); 8] = [
    (1, [RED, GREEN, BLUE, WHITE]),
    (2, [GREEN, RED, WHITE, BLUE]),
    (3, [WHITE, BLUE, GREEN, RED]),
    (4, [BLUE, WHITE, RED, GREEN]),
    (5, [RED, BLUE, GREEN, WHITE]),
    (6, [BLUE, RED, WHITE, GREEN]),
    (7, [WHITE, GREEN, BLUE, RED]),
    (8, [GREEN, WHITE, RED, BLUE]),
];

#[test]
fn every_orientation_is_upright_in_what_is_shown_and_kept() {
    for format in [Format::Jpeg, Format::Png, Format::WebP] {
        let plain = encoded(format, &quarters());
        for (orientation, expected) in ORIENTATIONS {
            let picture = Picture::read(&with_exif(format, &plain, &exif(orientation, b"here"))).unwrap();
            let size = if orientation < 5 { (96, 64) } else { (64, 96) };
            assert_eq!((picture.width(), picture.height()), size, "{format} {orientation}");
            let original = picture.original().unwrap();
            assert_eq!((original.format, original.width, original.height), (format, size.0, size.1));
            let again = Picture::read(&original.bytes).unwrap();
            assert_eq!((again.format(), again.width(), again.height()), (format, size.0, size.1));
            let kept = image::load_from_memory(&original.bytes).unwrap().to_rgb8();
            for image in [shown(&picture), shown(&again), kept] {
                assert_eq!(image.dimensions(), size, "{format} {orientation}");
                let (x, y) = (size.0 / 4, size.1 / 4);
                let places = [(x, y), (3 * x, y), (x, 3 * y), (3 * x, 3 * y)];
                for ((x, y), colour) in places.into_iter().zip(expected) {
                    let found = image.get_pixel(x, y);
                    assert!(near(found, &colour, 10), "{format} {orientation} at {x}, {y}: {found:?} not {colour:?}");
                }
            }
        }
    }
}

/// 0, 9 and the like mean nothing, and neither does EXIF that is none.
#[test]
fn an_orientation_that_makes_no_sense_is_none() {
    let plain = encoded(Format::Jpeg, &quarters());
    for exif in [exif(0, b""), exif(9, b""), exif(6, b"")[..12].to_vec(), b"MM\0\x2a\xff\xff\xff\xff".to_vec(), vec![]]
    {
        let picture = Picture::read(&with_exif(Format::Jpeg, &plain, &exif)).unwrap();
        assert_eq!((picture.width(), picture.height()), (96, 64));
    }
}

#[test]
fn what_is_shown_is_never_larger_than_the_picture_and_at_most_a_screen() {
    for (width, height, expected) in [
        (3000, 1500, (DISPLAY_SIDE, 512)),
        (10, 4000, (3, DISPLAY_SIDE)),
        (1024, 1024, (1024, 1024)),
        (3000, 1, (DISPLAY_SIDE, 1)),
        (5, 7, (5, 7)),
    ] {
        let picture = Picture::read(&encoded(Format::Png, &RgbImage::from_pixel(width, height, RED))).unwrap();
        let display = picture.display().unwrap();
        assert_eq!((display.width, display.height), expected);
        let shown = shown(&picture);
        assert_eq!(shown.dimensions(), expected);
        assert!(near(shown.get_pixel(0, 0), &RED, 4), "{:?}", shown.get_pixel(0, 0));
    }
}

/// In Display P3 the same numbers are a stronger red than in sRGB, which has none that is as strong.
#[test]
fn colours_of_a_profile_are_shown_as_those_of_srgb() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    for format in [Format::Jpeg, Format::Png, Format::WebP] {
        let image = RgbImage::from_pixel(32, 32, Rgb([200, 100, 100]));
        let mut file = Vec::new();
        let write = |mut encoder: Box<dyn Encoder + '_>| encoder.write(&image, &profile);
        match format {
            Format::Jpeg => write(Box::new(Some(image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 98)))),
            Format::Png => write(Box::new(Some(image::codecs::png::PngEncoder::new(&mut file)))),
            Format::WebP => write(Box::new(Some(image::codecs::webp::WebPEncoder::new_lossless(&mut file)))),
        }
        let shown = shown(&Picture::read(&file).unwrap());
        assert!(near(shown.get_pixel(16, 16), &Rgb([214, 96, 97]), 4), "{format}: {:?}", shown.get_pixel(16, 16));
        let original = Picture::read(&file).unwrap().original().unwrap();
        assert_eq!(original.bytes.len(), file.len(), "{format}: the profile stays");
    }
}

trait Encoder {
    fn write(&mut self, image: &RgbImage, profile: &[u8]);
}

impl<T: image::ImageEncoder> Encoder for Option<T> {
    fn write(&mut self, image: &RgbImage, profile: &[u8]) {
        let mut encoder = self.take().unwrap();
        encoder.set_icc_profile(profile.to_vec()).unwrap();
        encoder.write_image(image, image.width(), image.height(), image::ExtendedColorType::Rgb8).unwrap();
    }
}
