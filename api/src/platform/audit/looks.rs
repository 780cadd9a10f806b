//! What superadmins look at: inside one client it is in that client's log, over all clients in the operator's.

use super::{Action, Actor, Entry, record_as_in, record_operator_in, repo};
use crate::platform::{
    db::PlatformTx,
    vault::{Vault, VaultError},
};
use countinghouse_contract::TenantId;
use serde_json::json;

/// A list over all clients: once in a session, for screens read it anew all day.
pub fn record_list_in(tx: &mut PlatformTx<'_>, vault: &Vault, list: &'static str) -> Result<(), VaultError> {
    if !repo::first_look(tx, list)? {
        return Ok(());
    }
    let session = tx.actor().session_id();
    let entry = Entry::new(Action::ListShown, list).after(json!({"session_id": session}));
    record_operator_in(tx, vault, Actor::from(tx.actor()), None, entry)
}

/// A list of one client, each time.
pub fn record_look_in(
    tx: &mut PlatformTx<'_>,
    vault: &Vault,
    client: TenantId,
    list: &'static str,
) -> Result<(), VaultError> {
    record_at_client_in(tx, vault, client, Entry::new(Action::ClientShown, client).after(json!({"list": list})))
}

/// What a superadmin did at a client: in the client's log and in the operator's.
pub fn record_at_client_in(
    tx: &mut PlatformTx<'_>,
    vault: &Vault,
    client: TenantId,
    entry: Entry,
) -> Result<(), VaultError> {
    let actor = Actor::from(tx.actor());
    record_as_in(tx, vault.ids(), client, actor, entry.clone())?;
    record_operator_in(tx, vault, actor, Some(client), entry)
}
