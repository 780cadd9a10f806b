//! Proving logs right: every seal is made again from its entry, and compared.

use super::{
    chain::{Chain, Ends, Seal, SealingKey},
    holding,
    repo::{self, Link, Waiting},
};
use crate::platform::{
    db::{DbError, Owner, OwnerTx},
    vault::{Vault, VaultError},
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use chrono::{DateTime, Utc};
use std::{collections::BTreeMap, fmt};
use uuid::Uuid;

/// Where a chain ended when it was looked at: what is kept outside the database to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    pub sequence: i64,
    pub seal: Seal,
}

/// Anchors by client; the operator's own is nil.
pub type Anchors = BTreeMap<Uuid, Anchor>;

/// Links read at a time.
const BATCH: i64 = 1000;

/// Something that was tampered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The entry, or its seal, is not what was sealed at this place.
    Changed(i64),
    /// The seal names an entry that is not there.
    Removed(i64),
    /// Seals from one number to another are not there.
    Gap(i64, i64),
    /// The chain is to end here, and does not.
    Ends { kept: i64, found: i64 },
    /// What says where the chain ends was changed.
    EndsChanged,
    /// There are seals, and nothing says where their chain ends.
    NoEnds,
    /// The chain's key does not open.
    KeyChanged,
    /// The chain was longer when it was looked at before.
    Rewound { anchored: i64, found: i64 },
    /// Another entry stood at this place when it was looked at before.
    Rewritten(i64),
    /// An entry has no seal and does not wait for one.
    Stray(Uuid),
    /// An entry that waited for its seal is not there.
    RemovedUnsealed(Uuid),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(at) => write!(f, "entry {at} is not what was sealed"),
            Self::Removed(at) => write!(f, "entry {at} is gone"),
            Self::Gap(from, to) if from == to => write!(f, "the seal of entry {from} is gone"),
            Self::Gap(from, to) => write!(f, "the seals of entries {from} to {to} are gone"),
            Self::Ends { kept, found } => write!(f, "the last entry is {found}, and was {kept}"),
            Self::EndsChanged => f.write_str("where the chain ends was changed"),
            Self::NoEnds => f.write_str("there are seals, and nothing says where their chain ends"),
            Self::KeyChanged => f.write_str("the chain's key was changed, or MASTER_KEYS lacks its master key"),
            Self::Rewound { anchored, found } => {
                write!(f, "the last entry is {found}, and {anchored} was there when it was looked at before")
            }
            Self::Rewritten(at) => write!(f, "entry {at} is another than when it was looked at before"),
            Self::Stray(id) => write!(f, "entry {id} was put there past the service"),
            Self::RemovedUnsealed(id) => write!(f, "entry {id} was removed before it was sealed"),
        }
    }
}

/// What was found of one log.
#[derive(Debug)]
pub struct Proof {
    /// The client's slug; none for the operator's own log.
    pub client: Option<String>,
    /// The client's id, nil for the operator.
    pub owner: Uuid,
    /// Where its chain ends, if it has begun.
    pub end: Option<Anchor>,
    pub sealed: i64,
    /// Entries up to here were purged.
    pub purged_through: i64,
    pub waiting: i64,
    pub waiting_since: Option<DateTime<Utc>>,
    pub faults: Vec<Fault>,
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("there is no such client")]
    NoSuchClient,
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Proves the log of one client, or those of all and the operator's own, as of one moment. Each has
/// to go on from where its anchor says that it ended before.
pub fn verify(
    owner: &mut Owner,
    vault: &Vault,
    client: Option<&str>,
    anchors: &Anchors,
) -> Result<Vec<Proof>, VerifyError> {
    owner.read(|tx| Ok(verify_in(tx, vault, client, anchors)))?
}

fn verify_in(
    tx: &mut OwnerTx<'_>,
    vault: &Vault,
    client: Option<&str>,
    anchors: &Anchors,
) -> Result<Vec<Proof>, VerifyError> {
    let clients = repo::clients(tx, client)?;
    if client.is_some() && clients.is_empty() {
        return Err(VerifyError::NoSuchClient);
    }
    let mut proofs = Vec::new();
    if client.is_none() {
        proofs.push(chain_proof(tx, vault, Proof::of(Uuid::nil(), None), anchors)?);
        let gone = anchors.iter().filter(|(owner, _)| !owner.is_nil() && clients.iter().all(|(id, _)| id != *owner));
        proofs.extend(gone.map(|(owner, anchor)| {
            let faults = vec![Fault::Rewound { anchored: anchor.sequence, found: 0 }];
            Proof { faults, ..Proof::of(*owner, Some(owner.to_string())) }
        }));
    }
    for (id, slug) in clients {
        let mut proof = chain_proof(tx, vault, Proof::of(id, Some(slug)), anchors)?;
        proof.faults.extend(repo::strays(tx, id)?.into_iter().map(Fault::Stray));
        proof.faults.extend(repo::removed_unsealed(tx, id)?.into_iter().map(Fault::RemovedUnsealed));
        let Waiting { count, since } = repo::waiting(tx, id)?;
        proofs.push(Proof { waiting: count, waiting_since: since, ..proof });
    }
    Ok(proofs)
}

impl Proof {
    fn of(owner: Uuid, client: Option<String>) -> Self {
        Self {
            client,
            owner,
            end: None,
            sealed: 0,
            purged_through: 0,
            waiting: 0,
            waiting_since: None,
            faults: Vec::new(),
        }
    }
}

fn chain_proof(tx: &mut OwnerTx<'_>, vault: &Vault, mut proof: Proof, anchors: &Anchors) -> Result<Proof, VerifyError> {
    let owner = proof.owner;
    let Some(kept) = repo::chain_of(tx, owner)? else {
        if !repo::links(tx, owner, 0, 1)?.is_empty() {
            proof.faults.push(Fault::NoEnds);
        }
        let rewound = |anchor: &Anchor| Fault::Rewound { anchored: anchor.sequence, found: 0 };
        proof.faults.extend(anchors.get(&owner).map(rewound));
        return Ok(proof);
    };
    let chain = match holding::open_in(tx, vault, owner, &kept) {
        Ok(chain) => chain,
        Err(VaultError::Db(error)) => return Err(error.into()),
        Err(_) => {
            proof.faults.push(Fault::KeyChanged);
            return Ok(proof);
        }
    };
    proof.purged_through = chain.ends().purged_through;
    proof.end = Some(Anchor { sequence: chain.ends().last_sequence, seal: chain.ends().last_seal });
    walk(tx, owner, &chain, &mut proof)?;
    if let Some(anchor) = anchors.get(&owner) {
        proof.faults.extend(compare(tx, owner, chain.ends(), anchor)?);
    }
    Ok(proof)
}

/// What was purged since can no longer be compared; the checkpoint was proved before it was made.
fn compare(tx: &mut OwnerTx<'_>, owner: Uuid, ends: &Ends, anchor: &Anchor) -> Result<Option<Fault>, DbError> {
    let anchored = anchor.sequence;
    if ends.last_sequence < anchored {
        return Ok(Some(Fault::Rewound { anchored, found: ends.last_sequence }));
    }
    if anchored <= ends.purged_through {
        return Ok(None);
    }
    let link = repo::links(tx, owner, anchored.saturating_sub(1), 1)?.into_iter().next();
    let same = link.is_some_and(|link| link.sequence == anchored && link.seal == anchor.seal);
    Ok((!same).then_some(Fault::Rewritten(anchored)))
}

fn walk(tx: &mut OwnerTx<'_>, owner: Uuid, chain: &Chain, proof: &mut Proof) -> Result<(), DbError> {
    let purged_through = chain.ends().purged_through;
    let (mut walk, mut after) = (Walk::new(chain.key(), chain.ends()), 0);
    loop {
        let links = repo::links(tx, owner, after, BATCH)?;
        let Some(last) = links.last() else { break };
        after = last.sequence;
        for link in &links {
            proof.sealed = proof.sealed.saturating_add(1);
            // What was purged does not come back.
            let back = (link.sequence <= purged_through).then_some(Fault::Changed(link.sequence));
            proof.faults.extend(back.or_else(|| walk.step(link)));
        }
    }
    proof.faults.extend(ended(&walk, chain));
    Ok(())
}

/// What is wrong with where a walk has ended.
pub fn ended(walk: &Walk<'_>, chain: &Chain) -> Vec<Fault> {
    let (found, seal) = walk.reached();
    let Ends { last_sequence, last_seal, .. } = *chain.ends();
    let place = (found != last_sequence).then_some(Fault::Ends { kept: last_sequence, found });
    let is_changed = !chain.is_intact() || (place.is_none() && seal != last_seal);
    place.into_iter().chain(is_changed.then_some(Fault::EndsChanged)).collect()
}

/// Going along a chain, from its beginning.
pub struct Walk<'k> {
    key: &'k SealingKey,
    sequence: i64,
    seal: Seal,
}

impl<'k> Walk<'k> {
    pub fn new(key: &'k SealingKey, ends: &Ends) -> Self {
        Self { key, sequence: ends.purged_through, seal: ends.purged_seal }
    }

    /// From behind an entry whose seal is believed.
    pub fn behind(key: &'k SealingKey, sequence: i64, seal: Seal) -> Self {
        Self { key, sequence, seal }
    }

    /// Where it has come to.
    pub fn reached(&self) -> (i64, Seal) {
        (self.sequence, self.seal)
    }

    /// Goes on to this link; what is wrong with it. The seal that stands there is believed for the
    /// next one, so that each fault is named once.
    pub fn step(&mut self, link: &Link) -> Option<Fault> {
        let (expected, before) = (self.sequence.saturating_add(1), self.seal);
        (self.sequence, self.seal) = (link.sequence, link.seal);
        if link.sequence != expected {
            return Some(Fault::Gap(expected, link.sequence.saturating_sub(1)));
        }
        let Some(entry) = &link.entry else { return Some(Fault::Removed(link.sequence)) };
        let seal = self.key.seal(link.sequence, &before, entry);
        verify_slices_are_equal(&seal, &link.seal).is_err().then_some(Fault::Changed(link.sequence))
    }
}
