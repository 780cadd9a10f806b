//! Ids and randomness, passed in like the clock: UUIDv7 from the service's own time.

use super::clock::Clock;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use chrono::{DateTime, SubsecRound, Utc};
use std::sync::Arc;
use uuid::{Builder, Uuid};

/// Where random bytes come from.
pub trait Randomness: Send + Sync {
    /// Fills the buffer, or says that the machine has no randomness to give.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The machine gave no random bytes; nothing safe can go on.
#[derive(Debug, thiserror::Error)]
#[error("the machine gave no random bytes")]
pub struct NoRandomness;

/// The operating system's randomness.
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        SystemRandom::new().fill(bytes).map_err(|_| NoRandomness)
    }
}

/// Makes ids and secrets from a clock and a source of randomness.
#[derive(Clone)]
pub struct Ids {
    pub clock: Arc<dyn Clock>,
    pub randomness: Arc<dyn Randomness>,
}

impl Ids {
    /// Now, in the microseconds that PostgreSQL keeps: what is answered is what is read later.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }

    /// A new UUIDv7 (RFC 9562), whose kind the caller's type names: `ids.make::<OrderId>()?`.
    pub fn make<T: From<Uuid>>(&self) -> Result<T, NoRandomness> {
        let millis = u64::try_from(self.now().timestamp_millis()).unwrap_or_default();
        let random = self.random_bytes::<10>()?;
        Ok(Builder::from_unix_timestamp_millis(millis, &random).into_uuid().into())
    }

    pub fn random_bytes<const N: usize>(&self) -> Result<[u8; N], NoRandomness> {
        let mut bytes = [0; N];
        self.randomness.fill(&mut bytes)?;
        Ok(bytes)
    }
}
