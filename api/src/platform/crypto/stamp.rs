//! Stamps: bytes that the service gives away and knows again when they come back.
//!
//! A text is `base64url(payload ‖ first 16 bytes of HMAC-SHA256)`. What it was made for is signed and not
//! sent: another use, or another owner, does not read it.

use super::derive_key;
use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::sync::Arc;

const TAG: usize = 16;

/// Makes and reads texts of one kind.
#[derive(Clone)]
pub struct Stamps {
    /// The first one makes what is given away, and each of them knows it again.
    keys: Arc<[hmac::Key]>,
}

impl Stamps {
    /// `secret`: any key of the configuration; each purpose gets one derived from it.
    pub fn new(secret: &[u8; 32], purpose: &str) -> Self {
        Self { keys: Arc::new([derive_key(secret, purpose)]) }
    }

    /// The same with all keys of a ring, so that what was given away stays good while another one comes in front.
    pub fn of_ring<'k>(secrets: impl Iterator<Item = &'k [u8; 32]>, purpose: &str) -> Self {
        Self { keys: secrets.map(|secret| derive_key(secret, purpose)).collect() }
    }

    pub fn write(&self, made_for: &str, payload: &[u8]) -> String {
        let tag = self.keys.first().map(|key| tag(key, made_for, payload)).unwrap_or_default();
        URL_SAFE_NO_PAD.encode([payload, &tag].concat())
    }

    /// The payload of what was written for just this, and is `N` bytes long.
    pub fn read<const N: usize>(&self, made_for: &str, text: &str) -> Option<[u8; N]> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (payload, given) = bytes.split_first_chunk::<N>()?;
        let is_by = |key| verify_slices_are_equal(given, &tag(key, made_for, payload)).is_ok();
        self.keys.iter().any(is_by).then_some(*payload)
    }
}

fn tag(key: &hmac::Key, made_for: &str, payload: &[u8]) -> Vec<u8> {
    let mut context = hmac::Context::with_key(key);
    context.update(made_for.as_bytes());
    context.update(&[0]);
    context.update(payload);
    context.sign().as_ref().iter().copied().take(TAG).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_known_again_by_who_made_it_and_for_what_it_was_made() {
        let stamps = Stamps::new(&[7; 32], "tickets");
        let text = stamps.write("row 1", b"seat");
        assert_eq!(stamps.read("row 1", &text), Some(*b"seat"));
        assert_eq!(stamps.read::<4>("row 2", &text), None);
        assert_eq!(stamps.read::<3>("row 1", &text), None);
        assert_eq!(stamps.read::<5>("row 1", &text), None);
        assert_eq!(Stamps::new(&[7; 32], "coupons").read::<4>("row 1", &text), None);
        assert_eq!(Stamps::new(&[8; 32], "tickets").read::<4>("row 1", &text), None);
        let ring = |keys: &[[u8; 32]]| Stamps::of_ring(keys.iter(), "tickets");
        assert_eq!(ring(&[[8; 32], [7; 32]]).read("row 1", &text), Some(*b"seat"));
        assert_eq!(ring(&[[8; 32]]).read::<4>("row 1", &text), None);
        assert_eq!(ring(&[]).read::<4>("row 1", &ring(&[]).write("row 1", b"seat")), None);
    }
}
