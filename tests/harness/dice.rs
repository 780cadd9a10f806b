//! The dice of random walks and simulations.

use countinghouse_api::platform::ids::{NoRandomness, Randomness};
use std::sync::Mutex;

/// Numbers that look random and are the same in every run and everywhere: SplitMix64 (Steele, Lea,
/// Flood: Fast splittable pseudorandom number generators, 2014). A walk is its seed.
pub struct Dice(u64);

impl Dice {
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    /// One of these; nothing when there are none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { of.get(self.roll(of.len() as u64) as usize) }
    }
}

/// Random bytes that are the same in every run.
pub struct SeededRandomness(Mutex<Dice>);

impl SeededRandomness {
    pub fn of(seed: u64) -> Self {
        Self(Mutex::new(Dice::of(seed)))
    }
}

impl Randomness for SeededRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        let mut dice = self.0.lock().map_err(|_| NoRandomness)?;
        bytes.fill_with(|| dice.roll(256) as u8);
        Ok(())
    }
}
