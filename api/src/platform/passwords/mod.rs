//! Passwords: argon2id on few threads with a bounded queue, and what a new one may not be.
//!
//! An unknown user's password is compared with a decoy, so that it takes the same time.

mod hashing;
mod rules;

pub use super::pool::Place;
pub use rules::check_new;

use super::{
    ids::{Ids, NoRandomness},
    pool::{Pool, PoolError},
};
use crate::config;
use argon2::{Algorithm, Params, Version, password_hash::phc::PasswordHash};
use hashing::{Hasher, MEMORY_KIB, PASSES};
use std::sync::Arc;
use zeroize::Zeroizing;

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("hashing the password failed: {0}")]
    Hash(#[from] argon2::Error),
    #[error("reading or writing a hash failed: {0}")]
    Form(#[from] argon2::password_hash::Error),
    #[error("reading a hash failed: {0}")]
    Phc(#[from] argon2::password_hash::phc::Error),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error("the hashing thread ended early")]
    Thread,
    #[error("too many passwords are being hashed")]
    Busy,
    #[error("no thread for hashing: {0}")]
    NoThread(#[from] std::io::Error),
}

impl From<PoolError> for PasswordError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Busy => Self::Busy,
            PoolError::Thread => Self::Thread,
        }
    }
}

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Passwords {
    pool: Pool<Hasher>,
    ids: Ids,
    /// The hash of a password that nobody has.
    decoy: Arc<str>,
}

impl Passwords {
    pub fn new(config: &config::Passwords, ids: Ids) -> Result<Self, PasswordError> {
        let decoy = Hasher::default().hash(&ids.random_bytes::<32>()?, &ids.random_bytes()?)?.into();
        Ok(Self { pool: Pool::new("passwords", config.threads, config.queue)?, ids, decoy })
    }

    /// A place in the queue, or none when it is full. Who logs somebody in asks for it before
    /// anything else, so that whoever is too many costs nothing.
    pub fn place(&self) -> Result<Place, PasswordError> {
        Ok(self.pool.place()?)
    }

    /// How many passwords are being hashed or wait for it, and how many may.
    pub fn places(&self) -> (usize, usize) {
        self.pool.places()
    }

    /// A new hash in PHC form, with a salt of its own.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        let (place, salt) = (self.place()?, self.ids.random_bytes()?);
        let password = Zeroizing::new(password);
        self.pool.run(place, move |hasher| hasher.hash(password.as_bytes(), &salt)).await?
    }

    /// Whether this is the password of that hash.
    pub async fn verify(&self, password: String, known: Option<String>) -> Result<bool, PasswordError> {
        self.verify_in(self.place()?, password, known).await
    }

    /// The same for who has a place. Without a hash (an unknown user) the answer is no, after the
    /// same work.
    pub async fn verify_in(
        &self,
        place: Place,
        password: String,
        known: Option<String>,
    ) -> Result<bool, PasswordError> {
        let password = Zeroizing::new(password);
        let decoy = Arc::clone(&self.decoy);
        let work = move |hasher: &mut Hasher| {
            let matches = hasher.verify(password.as_bytes(), known.as_deref().unwrap_or(&decoy))?;
            Ok(matches && known.is_some())
        };
        self.pool.run(place, work).await?
    }

    /// The new hash of a password whose kept one is from before the parameters were raised. None
    /// when that is not so, or when it cannot be made now.
    pub async fn raised(&self, before: &str, password: Zeroizing<String>) -> Option<String> {
        if !self.is_outdated(before) {
            return None;
        }
        self.hash(password.to_string()).await.inspect_err(|error| tracing::warn!(%error, "not hashed anew")).ok()
    }

    /// Whether a password that is kept like this should be hashed anew, since the parameters have
    /// been raised. Its owner brings it at the next log-in.
    fn is_outdated(&self, hash: &str) -> bool {
        let Ok(parsed) = PasswordHash::new(hash) else { return false };
        let current = parsed.algorithm == Algorithm::Argon2id.ident() && parsed.version >= Some(Version::V0x13.into());
        let strong = Params::try_from(&parsed).is_ok_and(|kept| kept.m_cost() >= MEMORY_KIB && kept.t_cost() >= PASSES);
        !(current && strong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{clock::SystemClock, ids::SystemRandomness};

    #[test]
    fn hashes_below_the_present_parameters_are_outdated() {
        let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
        let passwords = Passwords::new(&config::Passwords { threads: 1, queue: 1 }, ids).unwrap();
        let hash = |variant: &str, memory: u32, passes: u32| {
            format!(
                "${variant}$v=19$m={memory},t={passes},p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            )
        };
        assert!(!passwords.is_outdated(&passwords.decoy));
        assert!(!passwords.is_outdated(&hash("argon2id", MEMORY_KIB, PASSES)));
        assert!(!passwords.is_outdated(&hash("argon2id", MEMORY_KIB * 2, PASSES)));
        assert!(passwords.is_outdated(&hash("argon2id", MEMORY_KIB - 1, PASSES)));
        assert!(passwords.is_outdated(&hash("argon2i", MEMORY_KIB, PASSES)));
        assert!(passwords.is_outdated(&hash("argon2id", MEMORY_KIB, PASSES).replace("v=19", "v=16")));
        assert!(!passwords.is_outdated("no hash"));
    }
}
