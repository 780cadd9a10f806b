//! The operator's own log: what superadmins and the command line did, sealed as it comes.

use super::{Actor, Entry, holding, repo, stored_now};
use crate::platform::{
    db::AnyTx,
    vault::{Vault, VaultError},
};
use countinghouse_contract::TenantId;
use uuid::Uuid;

/// Adds an entry to the operator's log, with the client that it was done to, if it was. The last
/// thing in a transaction: the chain is held until it ends.
pub fn record_operator_in(
    tx: &mut impl AnyTx,
    vault: &Vault,
    actor: Actor,
    client: Option<TenantId>,
    entry: Entry,
) -> Result<(), VaultError> {
    let mut entry = stored_now(entry, actor, vault.ids())?;
    entry.client_id = client.map(|client| client.0);
    let mut chain = holding::hold_in(tx, vault, Uuid::nil())?;
    let (sequence, seal) = chain.append(&entry);
    repo::insert_sealed(tx, sequence, &seal, &entry)?;
    repo::keep_ends(tx, Uuid::nil(), chain.ends(), &chain.mac())?;
    Ok(())
}
