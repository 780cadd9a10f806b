//! From a model's features to the 256 numbers that are kept and compared.
//!
//! Which numbers come out decides what may be compared, so this file changes with [`VERSION`]. In order:
//!
//! 1. The square root of each feature, a negative one's with its sign: a few strong features then do not
//!    outweigh all others.
//! 2. Length 1, so that what is projected is a direction.
//! 3. A sum of all features with signs, for each of the 256 numbers with other signs: a random projection
//!    (Achlioptas, 2003), which keeps angles nearly as they are. Signs, unlike normal deviates, need no function that
//!    another machine might round otherwise. They are the bits, from the lowest, of SplitMix64 (Steele, Lea and Flood,
//!    2014) that starts at [`SEED`]: the first feature's 256 signs, then the second's, and so on; a bit that is
//!    set is a minus. A model with at most 256 features is not projected; zeros fill it up.
//! 4. Length 1 again: the scalar product of two is the cosine of their angle.
#![expect(clippy::float_arithmetic, reason = "vectors are floats, and no amount is among them")]

use crate::embedding::{DIMENSIONS, Embedding};

/// Of all that happens to a picture before and after the model. Raise it when any of it changes.
pub(crate) const VERSION: u32 = 1;
const SEED: u64 = 0x636F_756E_7469_6E67;

/// The signs for a model's features: 256 bits each.
pub(crate) struct Projection {
    signs: Vec<[u64; DIMENSIONS / 64]>,
}

impl Projection {
    pub fn of(features: usize) -> Self {
        let mut state = SEED;
        let signs = (0..features).map(|_| std::array::from_fn(|_| split_mix(&mut state))).collect();
        Self { signs }
    }

    /// None if the features point nowhere: not as many as they were, all zero, or no numbers.
    pub fn embed(&self, features: &[f32]) -> Option<Embedding> {
        if features.len() != self.signs.len() || !features.iter().all(|feature| feature.is_finite()) {
            return None;
        }
        let roots: Vec<f32> = features.iter().map(|feature| feature.abs().sqrt().copysign(*feature)).collect();
        let roots = normalised(&roots)?;
        let mut sums = [0.0_f32; DIMENSIONS];
        if roots.len() <= DIMENSIONS {
            sums.iter_mut().zip(&roots).for_each(|(sum, root)| *sum = *root);
        } else {
            for (root, signs) in roots.iter().zip(&self.signs) {
                add_signed(&mut sums, *root, signs);
            }
        }
        normalised(&sums).map(Embedding)
    }
}

fn add_signed(sums: &mut [f32; DIMENSIONS], root: f32, signs: &[u64; DIMENSIONS / 64]) {
    let (words, _) = sums.as_chunks_mut::<64>();
    for (word, signs) in words.iter_mut().zip(signs) {
        for (bit, sum) in word.iter_mut().enumerate() {
            *sum += if signs >> bit & 1 == 0 { root } else { -root };
        }
    }
}

/// Of length 1, or None for what has none.
fn normalised(numbers: &[f32]) -> Option<Vec<f32>> {
    let length = numbers.iter().map(|number| f64::from(*number) * f64::from(*number)).sum::<f64>().sqrt();
    if !length.is_normal() {
        return None;
    }
    #[expect(clippy::as_conversions, reason = "a float of half the bits is what is kept")]
    let divided = |number: &f32| (f64::from(*number) / length) as f32;
    Some(numbers.iter().map(divided).collect())
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ *state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

#[cfg(test)]
#[expect(clippy::as_conversions, reason = "tests may")]
mod tests {
    use super::*;

    /// The generator's first numbers from zero, as its authors' program prints them.
    #[test]
    fn the_generator_is_split_mix() {
        let mut state = 0;
        assert_eq!([split_mix(&mut state), split_mix(&mut state)], [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4]);
    }

    /// Kept vectors would compare with nothing any more, if this changed without the version.
    #[test]
    fn the_projection_stays_what_it_is() {
        let features: Vec<f32> = (0..1280_u16).map(|at| f32::from(at % 97) / 31.0).collect();
        let vector = Projection::of(features.len()).embed(&features).unwrap();
        let first: Vec<i32> = vector.as_slice()[..6].iter().map(|number| (number * 1e5).round() as i32).collect();
        assert_eq!((VERSION, first), (1, vec![-3779, 2217, 2731, 2905, -2960, 5176]));
    }

    #[test]
    fn angles_stay_nearly_as_they_are() {
        let mut state = 1;
        let mut features = || (0..1280).map(|_| (split_mix(&mut state) >> 48) as f32 / 65536.0).collect::<Vec<_>>();
        let projection = Projection::of(1280);
        let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        for _ in 0..50 {
            let (a, b) = (features(), features());
            let roots = |of: &[f32]| normalised(&of.iter().map(|x| x.sqrt()).collect::<Vec<_>>()).unwrap();
            let (before, after) = (cosine(&roots(&a), &roots(&b)), {
                let (a, b) = (projection.embed(&a).unwrap(), projection.embed(&b).unwrap());
                cosine(a.as_slice(), b.as_slice())
            });
            assert!((before - after).abs() < 0.1, "{before} became {after}");
        }
    }

    #[test]
    fn a_vector_has_length_one_and_nothing_points_nowhere() {
        for features in [1, 16, 256, 257, 1280] {
            let projection = Projection::of(features);
            let vector = projection.embed(&vec![0.5; features]).unwrap();
            let length: f32 = vector.as_slice().iter().map(|number| number * number).sum();
            assert!((length - 1.0).abs() < 1e-5 && vector.as_slice().len() == DIMENSIONS);
            for none in
                [vec![0.0; features], vec![f32::NAN; features], vec![f32::INFINITY; features], vec![1.0; features + 1]]
            {
                assert_eq!(projection.embed(&none), None);
            }
        }
    }
}
