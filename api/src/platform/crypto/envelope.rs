//! Envelopes: `version (1) ‖ data key id (16) ‖ nonce (12) ‖ ciphertext and tag`.
//!
//! AES-256-GCM (NIST SP 800-38D) with random nonces; the additional data names the place, so an
//! envelope that is moved to another row, column or tenant does not open.

use super::Secret;
use crate::{
    config::KeyRing,
    platform::ids::{Ids, NoRandomness},
};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use uuid::Uuid;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE: usize = 12;

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error("the cipher refused")]
    Cipher,
    #[error("the envelope is damaged, or stands in another place than the one it was sealed for")]
    NotOpened,
    #[error("no master key named {0:?} is configured")]
    UnknownMasterKey(String),
}

/// Where a secret stands. `tenant` is nil for the operator's own.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub tenant: Uuid,
    pub table: &'a str,
    pub column: &'a str,
    pub row: Uuid,
}

impl Place<'_> {
    fn aad(&self) -> Vec<u8> {
        // Names of tables and columns hold no line break, so the parts cannot run together.
        format!("{}\n{}\n{}\n{}", self.tenant, self.table, self.column, self.row).into_bytes()
    }
}

/// Which data key an envelope was sealed with.
pub fn key_of(envelope: &[u8]) -> Result<Uuid, SealError> {
    let id = envelope.get(1..17).and_then(|bytes| Uuid::from_slice(bytes).ok());
    id.filter(|_| envelope.first() == Some(&VERSION)).ok_or(SealError::NotOpened)
}

/// A key that seals the secrets of one tenant, or the operator's own.
pub struct DataKey {
    id: Uuid,
    key: LessSafeKey,
}

impl DataKey {
    fn new(id: Uuid, bytes: &[u8]) -> Result<Self, SealError> {
        Ok(Self { id, key: cipher(bytes)? })
    }

    pub fn id(&self) -> Uuid {
        self.id
    }

    pub fn seal(&self, ids: &Ids, place: Place<'_>, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut envelope = vec![VERSION];
        envelope.extend_from_slice(self.id.as_bytes());
        envelope.extend(encrypt(&self.key, ids, &place.aad(), secret)?);
        Ok(envelope)
    }

    pub fn open(&self, place: Place<'_>, envelope: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
        if key_of(envelope)? != self.id {
            return Err(SealError::NotOpened);
        }
        let sealed = envelope.get(17..).ok_or(SealError::NotOpened)?;
        decrypt(&self.key, &place.aad(), sealed).map(Secret::new)
    }
}

/// The keys from the configuration that wrap data keys.
pub struct MasterKeys(KeyRing);

impl MasterKeys {
    pub fn new(ring: KeyRing) -> Self {
        Self(ring)
    }

    /// The name of the key that wraps from now on.
    pub fn first_id(&self) -> Result<&str, SealError> {
        Ok(&self.first()?.0)
    }

    fn first(&self) -> Result<&(String, Secret<[u8; 32]>), SealError> {
        self.0.0.first().ok_or_else(|| SealError::UnknownMasterKey(String::new()))
    }

    /// A new data key, and how it is kept: the master key's name and the wrapped bytes.
    pub fn make_data_key(&self, ids: &Ids, id: Uuid) -> Result<(DataKey, String, Vec<u8>), SealError> {
        let bytes = Zeroizing::new(ids.random_bytes::<32>()?);
        let (kid, wrapped) = self.wrap(ids, id, bytes.as_slice())?;
        Ok((DataKey::new(id, bytes.as_slice())?, kid, wrapped))
    }

    /// A data key as it was kept.
    pub fn unwrap_data_key(&self, id: Uuid, kid: &str, wrapped: &[u8]) -> Result<DataKey, SealError> {
        DataKey::new(id, &self.unwrap(id, kid, wrapped)?)
    }

    /// The same data key, wrapped by the first master key.
    pub fn rewrap(&self, ids: &Ids, id: Uuid, kid: &str, wrapped: &[u8]) -> Result<(String, Vec<u8>), SealError> {
        self.wrap(ids, id, &self.unwrap(id, kid, wrapped)?)
    }

    fn wrap(&self, ids: &Ids, id: Uuid, key: &[u8]) -> Result<(String, Vec<u8>), SealError> {
        let (kid, master) = self.first()?;
        Ok((kid.clone(), encrypt(&cipher(master.expose())?, ids, &wrap_aad(id), key)?))
    }

    fn unwrap(&self, id: Uuid, kid: &str, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let known = self.0.0.iter().find(|(known, _)| known == kid);
        let (_, master) = known.ok_or_else(|| SealError::UnknownMasterKey(kid.to_owned()))?;
        decrypt(&cipher(master.expose())?, &wrap_aad(id), wrapped).map(Zeroizing::new)
    }
}

fn wrap_aad(id: Uuid) -> Vec<u8> {
    format!("data key\n{id}").into_bytes()
}

fn cipher(key: &[u8]) -> Result<LessSafeKey, SealError> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| SealError::Cipher)?;
    Ok(LessSafeKey::new(key))
}

fn encrypt(key: &LessSafeKey, ids: &Ids, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let nonce = ids.random_bytes::<NONCE>()?;
    let mut sealed = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut sealed)
        .map_err(|_| SealError::Cipher)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn decrypt(key: &LessSafeKey, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(SealError::NotOpened)?;
    let mut buffer = sealed.to_vec();
    let plain = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), &mut buffer)
        .map_err(|_| SealError::NotOpened)?;
    Ok(plain.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{clock::SystemClock, ids::SystemRandomness};
    use std::sync::Arc;

    fn ids() -> Ids {
        Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness))
    }

    fn masters(names: &[(&str, u8)]) -> MasterKeys {
        MasterKeys::new(KeyRing(names.iter().map(|(kid, b)| ((*kid).to_owned(), Secret::new([*b; 32]))).collect()))
    }

    const PLACE: Place<'_> =
        Place { tenant: Uuid::nil(), table: "superadmins", column: "totp_secret", row: Uuid::max() };

    #[test]
    fn an_envelope_opens_in_its_own_place_only() {
        let (key, ..) = masters(&[("a", 1)]).make_data_key(&ids(), Uuid::max()).unwrap();
        let sealed = key.seal(&ids(), PLACE, b"secret").unwrap();
        assert_eq!(key.open(PLACE, &sealed).unwrap().expose(), b"secret");
        assert!(!sealed.windows(6).any(|w| w == b"secret"));
        for elsewhere in [
            Place { tenant: Uuid::max(), ..PLACE },
            Place { table: "users", ..PLACE },
            Place { column: "other", ..PLACE },
            Place { row: Uuid::nil(), ..PLACE },
        ] {
            assert!(key.open(elsewhere, &sealed).is_err());
        }
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let (key, ..) = masters(&[("a", 1)]).make_data_key(&ids(), Uuid::max()).unwrap();
        let sealed = key.seal(&ids(), PLACE, b"secret").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(PLACE, &changed).is_err(), "byte {at}");
            assert!(key.open(PLACE, &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_data_key_is_wrapped_by_the_first_master_key_and_found_by_name() {
        let (key, kid, wrapped) = masters(&[("new", 2), ("old", 1)]).make_data_key(&ids(), Uuid::max()).unwrap();
        let sealed = key.seal(&ids(), PLACE, b"secret").unwrap();
        assert_eq!(kid, "new");
        let again = masters(&[("newer", 3), ("new", 2)]).unwrap_data_key(Uuid::max(), &kid, &wrapped).unwrap();
        assert_eq!(again.open(PLACE, &sealed).unwrap().expose(), b"secret");
        let both = masters(&[("newest", 4), ("new", 2)]);
        let (rewrapped_by, rewrapped) = both.rewrap(&ids(), Uuid::max(), &kid, &wrapped).unwrap();
        let alone = masters(&[("newest", 4)]).unwrap_data_key(Uuid::max(), &rewrapped_by, &rewrapped).unwrap();
        assert_eq!(alone.open(PLACE, &sealed).unwrap().expose(), b"secret");
        assert!(matches!(
            masters(&[("old", 1)]).unwrap_data_key(Uuid::max(), &kid, &wrapped),
            Err(SealError::UnknownMasterKey(_))
        ));
    }
}
