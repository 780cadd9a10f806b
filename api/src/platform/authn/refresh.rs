//! How refresh tokens follow each other.
//!
//! A successor's secret is drawn from the used one's under a key of the service, so that the same
//! successor can be given again to a caller whose answer was lost, though it is kept nowhere.

use super::named_secret::RefreshToken;
use crate::{config::KeyRing, platform::crypto::derive_key};
use aws_lc_rs::hmac;
use chrono::Duration;
use std::{marker::PhantomData, sync::Arc};
use uuid::Uuid;

/// How long a used token is answered with its successor again.
pub const GRACE: Duration = Duration::seconds(10);

/// The keys under which successors are drawn: the first draws, the others still recognise.
#[derive(Clone)]
pub struct RefreshKeys(Arc<[hmac::Key]>);

impl RefreshKeys {
    pub fn new(ring: &KeyRing) -> Self {
        Self(ring.0.iter().map(|(_, key)| derive_key(key.expose(), "refresh tokens")).collect())
    }

    /// A new successor of a token that is being used.
    pub fn successor(&self, used: &RefreshToken, id: Uuid) -> Option<RefreshToken> {
        self.0.first().and_then(|key| draw(key, used, id))
    }

    /// The successor that was made before, recognised by its hash.
    pub fn successor_again(&self, used: &RefreshToken, id: Uuid, hash: &[u8]) -> Option<RefreshToken> {
        self.0.iter().filter_map(|key| draw(key, used, id)).find(|token| token.is_kept_as(hash))
    }
}

fn draw(key: &hmac::Key, used: &RefreshToken, id: Uuid) -> Option<RefreshToken> {
    let mut context = hmac::Context::with_key(key);
    context.update(&used.secret);
    context.update(id.as_bytes());
    let secret = context.sign().as_ref().try_into().ok()?;
    Some(RefreshToken { tenant: used.tenant, id, secret, kind: PhantomData })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{
        clock::SystemClock,
        crypto::Secret,
        ids::{Ids, SystemRandomness},
    };

    fn ring(letters: &[u8]) -> RefreshKeys {
        RefreshKeys::new(&KeyRing(letters.iter().map(|l| (l.to_string(), Secret::new([*l; 32]))).collect()))
    }

    #[test]
    fn a_successor_is_drawn_again_also_after_the_key_was_rotated() {
        let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
        let used = RefreshToken::make(Uuid::nil(), &ids).unwrap();
        let next = ring(&[1]).successor(&used, Uuid::max()).unwrap();
        assert!(!next.is_kept_as(&used.hash()));
        let again = ring(&[2, 1]).successor_again(&used, Uuid::max(), &next.hash()).unwrap();
        assert_eq!(again.text(), next.text());
        assert!(ring(&[2]).successor_again(&used, Uuid::max(), &next.hash()).is_none());
    }
}
