//! Files that wait while they are sent. A reader may be as slow as they like: they hold a file, and neither a
//! transaction nor memory.
//!
//! Two things are bounded in each process: how many files are written at a time, for each holds a connection of
//! the database, and how many of one client wait to be read, for they fill the disk.

use crate::platform::http::{ApiError, problems};
use actix_web::{
    body::SizedStream,
    web::{self, Bytes},
};
use countinghouse_contract::TenantId;
use futures_util::stream;
use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// How long it is waited for a turn.
const PATIENCE: Duration = Duration::from_secs(10);
const FILES_PER_CLIENT: usize = 4;
/// Read from the disk at once.
const PIECE: usize = 64 * 1024;

/// Where exports get their turn; cheap to clone.
#[derive(Clone)]
pub struct Spools {
    turns: Arc<Semaphore>,
    open: Arc<Mutex<HashMap<TenantId, usize>>>,
}

impl Spools {
    /// A quarter of the connections may write exports at a time.
    pub fn new(connections: u32) -> Self {
        let turns = usize::try_from(connections / 4).unwrap_or(1).max(1);
        Self { turns: Arc::new(Semaphore::new(turns)), open: Arc::default() }
    }

    /// A place for one more file of the client, and a turn to write it.
    pub async fn turn(&self, tenant: TenantId) -> Result<Spool, ApiError> {
        let place = self.place(tenant).ok_or_else(|| {
            let rule = format!("{FILES_PER_CLIENT} exports are being made and read already. Wait for one of them.");
            problems::RATE_LIMITED.with(rule).with_header("Retry-After", "10")
        })?;
        let turn = timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let busy = || {
            problems::UNAVAILABLE
                .with("Too many exports are being made just now; try again shortly.")
                .with_header("Retry-After", "10")
        };
        let turn = turn.ok().and_then(Result::ok).ok_or_else(busy)?;
        Ok(Spool { turn, place })
    }

    fn place(&self, tenant: TenantId) -> Option<Place> {
        let mut open = self.open();
        let count = open.entry(tenant).or_default();
        if *count >= FILES_PER_CLIENT {
            return None;
        }
        *count += 1;
        Some(Place { spools: self.clone(), tenant })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<TenantId, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One file of a client's, until it is dropped.
struct Place {
    spools: Spools,
    tenant: TenantId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.spools.open();
        let left = open.get(&self.tenant).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            open.remove(&self.tenant);
        } else {
            open.insert(self.tenant, left);
        }
    }
}

/// A turn to write a file.
pub struct Spool {
    turn: OwnedSemaphorePermit,
    place: Place,
}

impl Spool {
    /// The written file as the body of an answer. The next one's turn has come.
    pub fn body(self, mut file: File) -> io::Result<SizedStream<impl stream::Stream<Item = io::Result<Bytes>>>> {
        let Self { turn, place } = self;
        drop(turn);
        let length = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        // A file that can not be read on ends the answer before its length: the reader notices.
        let pieces = stream::try_unfold((file, place), |(file, place)| async move {
            let read = web::block(move || piece(file)).await;
            let (file, bytes) = read.unwrap_or_else(|_| Err(io::Error::other("no thread")))?;
            Ok((!bytes.is_empty()).then_some((bytes, (file, place))))
        });
        Ok(SizedStream::new(length, pieces))
    }
}

fn piece(mut file: File) -> io::Result<(File, Bytes)> {
    let mut bytes = vec![0; PIECE];
    let count = file.read(&mut bytes)?;
    bytes.truncate(count);
    Ok((file, bytes.into()))
}
