//! Where secrets are sealed before they are stored, and opened after they are read.
//!
//! Each client has a data key of its own, and the operator has one; a data key is made when the
//! first secret is sealed, and kept wrapped by a master key from the configuration. So a dump of
//! the database opens nothing, and changing the master key means wrapping a few data keys anew
//! (`rotate`), not touching every secret.

mod repo;
mod rotate;

pub use rotate::{Rotated, rotate};

use super::{
    crypto::{DataKey, MasterKeys, Place, SealError, Secret, key_of},
    db::{AnyTx, DbError},
    ids::{Ids, NoRandomness},
};
use std::sync::Arc;
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error("the data key {0} of a secret is not there")]
    NoDataKey(Uuid),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Seals and opens secrets, each for the one place where it stands.
#[derive(Clone)]
pub struct Vault {
    masters: Arc<MasterKeys>,
    ids: Ids,
}

impl Vault {
    pub fn new(masters: MasterKeys, ids: Ids) -> Self {
        Self { masters: Arc::new(masters), ids }
    }

    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// 256 random bits, to be sealed and used as a key.
    pub fn make_secret(&self) -> Result<Secret<Vec<u8>>, NoRandomness> {
        Ok(Secret::new(self.ids.random_bytes::<32>()?.to_vec()))
    }

    /// The envelope of a secret, to be stored in that place by the same transaction.
    pub fn seal_in(&self, tx: &mut impl AnyTx, place: Place<'_>, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        let key = match repo::newest(tx, place.tenant)? {
            Some(kept) => self.unwrap(&kept)?,
            None => self.make_data_key(tx, place.tenant)?,
        };
        Ok(key.seal(&self.ids, place, secret)?)
    }

    /// The secret of an envelope that was read in that place.
    pub fn open_in(
        &self,
        tx: &mut impl AnyTx,
        place: Place<'_>,
        envelope: &[u8],
    ) -> Result<Secret<Vec<u8>>, VaultError> {
        let id = key_of(envelope)?;
        let kept = repo::find(tx, place.tenant, id)?.ok_or(VaultError::NoDataKey(id))?;
        Ok(self.unwrap(&kept)?.open(place, envelope)?)
    }

    fn unwrap(&self, kept: &repo::WrappedKey) -> Result<DataKey, SealError> {
        self.masters.unwrap_data_key(kept.id, &kept.master_key_id, &kept.wrapped)
    }

    /// Two that make the first key at once make two keys: either opens what it sealed.
    fn make_data_key(&self, tx: &mut impl AnyTx, tenant: Uuid) -> Result<DataKey, VaultError> {
        let (key, master_key_id, wrapped) = self.masters.make_data_key(&self.ids, self.ids.make()?)?;
        let kept = repo::WrappedKey { id: key.id(), master_key_id, wrapped };
        repo::insert(tx, tenant, &kept, self.ids.now())?;
        Ok(key)
    }
}
