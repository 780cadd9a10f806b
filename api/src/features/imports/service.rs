//! Taking files in, and showing what becomes of them.

use super::{
    error::ImportError,
    jobs::ReadImport,
    model::{KINDS, MODES, permissions, word},
    repo::{self, NewImport},
};
use crate::{
    features::accounting,
    platform::{
        audit::{Action, Entry, record_in},
        authn::{Principal, TenantCtx},
        db::TenantTx,
        http::{PageRequest, SheetUpload},
        jobs::{When, enqueue_in},
    },
};
use chrono::NaiveDate;
use countinghouse_contract::{
    ImportId,
    imports::{self, Import, ImportKind, ImportMode},
};
use serde_json::json;
use std::{
    fs::File,
    io::{self, Read},
};

/// A file is kept in pieces of this size.
const CHUNK: u64 = 1024 * 1024;
/// What may wait of one client.
const MAX_WAITING: i64 = 256 * 1024 * 1024;

/// How a file is to be read.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    pub kind: ImportKind,
    pub mode: ImportMode,
    pub dry_run: bool,
    /// Of opening balances; today where nothing is said.
    pub date: Option<NaiveDate>,
}

/// Stores the file, and the job that will read it.
pub async fn take_in(ctx: &TenantCtx, way: Way, upload: SheetUpload) -> Result<Import, ImportError> {
    ctx.transaction(move |tx| store(tx, way, upload)).await
}

fn store(tx: &mut TenantTx<'_>, way: Way, upload: SheetUpload) -> Result<Import, ImportError> {
    let Way { kind, mode, dry_run, date } = way;
    // The route asks for one of them only.
    if let Some(lacked) = permissions(kind).iter().find(|needed| !tx.actor().permissions.holds(**needed)) {
        return Err(ImportError::Forbidden(*lacked));
    }
    let date = if kind == ImportKind::OpeningBalances { date.or_else(|| Some(accounting::today(tx))) } else { None };
    let bytes = i64::try_from(upload.file.metadata()?.len()).unwrap_or(i64::MAX);
    if repo::bytes_waiting(tx)?.saturating_add(bytes) > MAX_WAITING {
        return Err(ImportError::TooMany);
    }
    let id = tx.make_id::<ImportId>()?;
    let job = enqueue_in(tx, &ReadImport { import_id: id }, When::default())?.ok_or(ImportError::NotFound)?;
    repo::insert(tx, &NewImport { id, kind, format: upload.format, mode, dry_run, date, bytes, job })?;
    store_file(tx, id, upload.file)?;
    let made = json!({"kind": word(kind, &KINDS), "mode": word(mode, &MODES), "dry_run": dry_run, "bytes": bytes});
    record_in(tx, Entry::new(Action::ImportCreated, id).after(made))?;
    repo::find(tx, id, &[kind])?.ok_or(ImportError::NotFound)
}

fn store_file(tx: &mut TenantTx<'_>, id: ImportId, file: File) -> Result<(), ImportError> {
    let mut file = io::BufReader::new(file);
    for position in 0.. {
        let mut chunk = Vec::new();
        file.by_ref().take(CHUNK).read_to_end(&mut chunk)?;
        if chunk.is_empty() {
            break;
        }
        repo::insert_chunk(tx, id, position, &chunk)?;
    }
    Ok(())
}

/// The kinds that somebody may bring, and so may see.
fn kinds_of(principal: &Principal) -> Vec<ImportKind> {
    let may = |kind: &ImportKind| permissions(*kind).iter().all(|needed| principal.permissions.holds(*needed));
    KINDS.iter().map(|(kind, _)| *kind).filter(may).collect()
}

pub async fn list(ctx: &TenantCtx, asked: PageRequest) -> Result<Vec<Import>, ImportError> {
    ctx.read(move |tx| {
        let kinds = kinds_of(tx.actor());
        Ok(repo::list(tx, &kinds, asked)?)
    })
    .await
}

pub async fn get(ctx: &TenantCtx, id: ImportId) -> Result<Import, ImportError> {
    ctx.read(move |tx| find(tx, id)).await
}

fn find(tx: &mut TenantTx<'_>, id: ImportId) -> Result<Import, ImportError> {
    let kinds = kinds_of(tx.actor());
    repo::find(tx, id, &kinds)?.ok_or(ImportError::NotFound)
}

/// What was wrong with a file, each with its place.
pub async fn errors(
    ctx: &TenantCtx,
    id: ImportId,
    asked: PageRequest,
) -> Result<Vec<(i64, imports::ImportError)>, ImportError> {
    ctx.read(move |tx| {
        find(tx, id)?;
        Ok(repo::errors(tx, id, asked)?)
    })
    .await
}
