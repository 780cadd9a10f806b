//! Two perceptual hashes of 64 bits, as everybody has them, to compare with.

use image::{RgbImage, imageops};
use std::f64::consts::PI;

/// By differences (dHash), and by a cosine transform (pHash).
pub fn of(image: &RgbImage) -> [u64; 2] {
    [by_differences(image), by_cosines(image)]
}

fn greys(image: &RgbImage, width: u32, height: u32) -> Vec<f64> {
    let small = imageops::thumbnail(image, width, height);
    small.pixels().map(|pixel| (0..3).map(|at| f64::from(pixel[at]) * [0.299, 0.587, 0.114][at]).sum()).collect()
}

/// Whether each pixel of 9 × 8 is brighter than the next.
fn by_differences(image: &RgbImage) -> u64 {
    let greys = greys(image, 9, 8);
    let bits = greys.chunks(9).flat_map(|row| row.windows(2).map(|pair| pair[0] > pair[1]));
    bits.fold(0, |hash, bit| hash << 1 | u64::from(bit))
}

/// Which of the 8 × 8 lowest frequencies of 32 × 32 pixels are stronger than their median.
fn by_cosines(image: &RgbImage) -> u64 {
    let greys = greys(image, 32, 32);
    let wave = |frequency: usize, at: usize| (PI / 32.0 * (at as f64 + 0.5) * frequency as f64).cos();
    let strengths: Vec<f64> = (0..64)
        .map(|number| {
            let (down, across) = (number / 8, number % 8);
            let sum = greys.iter().enumerate().map(|(at, grey)| grey * wave(across, at % 32) * wave(down, at / 32));
            sum.sum()
        })
        .collect();
    let mut sorted = strengths[1..].to_vec(); // the first is the mean brightness
    sorted.sort_by(f64::total_cmp);
    strengths.iter().fold(0, |hash, strength| hash << 1 | u64::from(*strength > sorted[31]))
}
