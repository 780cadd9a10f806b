//! Another size for a picture: each new pixel is the mean of the area that it covers, or, where the picture becomes
//! larger, lies between its neighbours. What is transparent is laid on white.
//!
//! In whole numbers throughout, so that the same picture is the same on every machine. Rows are folded first: that
//! is most of the work, and simple enough for the compiler to do many numbers at once.

use crate::pixels::{Channels, Pixels};

/// What the weights of one new pixel add up to.
const ONE: u32 = 1 << 14;
/// Between the two passes numbers keep some bits behind the point: 255 becomes at most 2^14.
const KEPT_BITS: u32 = 6;

/// The old rows (or columns) that a new one is made of, each with its share.
struct Share {
    first: usize,
    weights: Vec<u32>,
}

/// Opaque pixels of another size, grey ones or in colour.
pub(crate) fn reduce(pixels: &Pixels, width: u32, height: u32) -> Pixels {
    let flat = if matches!(pixels.channels, Channels::Grey | Channels::GreyAlpha) { 1 } else { 3 };
    let columns = shares(pixels.width, width);
    let (mut row, mut sums, mut data) = (Vec::new(), Vec::new(), Vec::new());
    let stride = size(pixels.width) * pixels.channels.count();
    for share in shares(pixels.height, height) {
        sums.clear();
        sums.resize(size(pixels.width) * flat, 0);
        let rows = pixels.data.chunks_exact(stride).skip(share.first);
        for (old, weight) in rows.zip(&share.weights) {
            add_row(&mut sums, opaque(old, pixels.channels, &mut row), *weight);
        }
        for sum in &mut sums {
            *sum = (*sum + (1 << (13 - KEPT_BITS))) >> (14 - KEPT_BITS);
        }
        if flat == 1 {
            fold::<1>(&sums, &columns, &mut data);
        } else {
            fold::<3>(&sums, &columns, &mut data);
        }
    }
    Pixels { width, height, channels: if flat == 1 { Channels::Grey } else { Channels::Rgb }, data }
}

fn add_row(sums: &mut [u32], row: &[u8], weight: u32) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += u32::from(*value) * weight;
    }
}

/// One new row of a folded one.
fn fold<const CHANNELS: usize>(sums: &[u32], columns: &[Share], out: &mut Vec<u8>) {
    let (old, _) = sums.as_chunks::<CHANNELS>();
    for share in columns {
        let mut pixel = [1 << (13 + KEPT_BITS); CHANNELS];
        for (values, weight) in old.iter().skip(share.first).zip(&share.weights) {
            for (sum, value) in pixel.iter_mut().zip(values) {
                *sum += value * weight;
            }
        }
        out.extend(pixel.map(|sum: u32| u8::try_from(sum >> (14 + KEPT_BITS)).unwrap_or(u8::MAX)));
    }
}

/// A row without transparency, on white.
fn opaque<'a>(row: &'a [u8], channels: Channels, scratch: &'a mut Vec<u8>) -> &'a [u8] {
    match channels {
        Channels::Grey | Channels::Rgb => return row,
        Channels::GreyAlpha => {
            scratch.resize(row.len() / 2, 0);
            for (to, [grey, alpha]) in scratch.iter_mut().zip(row.as_chunks().0) {
                *to = on_white(*grey, *alpha);
            }
        }
        Channels::Rgba => {
            scratch.resize(row.len() / 4 * 3, 0);
            for (to, [red, green, blue, alpha]) in scratch.as_chunks_mut().0.iter_mut().zip(row.as_chunks().0) {
                *to = [red, green, blue].map(|value| on_white(*value, *alpha));
            }
        }
    }
    scratch
}

/// `(value × alpha + 255 × (255 − alpha)) ÷ 255`, rounded, without dividing.
fn on_white(value: u8, alpha: u8) -> u8 {
    let sum = u32::from(value) * u32::from(alpha) + 255 * (255 - u32::from(alpha)) + 128;
    let [rounded, ..] = ((sum + (sum >> 8)) >> 8).to_le_bytes();
    rounded
}

/// What each of `new` pixels in a row takes of `old` ones.
fn shares(old: u32, new: u32) -> Vec<Share> {
    (0..new).map(|at| if new < old { covered(old, new, at) } else { between(old, new, at) }).collect()
}

/// Downwards: new pixel `at` covers the old ones from `at × old ÷ new` to `(at + 1) × old ÷ new`. Everything is counted
/// in `new`ths of an old pixel; what rounding leaves goes to the one in the middle.
fn covered(old: u32, new: u32, at: u32) -> Share {
    let (old, new, at) = (u64::from(old), u64::from(new), u64::from(at));
    let (start, end) = (at * old, (at + 1) * old);
    let first = start / new;
    let mut weights: Vec<u32> = (first..end.div_ceil(new))
        .map(|pixel| end.min((pixel + 1) * new) - start.max(pixel * new))
        .map(|part| u32::try_from(part * u64::from(ONE) / old).unwrap_or(0))
        .collect();
    let left = ONE - weights.iter().sum::<u32>();
    let middle = weights.len() / 2;
    if let Some(weight) = weights.get_mut(middle) {
        *weight += left;
    }
    Share { first: usize::try_from(first).unwrap_or(0), weights }
}

/// Upwards: the middle of new pixel `at` lies between the middles of two old ones.
fn between(old: u32, new: u32, at: u32) -> Share {
    let (old, new, at) = (u64::from(old), u64::from(new), u64::from(at));
    let place = ((2 * at + 1) * old).saturating_sub(new).min(2 * new * (old - 1));
    let first = place / (2 * new);
    let second = u32::try_from(place % (2 * new) * u64::from(ONE) / (2 * new)).unwrap_or(0);
    Share { first: usize::try_from(first).unwrap_or(0), weights: vec![ONE - second, second] }
}

fn size(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_always_add_up() {
        for (old, new) in [(1, 1), (1, 224), (3, 2), (224, 224), (225, 224), (1632, 224), (40_000_000, 3), (7, 5)] {
            for share in shares(old, new) {
                assert_eq!(share.weights.iter().sum::<u32>(), ONE, "{old} to {new}");
                let last = share.weights.iter().rposition(|weight| *weight > 0).unwrap();
                assert!(share.first + last < size(old), "{old} to {new}");
            }
        }
    }

    #[test]
    fn one_colour_stays_as_it_is_and_transparent_is_white() {
        let plain = |channels: Channels, pixel: &[u8]| Pixels { width: 7, height: 5, channels, data: pixel.repeat(35) };
        for (width, height) in [(1, 1), (3, 2), (7, 5), (20, 30)] {
            let of = |channels, pixel: &[u8]| reduce(&plain(channels, pixel), width, height).data;
            let times = size(width * height);
            assert_eq!(of(Channels::Rgb, &[255, 1, 128]), [255, 1, 128].repeat(times));
            assert_eq!(of(Channels::Rgba, &[9, 9, 9, 0]), [255].repeat(3 * times));
            assert_eq!(of(Channels::Rgba, &[9, 10, 11, 255]), [9, 10, 11].repeat(times));
            assert_eq!(of(Channels::GreyAlpha, &[0, 128]), [127].repeat(times));
            assert_eq!(of(Channels::Grey, &[254]), [254].repeat(times));
        }
    }

    #[test]
    fn a_new_pixel_is_the_mean_of_what_it_covers() {
        let stripes = Pixels { width: 6, height: 1, channels: Channels::Grey, data: vec![0, 60, 90, 30, 200, 100] };
        assert_eq!(reduce(&stripes, 3, 1).data, [30, 60, 150]);
        assert_eq!(reduce(&stripes, 2, 1).data, [50, 110]);
        let two = Pixels { width: 2, height: 1, channels: Channels::Grey, data: vec![0, 100] };
        assert_eq!(reduce(&two, 4, 1).data, [0, 25, 75, 100]);
    }
}
