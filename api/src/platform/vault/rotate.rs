//! Changing the master key while the service runs.
//!
//! Put the new key behind the old one in `MASTER_KEYS` and restart every process: a data key that
//! the new key wraps must open in all of them. Then put it in front and restart them again, so that
//! no process wraps by the old one any more. Then `countinghouse admin rotate-key` wraps every data
//! key anew, a few at a time, so that requests hardly wait; then take the old key out. Secrets
//! themselves are not touched.

use super::{Vault, VaultError, repo};
use crate::platform::{
    audit::{Action, Actor, Entry, record_operator_in},
    db::{Db, EntryTx},
};
use serde_json::json;

/// Data keys in one transaction.
const BATCH: i64 = 100;

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The master key that now wraps every data key.
    pub master_key_id: String,
    /// How many were wrapped by another one before.
    pub rewrapped: usize,
}

/// Wraps every data key by the first master key. Stopped half-way, it goes on when it is run again.
pub async fn rotate(db: &Db, vault: &Vault) -> Result<Rotated, VaultError> {
    let master_key_id = vault.masters.first_id()?.to_owned();
    let mut rewrapped = 0;
    loop {
        let vault = vault.clone();
        let done = db.platform_entry(move |tx| rewrap_some_in(tx, &vault)).await?;
        if done == 0 {
            return Ok(Rotated { master_key_id, rewrapped });
        }
        rewrapped += done;
    }
}

fn rewrap_some_in(tx: &mut EntryTx<'_>, vault: &Vault) -> Result<usize, VaultError> {
    let Vault { masters, ids } = vault;
    let keys = repo::lock_wrapped_by_others(tx, masters.first_id()?, BATCH)?;
    for (tenant, kept) in &keys {
        let (master_key_id, wrapped) = masters.rewrap(ids, kept.id, &kept.master_key_id, &kept.wrapped)?;
        repo::update(tx, *tenant, &repo::WrappedKey { id: kept.id, master_key_id, wrapped })?;
    }
    if !keys.is_empty() {
        let done = json!({"master_key_id": masters.first_id()?, "rewrapped": keys.len()});
        let entry = Entry::new(Action::MasterKeyRotated, "MASTER_KEYS").after(done);
        record_operator_in(tx, vault, Actor::Operator, None, entry)?;
    }
    Ok(keys.len())
}
