//! Secrets: how they are kept in memory, sealed at rest, and compared.
//!
//! A secret in the database is an envelope: AES-256-GCM under a data key, bound to the place
//! where it stands. Data keys are themselves wrapped by a master key from the configuration, so
//! a dump of the database opens nothing.

mod envelope;
mod stamp;

pub use envelope::{DataKey, MasterKeys, Place, SealError, key_of};
pub use stamp::Stamps;

use aws_lc_rs::{digest, hmac};
use std::fmt;

/// A value that is never printed.
#[derive(Clone)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself; never hand it to a log.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A key for one purpose, drawn from a key of the configuration, so that no key serves twice.
pub fn derive_key(from: &[u8; 32], purpose: &str) -> hmac::Key {
    let base = hmac::Key::new(hmac::HMAC_SHA256, from);
    hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&base, purpose.as_bytes()).as_ref())
}

/// As hashes are written.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, bytes);
    let mut hash = [0; 32];
    hash.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    hash
}
