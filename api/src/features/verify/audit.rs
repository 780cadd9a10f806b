//! The report on the audit logs: how far each is sealed, and what was tampered with.

use super::memory::{self, MemoryError};
use crate::{
    config::KeyRing,
    platform::{
        audit::{self, Proof, VerifyError},
        clock::SystemClock,
        crypto::MasterKeys,
        db::Owner,
        ids::{Ids, SystemRandomness},
        vault::Vault,
    },
};
use std::{fmt, path::Path, sync::Arc};

/// How many faults of one log are told; the others are counted.
const TOLD: usize = 20;

/// What was found of all logs.
#[derive(Debug)]
pub struct Report(Vec<Proof>);

impl Report {
    pub fn holds(&self) -> bool {
        self.0.iter().all(|proof| proof.faults.is_empty())
    }
}

#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

/// Checks the log of one client, or all logs; also against what the file remembers of the last time,
/// and remembers this time in it when all holds.
pub fn audit(
    owner: &mut Owner,
    master_keys: KeyRing,
    client: Option<&str>,
    remember: Option<&Path>,
) -> Result<Report, AuditError> {
    let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandomness));
    let vault = Vault::new(MasterKeys::new(master_keys), ids);
    let mut anchors = remember.map(memory::read).transpose()?.unwrap_or_default();
    let report = Report(audit::verify(owner, &vault, client, &anchors)?);
    if let Some(path) = remember.filter(|_| report.holds()) {
        anchors.extend(report.0.iter().filter_map(|proof| Some((proof.owner, proof.end?))));
        memory::write(path, &anchors)?;
    }
    Ok(report)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |proof: &Proof| proof.client.clone().unwrap_or_else(|| "(operator)".to_owned());
        let width = self.0.iter().map(|proof| name(proof).len()).max().unwrap_or(0).max("client".len());
        writeln!(f, "{:width$}  {:>10}  {:>10}  {:>10}  {:>7}", "client", "purged", "sealed", "waiting", "broken")?;
        for proof in &self.0 {
            let Proof { purged_through, sealed, waiting, faults, .. } = proof;
            let (name, broken) = (name(proof), faults.len());
            writeln!(f, "{name:width$}  {purged_through:>10}  {sealed:>10}  {waiting:>10}  {broken:>7}")?;
        }
        for proof in &self.0 {
            let name = name(proof);
            for fault in proof.faults.iter().take(TOLD) {
                writeln!(f, "{name}: {fault}")?;
            }
            if proof.faults.len() > TOLD {
                writeln!(f, "{name}: and {} more", proof.faults.len() - TOLD)?;
            }
            if let Some(since) = proof.waiting_since {
                writeln!(f, "{name}: not sealed yet since {}", since.to_rfc3339())?;
            }
        }
        let verdict = if self.holds() { "the audit logs hold" } else { "the audit logs were tampered with" };
        write!(f, "{} logs: {verdict}", self.0.len())
    }
}
