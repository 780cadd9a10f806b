//! Taking a chain in hand: its key is opened, and made for a new one.

use super::{
    chain::{Chain, Ends, SealingKey},
    repo::{self, Kept},
};
use crate::platform::{
    db::{AnyTx, DbError},
    vault::{Vault, VaultError},
};
use uuid::Uuid;

/// The chain of a client, or of the operator when the owner is nil. Nobody else adds to it until
/// the transaction ends.
pub fn hold_in(tx: &mut impl AnyTx, vault: &Vault, owner: Uuid) -> Result<Chain, VaultError> {
    let kept = match repo::lock_chain(tx, owner)? {
        Some(kept) => kept,
        None => begin_in(tx, vault, owner)?,
    };
    open_in(tx, vault, owner, &kept)
}

/// Of two that begin one at once, the first stays.
fn begin_in(tx: &mut impl AnyTx, vault: &Vault, owner: Uuid) -> Result<Kept, VaultError> {
    let secret = vault.make_secret()?;
    let envelope = vault.seal_in(tx, SealingKey::place(owner), secret.expose())?;
    let mac = SealingKey::new(owner, &secret).mac(&Ends::NEW);
    repo::insert_chain(tx, owner, &envelope, &Ends::NEW, &mac)?;
    let gone = || DbError::Corrupt { table: "audit_chains", what: "a chain is not there".to_owned() };
    Ok(repo::lock_chain(tx, owner)?.ok_or_else(gone)?)
}

/// A chain that was read.
pub fn open_in(tx: &mut impl AnyTx, vault: &Vault, owner: Uuid, kept: &Kept) -> Result<Chain, VaultError> {
    let secret = vault.open_in(tx, SealingKey::place(owner), &kept.sealing_key)?;
    Ok(Chain::new(SealingKey::new(owner, &secret), kept.ends, &kept.mac))
}
