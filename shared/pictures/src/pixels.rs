//! Decoded pixels: eight bits for each of one to four channels, and how they are turned.

use crate::header::turns;
use image::{DynamicImage, GrayAlphaImage, GrayImage, RgbImage, RgbaImage, metadata::Orientation};

/// Rows from the top, without gaps between them.
pub(crate) struct Pixels {
    pub width: u32,
    pub height: u32,
    pub channels: Channels,
    pub data: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channels {
    Grey,
    GreyAlpha,
    Rgb,
    Rgba,
}

impl Channels {
    pub fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

impl Pixels {
    /// The same pixels, upright. A picture that needs no turning is not copied.
    pub fn upright(self, orientation: Orientation) -> Option<DynamicImage> {
        let mut image = self.into_image()?;
        image.apply_orientation(orientation);
        Some(image)
    }

    pub fn into_image(self) -> Option<DynamicImage> {
        let Self { width, height, channels, data } = self;
        match channels {
            Channels::Grey => GrayImage::from_raw(width, height, data).map(DynamicImage::ImageLuma8),
            Channels::GreyAlpha => GrayAlphaImage::from_raw(width, height, data).map(DynamicImage::ImageLumaA8),
            Channels::Rgb => RgbImage::from_raw(width, height, data).map(DynamicImage::ImageRgb8),
            Channels::Rgba => RgbaImage::from_raw(width, height, data).map(DynamicImage::ImageRgba8),
        }
    }
}

/// The size that becomes `width` × `height` when it is turned.
pub(crate) fn before_turning(width: u32, height: u32, orientation: Orientation) -> (u32, u32) {
    if turns(orientation) { (height, width) } else { (width, height) }
}
