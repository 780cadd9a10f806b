//! Taking away files that nothing refers to: of pictures that were deleted, and of uploads that died on the way.
//!
//! The store takes its time, so it is never waited for inside a transaction. One gives a file up, then it is taken out
//! of the store, then another one notes that. In between somebody may bring the very same picture, and the files of a
//! picture are called after their content. What keeps the two apart is that no name is used twice:
//!
//! - *Given up* is a file whose row went from `image_files` to `image_files_leaving` in one transaction. Nobody can
//!   enter a picture with it from then on, for the foreign key finds nothing; who had put it there an hour ago and
//!   enters it only now is refused, and sends it again.
//! - Whoever brings the content again gets a row with the next *generation*, which is part of the name in the store.
//!   They wait for nobody, and what is deleted under the old name, now or by a worker that stood still for hours, is
//!   none of theirs.
//! - Killed before the first commit, nothing has happened. Killed between the two, the file is in
//!   `image_files_leaving`, there or gone, and is taken away again: a file that is not there is as good as taken.
//! - An upload may have stood still, too, and put the file there after it was taken away. So it is taken away once
//!   more when [`LATEST`] is over, and only then forgotten, and its name free.

use super::repo::files;
use crate::{
    app::AppState,
    platform::{
        db::DbError,
        files::{FileKey, Files, FilesError},
        jobs::{Finished, Job, JobError, Run},
        points::{self, Point},
    },
};
use chrono::{DateTime, Duration, Utc};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

/// What is younger may belong to an upload that has not ended.
const GRACE: Duration = Duration::hours(1);
/// Nobody is busy with one file for longer than that.
const LATEST: Duration = Duration::days(7);
/// Files in one transaction.
const BATCH: i64 = 100;
/// Files that are taken away at a time.
const SIDE_BY_SIDE: usize = 8;

/// Takes away what a client no longer needs.
#[derive(Debug, Serialize, Deserialize)]
pub struct CollectImageFiles {}

impl Job for CollectImageFiles {
    const KIND: &'static str = "collect_image_files";
    /// The version before knows no generations, and would forget files of later ones.
    const VERSION: i32 = 2;

    async fn run(self, state: AppState, run: Run) -> Result<Finished, JobError> {
        give_up(&run, state.ids.now() - GRACE).await?;
        loop {
            let due = run.transaction(|tx| files::due(tx, BATCH)).await?;
            if due.is_empty() {
                break;
            }
            points::reached(Point::FilesGivenUp);
            let (gone, failed) = run.away(take_away(&state.files, due)).await;
            points::reached(Point::FilesTaken);
            run.transaction(move |tx| files::note_taken(tx, &gone, tx.now() + LATEST)).await?;
            if let Some(error) = failed {
                return Err(JobError::Failed(error.into()));
            }
        }
        Ok(run.finish(|_| Ok::<_, DbError>(())).await?)
    }
}

/// Gives up all that nobody has touched since.
async fn give_up(run: &Run, since: DateTime<Utc>) -> Result<(), DbError> {
    let mut after = Vec::new();
    loop {
        let from = std::mem::take(&mut after);
        let held = run.transaction(move |tx| {
            let held = files::hold_forgotten(tx, since, &from, BATCH)?;
            files::give_up(tx, &held)?;
            Ok::<_, DbError>(held)
        });
        match held.await?.last() {
            Some(last) => after = last.sha256.to_vec(),
            None => return Ok(()),
        }
    }
}

/// Takes files out of the store: those that are gone, and what went wrong with another.
async fn take_away(store: &Files, due: Vec<FileKey>) -> (Vec<FileKey>, Option<FilesError>) {
    let each = due.into_iter().map(|file| {
        let store = store.clone();
        async move { (file, store.delete(file).await) }
    });
    let mut taking = stream::iter(each).buffer_unordered(SIDE_BY_SIDE);
    let (mut gone, mut failed) = (Vec::new(), None);
    while let Some((file, taken)) = taking.next().await {
        match taken {
            Ok(()) => gone.push(file),
            Err(error) => failed = Some(error),
        }
    }
    (gone, failed)
}
