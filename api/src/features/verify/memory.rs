//! What is remembered of the audit logs between two looks at them, in a file that the database's
//! owner can not reach: a database put back to an earlier state is noticed by nothing else.

use crate::platform::audit::{Anchor, Anchors};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, io, path::Path};
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    #[error("{path}: {source}")]
    File { path: String, source: io::Error },
    #[error("{path} is not a memory of audit logs: {what}")]
    NotReadable { path: String, what: String },
}

/// An anchor as it stands in the file, under the id of its client.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Remembered {
    sequence: i64,
    seal: String,
}

/// What the file remembers; nothing, when there is none yet.
pub fn read(path: &Path) -> Result<Anchors, MemoryError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Anchors::new()),
        Err(source) => return Err(MemoryError::File { path: path.display().to_string(), source }),
    };
    let not_readable = |what: String| MemoryError::NotReadable { path: path.display().to_string(), what };
    let entries: BTreeMap<Uuid, Remembered> =
        serde_json::from_str(&text).map_err(|error| not_readable(error.to_string()))?;
    let anchor = |(owner, Remembered { sequence, seal }): (Uuid, Remembered)| {
        let seal = URL_SAFE_NO_PAD.decode(&seal).ok().and_then(|bytes| bytes.try_into().ok());
        let seal = seal.ok_or_else(|| not_readable(format!("the seal of {owner}")))?;
        Ok((owner, Anchor { sequence, seal }))
    };
    entries.into_iter().map(anchor).collect()
}

/// Puts the file in place as a whole, so that one which is there is never half of one.
pub fn write(path: &Path, anchors: &Anchors) -> Result<(), MemoryError> {
    let entries: BTreeMap<Uuid, Remembered> = (anchors.iter())
        .map(|(owner, Anchor { sequence, seal })| {
            (*owner, Remembered { sequence: *sequence, seal: URL_SAFE_NO_PAD.encode(seal) })
        })
        .collect();
    let failed = |source: io::Error| MemoryError::File { path: path.display().to_string(), source };
    let text = serde_json::to_string_pretty(&entries).map_err(|error| failed(error.into()))?;
    let beside = path.with_extension("new");
    fs::write(&beside, text + "\n").map_err(failed)?;
    fs::rename(&beside, path).map_err(failed)
}
