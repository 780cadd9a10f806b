//! Secrets that name whose they are: `<kind>_<tenant>_<id>_<secret>`. Refresh tokens and API keys
//! are such.
//!
//! The tenant is named so that the secret is looked up under that tenant's row-level security, the
//! id so that it is found without its secret. The database keeps the hash of the secret, whose 256
//! random bits need no salt and no slow hash.

use crate::platform::{
    crypto::sha256,
    ids::{Ids, NoRandomness},
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{fmt, marker::PhantomData};
use uuid::Uuid;

/// What a secret is for: one kind is never taken for another.
pub trait SecretKind {
    const PREFIX: &'static str;
}

/// Good for one refresh; the tenant is nil for superadmins.
pub type RefreshToken = NamedSecret<ForRefresh>;
/// What a client's software comes with, in the header `X-Api-Key`.
pub type ApiKey = NamedSecret<ForSoftware>;

pub struct ForRefresh;
pub struct ForSoftware;

impl SecretKind for ForRefresh {
    const PREFIX: &'static str = "chr_";
}

impl SecretKind for ForSoftware {
    const PREFIX: &'static str = "ch_";
}

/// A secret as it is handed out.
pub struct NamedSecret<K> {
    pub tenant: Uuid,
    pub id: Uuid,
    pub(super) secret: [u8; 32],
    pub(super) kind: PhantomData<K>,
}

impl<K: SecretKind> NamedSecret<K> {
    pub fn make(tenant: Uuid, ids: &Ids) -> Result<Self, NoRandomness> {
        Ok(Self { tenant, id: ids.make()?, secret: ids.random_bytes()?, kind: PhantomData })
    }

    /// What somebody sent; `None` when it is not of the form.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(K::PREFIX)?.splitn(3, '_');
        let (tenant, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            tenant: Uuid::try_parse(tenant).ok()?,
            id: Uuid::try_parse(id).ok()?,
            secret: URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?,
            kind: PhantomData,
        })
    }

    /// As it is sent.
    pub fn text(&self) -> String {
        let secret = URL_SAFE_NO_PAD.encode(self.secret);
        format!("{}{}_{}_{secret}", K::PREFIX, self.tenant.simple(), self.id.simple())
    }

    /// As it is kept.
    pub fn hash(&self) -> [u8; 32] {
        sha256(&self.secret)
    }

    pub fn is_kept_as(&self, hash: &[u8]) -> bool {
        verify_slices_are_equal(&self.hash(), hash).is_ok()
    }
}

impl<K> Clone for NamedSecret<K> {
    fn clone(&self) -> Self {
        Self { tenant: self.tenant, id: self.id, secret: self.secret, kind: PhantomData }
    }
}

impl<K> fmt::Debug for NamedSecret<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedSecret").field("tenant", &self.tenant).field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{clock::SystemClock, ids::SystemRandomness};
    use std::sync::Arc;

    #[test]
    fn what_is_sent_is_read_and_nothing_else() {
        let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
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
    fn one_kind_is_not_taken_for_another() {
        let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
        let (token, key) = (RefreshToken::make(Uuid::nil(), &ids).unwrap(), ApiKey::make(Uuid::nil(), &ids).unwrap());
        assert!(ApiKey::parse(&token.text()).is_none() && RefreshToken::parse(&key.text()).is_none());
        assert!(ApiKey::parse(&key.text()).unwrap().is_kept_as(&key.hash()));
    }
}
