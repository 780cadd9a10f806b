//! Passwords: argon2id on a bounded number of threads.
//!
//! One hash takes 46 MiB, so only as many run at once as there are permits; the rest wait. An
//! unknown user's password is compared with a decoy, so that it takes the same time.

use super::{
    http::Invalid,
    ids::{Ids, NoRandomness},
};
use actix_web::web;
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::Arc;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Lengths in characters (NIST SP 800-63B asks for at least 8, and for room for long phrases).
const LENGTH: std::ops::RangeInclusive<usize> = 10..=128;

/// Names shorter than this are part of too many words to be looked for in a password.
const TELLING_NAME: usize = 3;

/// Refuses a new password that is too short, too long, or holds the name it protects.
pub fn check_new(invalid: &mut Invalid, pointer: &str, password: &str, username: &str) {
    if !LENGTH.contains(&password.chars().count()) {
        invalid.add(pointer, "password_length", "10 to 128 characters.");
    } else if username.chars().count() >= TELLING_NAME && password.to_lowercase().contains(&username.to_lowercase()) {
        invalid.add(pointer, "password_contains_name", "The password may not contain the user name.");
    }
}

/// OWASP's first choice for argon2id: 46 MiB, one pass, one lane.
const MEMORY_KIB: u32 = 46 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("hashing the password failed: {0}")]
    Hash(String),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error("the hashing thread ended early")]
    Thread,
}

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    ids: Ids,
    /// The hash of a password that nobody has.
    decoy: Arc<str>,
}

impl Passwords {
    /// `at_once`: how many hashes may run at the same time.
    pub fn new(at_once: usize, ids: Ids) -> Result<Self, PasswordError> {
        let decoy = hash(&ids.random_bytes::<32>()?, &ids.random_bytes()?)?.into();
        Ok(Self { permits: Arc::new(Semaphore::new(at_once)), ids, decoy })
    }

    /// A new hash in PHC form, with a salt of its own.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        let salt = self.ids.random_bytes()?;
        let password = Zeroizing::new(password);
        self.bounded(move || hash(password.as_bytes(), &salt)).await?
    }

    /// Whether this is the password of that hash. Without a hash (an unknown user) the answer is
    /// no, after the same work.
    pub async fn verify(&self, password: String, known: Option<String>) -> Result<bool, PasswordError> {
        let password = Zeroizing::new(password);
        let decoy = Arc::clone(&self.decoy);
        self.bounded(move || {
            let against = known.as_deref().unwrap_or(&decoy);
            let parsed = PasswordHash::new(against).map_err(|e| PasswordError::Hash(e.to_string()))?;
            let matches = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
            Ok(matches && known.is_some())
        })
        .await?
    }

    async fn bounded<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| PasswordError::Thread)?;
        web::block(move || {
            let _permit = permit;
            work()
        })
        .await
        .map_err(|_| PasswordError::Thread)
    }
}

fn hash(password: &[u8], salt: &[u8; 16]) -> Result<String, PasswordError> {
    let params = Params::new(MEMORY_KIB, 1, 1, None).map_err(|e| PasswordError::Hash(e.to_string()))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password_with_salt(password, salt).map_err(|e| PasswordError::Hash(e.to_string()))?;
    Ok(hash.to_string())
}
