//! What can be said of the operator's own log at once: whether its newest part holds. All of it, and the clients'
//! logs, `countinghouse verify audit` proves.

use super::{
    chain::{Chain, Seal},
    holding, repo,
    verify::{Fault, Walk, ended},
};
use crate::platform::{
    db::{DbError, PlatformTx},
    vault::{Vault, VaultError},
};
use uuid::Uuid;

/// So many of the newest entries are proved: a few milliseconds' work.
const PROVED: i64 = 1000;

/// How the operator's log stands.
pub struct Standing {
    /// The number of the last entry; 0 before the first.
    pub last: i64,
    pub last_seal: Option<Seal>,
    /// The first entry that was proved.
    pub proved_from: i64,
    pub faults: Vec<Fault>,
}

/// Proves the newest entries of the operator's log.
pub fn operator_standing_in(tx: &mut PlatformTx<'_>, vault: &Vault) -> Result<Standing, VaultError> {
    let owner = Uuid::nil();
    let unread = |faults| Standing { last: 0, last_seal: None, proved_from: 0, faults };
    let Some(kept) = repo::chain_of(tx, owner)? else {
        let is_empty = repo::links(tx, owner, 0, 1)?.is_empty();
        return Ok(unread(if is_empty { Vec::new() } else { vec![Fault::NoEnds] }));
    };
    match holding::open_in(tx, vault, owner, &kept) {
        Ok(chain) => Ok(prove_newest(tx, &chain)?),
        Err(VaultError::Db(error)) => Err(error.into()),
        Err(_) => Ok(unread(vec![Fault::KeyChanged])),
    }
}

/// The seal before the first of them is believed; whatever lies behind an end that was moved is read too.
fn prove_newest(tx: &mut PlatformTx<'_>, chain: &Chain) -> Result<Standing, DbError> {
    let (owner, ends) = (Uuid::nil(), chain.ends());
    let before = ends.last_sequence.saturating_sub(PROVED);
    let (mut walk, gone) = if before <= ends.purged_through {
        (Walk::new(chain.key(), ends), None)
    } else {
        let believed = repo::links(tx, owner, before.saturating_sub(1), 1)?.into_iter().next();
        match believed.filter(|link| link.sequence == before) {
            Some(link) => (Walk::behind(chain.key(), before, link.seal), None),
            None => (Walk::behind(chain.key(), before, ends.last_seal), Some(Fault::Gap(before, before))),
        }
    };
    let from = walk.reached().0;
    let links = repo::links(tx, owner, from, PROVED.saturating_add(1))?;
    let mut faults: Vec<Fault> = gone.into_iter().collect();
    faults.extend(links.iter().filter_map(|link| walk.step(link)));
    faults.extend(ended(&walk, chain));
    let proved_from = from.saturating_add(1).min(ends.last_sequence);
    Ok(Standing { last: ends.last_sequence, last_seal: Some(ends.last_seal), proved_from, faults })
}
