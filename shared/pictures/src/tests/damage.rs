//! Files that are damaged at random, by a seed: whatever comes, it is read or refused, and never panics.
//!
//! `PICTURE_RUNS=1000000 cargo test --release -p countinghouse-pictures damaged` is the long run; `PICTURE_SEED`
//! makes another one of it.

use super::making::{
    ANIMATED_PNG, ANIMATED_WEBP, CMYK, LOSSY, PNG, SAMPLES, exif, riff_chunk, with_chunk, with_chunks, with_exif,
};
use crate::{Format, Header, Picture, header};
use std::env;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ mixed >> 31) >> 16) as usize % below.max(1)
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = SAMPLES.iter().map(|(_, _, file)| file.to_vec()).collect();
    seeds.extend([ANIMATED_PNG.to_vec(), ANIMATED_WEBP.to_vec()]);
    seeds.extend(SAMPLES.iter().take(3).map(|(_, format, file)| with_exif(*format, file, &exif(6, b"somewhere"))));
    seeds.push(with_exif(Format::Png, PNG, &exif(8, b"somewhere")));
    seeds.push(with_exif(Format::WebP, LOSSY, &exif(3, b"somewhere")));
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    seeds.push(with_chunks(LOSSY, 0x20, &riff_chunk(b"ICCP", &profile), &[]));
    seeds.push(with_chunk(PNG, b"gAMA", &[0, 0, 0xB1, 0x8F]));
    seeds
}

/// One to four wounds of the kinds that files get, and those that attackers give them.
fn damaged(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    const TELLING: [u8; 12] = [0, 1, 2, 0x7F, 0x80, 0xFF, 0xD8, 0xD9, 0xDA, 0xC0, 0xC4, 0xE1];
    let mut file = seeds[dice.roll(seeds.len())].clone();
    for _ in 0..=dice.roll(4) {
        if file.is_empty() {
            break;
        }
        // Half of the wounds are where the structure is.
        let within = if dice.roll(2) == 0 { file.len().min(200) } else { file.len() };
        let at = dice.roll(within);
        match dice.roll(9) {
            0 => file[at] ^= 1 << dice.roll(8),
            1 | 2 => file[at] = TELLING[dice.roll(TELLING.len())],
            3 => file[at] = dice.roll(256) as u8,
            4 => file.truncate(at),
            5 => drop(file.drain(at..(at + dice.roll(40)).min(file.len()))),
            6 => {
                let part = file[at..(at + dice.roll(80)).min(file.len())].to_vec();
                let to = dice.roll(file.len());
                drop(file.splice(to..to, part));
            }
            7 => {
                let length = (dice.roll(1 << 16) as u32) << [0, 8, 16][dice.roll(3)];
                let bytes = if dice.roll(2) == 0 { length.to_be_bytes() } else { length.to_le_bytes() };
                let end = (at + 4).min(file.len());
                file[at..end].copy_from_slice(&bytes[..end - at]);
            }
            _ => {
                let other = &seeds[dice.roll(seeds.len())];
                let from = dice.roll(other.len());
                file.truncate(at);
                file.extend(&other[from..]);
            }
        }
    }
    file
}

#[test]
fn damaged_files_are_read_or_refused() {
    let number = |name: &str, default| env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let (runs, seed) = (number("PICTURE_RUNS", 20_000), number("PICTURE_SEED", 1));
    let (seeds, mut taken, mut decoded) = (seeds(), 0_u64, 0_u64);
    for run in 0..runs {
        let mut dice = Dice(seed << 32 | run);
        let file = damaged(&mut dice, &seeds);
        let Ok(found) = Header::read(&file) else { continue };
        taken += 1;
        // What was taken apart is put together to something that says the same.
        let clean = header::clean(found.format, &file);
        let again = header::facts(&clean).unwrap_or_else(|refused| panic!("run {run}: {refused:?}")).1;
        assert!(header::clean(found.format, &clean) == clean, "run {run}");
        let before = header::facts(&file).unwrap().1;
        assert_eq!((again.width, again.height), (before.width, before.height), "run {run}");
        // A decoder may be asked for 40 megapixels now, which takes a second.
        if u64::from(found.width) * u64::from(found.height) < 100_000
            && let Ok(picture) = Picture::read(&file)
        {
            decoded += 1;
            picture.display().unwrap();
            picture.original().unwrap();
        }
    }
    println!("{runs} files: {taken} taken by the header, {decoded} decoded");
    assert!(taken > runs / 20 && decoded > runs / 50, "{taken} and {decoded} of {runs}: too few to show anything");
    assert!(Picture::read(CMYK).is_ok());
}
