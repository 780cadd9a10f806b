//! Taking away files that nothing refers to: of pictures that were deleted, and of uploads that died on the way.
//!
//! A file's row is locked, looked at once more, and held until the file is gone. Whoever uploads the same picture
//! just then waits at the row, and puts the file there again; whoever enters a picture whose file was taken away
//! finds no row, and is refused. An upload in its good time is never met here: it has touched its rows.

use super::repo::files;
use crate::{
    app::AppState,
    platform::{
        db::DbError,
        files::{FileKey, FilesError},
        jobs::{Finished, Job, JobError, Run},
    },
};
use chrono::Duration;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

/// What is younger may belong to an upload that has not ended.
const GRACE: Duration = Duration::hours(1);
/// Files that are asked for at a time.
const BATCH: i64 = 100;

/// Takes away what a client no longer needs.
#[derive(Debug, Serialize, Deserialize)]
pub struct CollectImageFiles {}

impl Job for CollectImageFiles {
    const KIND: &'static str = "collect_image_files";

    async fn run(self, state: AppState, run: Run) -> Result<Finished, JobError> {
        let tenant = run.claim().tenant();
        let since = state.ids.now() - GRACE;
        let mut after: Vec<u8> = Vec::new();
        loop {
            let from = after.clone();
            let found = run.transaction(move |tx| files::forgotten(tx, since, &from, BATCH)).await?;
            let Some(last) = found.last() else { break };
            after = last.to_vec();
            for sha256 in found {
                let (store, handle) = (state.files.clone(), Handle::current());
                let taken = run.transaction(move |tx| {
                    if files::hold_forgotten(tx, sha256, since)? {
                        handle.block_on(store.delete(FileKey { tenant, sha256 }))?;
                        files::delete(tx, sha256)?;
                    }
                    Ok::<_, CollectError>(())
                });
                taken.await?;
            }
        }
        Ok(run.finish(|_| Ok::<_, DbError>(())).await?)
    }
}

#[derive(Debug, thiserror::Error)]
enum CollectError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Files(#[from] FilesError),
}

impl From<CollectError> for JobError {
    fn from(error: CollectError) -> Self {
        match error {
            CollectError::Db(error) => error.into(),
            CollectError::Files(error) => Self::Failed(error.into()),
        }
    }
}
