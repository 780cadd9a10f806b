//! Refresh tokens: `chr_<tenant>_<id>_<secret>`, good for one refresh each.
//!
//! The database keeps the hash of the secret (256 random bits). A successor's secret is drawn
//! from the used one's under a key of the service, so that the same successor can be given again
//! to a caller whose answer was lost, though it is kept nowhere.

use crate::{
    config::KeyRing,
    platform::{
        crypto::{derive_key, sha256},
        ids::{Ids, NoRandomness},
    },
};
use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use std::{fmt, sync::Arc};
use uuid::Uuid;

/// How long a used token is answered with its successor again.
pub const GRACE: Duration = Duration::seconds(10);

/// A refresh token as it is handed out. The tenant is nil for superadmins.
#[derive(Clone)]
pub struct RefreshToken {
    pub tenant: Uuid,
    pub id: Uuid,
    secret: [u8; 32],
}

impl RefreshToken {
    /// The first token of a session.
    pub fn make(tenant: Uuid, ids: &Ids) -> Result<Self, NoRandomness> {
        Ok(Self { tenant, id: ids.make()?, secret: ids.random_bytes()? })
    }

    /// A token that somebody sent; `None` when it is not of the form.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("chr_")?.splitn(3, '_');
        let (tenant, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            tenant: Uuid::try_parse(tenant).ok()?,
            id: Uuid::try_parse(id).ok()?,
            secret: URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?,
        })
    }

    /// As it is sent.
    pub fn text(&self) -> String {
        let secret = URL_SAFE_NO_PAD.encode(self.secret);
        format!("chr_{}_{}_{secret}", self.tenant.simple(), self.id.simple())
    }

    /// As it is kept.
    pub fn hash(&self) -> Vec<u8> {
        sha256(&self.secret)
    }

    pub fn is_kept_as(&self, hash: &[u8]) -> bool {
        verify_slices_are_equal(&self.hash(), hash).is_ok()
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshToken").field("tenant", &self.tenant).field("id", &self.id).finish_non_exhaustive()
    }
}

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
    Some(RefreshToken { tenant: used.tenant, id, secret })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{clock::SystemClock, crypto::Secret, ids::SystemRandomness};

    fn ring(letters: &[u8]) -> RefreshKeys {
        RefreshKeys::new(&KeyRing(letters.iter().map(|l| (l.to_string(), Secret::new([*l; 32]))).collect()))
    }

    #[test]
    fn what_is_sent_is_read_and_nothing_else() {
        let ids = Ids { clock: Arc::new(SystemClock), randomness: Arc::new(SystemRandomness) };
        let token = RefreshToken::make(Uuid::max(), &ids).unwrap();
        let again = RefreshToken::parse(&token.text()).unwrap();
        assert!((again.tenant, again.id) == (token.tenant, token.id) && again.is_kept_as(&token.hash()));
        let text = token.text();
        for wrong in [
            "",
            "chr_",
            "chr_a_b_c",
            &text.replace("chr_", "ch_"),
            text.trim_end_matches(char::is_alphanumeric),
            &format!("{text}A"),
        ] {
            assert!(RefreshToken::parse(wrong).is_none(), "{wrong}");
        }
        assert!(!format!("{token:?}").contains(text.rsplit('_').next().unwrap()));
    }

    #[test]
    fn a_successor_is_drawn_again_also_after_the_key_was_rotated() {
        let ids = Ids { clock: Arc::new(SystemClock), randomness: Arc::new(SystemRandomness) };
        let used = RefreshToken::make(Uuid::nil(), &ids).unwrap();
        let next = ring(&[1]).successor(&used, Uuid::max()).unwrap();
        assert!(!next.is_kept_as(&used.hash()));
        let again = ring(&[2, 1]).successor_again(&used, Uuid::max(), &next.hash()).unwrap();
        assert_eq!(again.text(), next.text());
        assert!(ring(&[2]).successor_again(&used, Uuid::max(), &next.hash()).is_none());
    }
}
