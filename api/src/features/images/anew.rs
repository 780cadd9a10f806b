//! Another model: it looks at all pictures of a client, and then takes over.
//!
//! Until then the client is searched by the vectors of the model before. One picture at a time is looked at, and
//! what was done is in the database: whoever takes the job up goes on there.

use super::{
    embedding::look_at,
    error::ImageError,
    repo::vectors::{self, Unseen},
};
use crate::{
    app::AppState,
    platform::{
        db::DbError,
        files::FilesError,
        jobs::{Finished, Job, JobError, Run},
        pictures::{Model, PictureError},
    },
};
use countinghouse_contract::ImageId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// Pictures that are asked for at a time.
const BATCH: i64 = 100;
/// Vectors that are deleted in one transaction.
const DELETED: i64 = 1_000;

/// Has the model of this worker look at all pictures of a client.
#[derive(Debug, Serialize, Deserialize)]
pub struct EmbedImagesAnew {}

impl Job for EmbedImagesAnew {
    const KIND: &'static str = "embed_images_anew";

    async fn run(self, state: AppState, run: Run) -> Result<Finished, JobError> {
        let Some(model) = state.pictures.model().await else {
            return Err(JobError::NotKnown("this worker has no image model".to_owned()));
        };
        let mut given_up = Vec::new();
        loop {
            match take_over(&run, model.id(), given_up.clone()).await? {
                TakeOver::Done => break,
                TakeOver::NotYet => look_at_all(&state, &run, &model, &mut given_up).await?,
                TakeOver::TooManyLost(lost) => {
                    let why = "is the store the right one, and the model good?";
                    return Err(JobError::Failed(anyhow::anyhow!("{lost} pictures can not be looked at: {why}")));
                }
            }
        }
        let id = model.id().to_owned();
        loop {
            let id = id.clone();
            let deleted = run.transaction(move |tx| vectors::delete_others(tx, &id, DELETED)).await?;
            if i64::try_from(deleted).unwrap_or(i64::MAX) < DELETED {
                break;
            }
        }
        Ok(run.finish(|_| Ok::<_, DbError>(())).await?)
    }
}

/// What came of it.
enum TakeOver {
    Done,
    /// There are pictures that it has not seen.
    NotYet,
    TooManyLost(i64),
}

/// A few pictures that nobody can look at any more keep the others from nothing. So many speak of a store that is
/// not there, or of a model that is no good: then the old vectors are worth more.
fn are_too_many(lost: i64, all: i64) -> bool {
    lost > 0 && (lost >= all || lost > (all / 10).max(1))
}

/// Switches the client over, when the model has seen all pictures that are searched but those that nobody can see
/// any more. An upload that is embedded meanwhile waits, or is seen here.
async fn take_over(run: &Run, model: &str, given_up: Vec<ImageId>) -> Result<TakeOver, DbError> {
    let model = model.to_owned();
    run.transaction(move |tx| {
        let Some(searched) = vectors::lock_searched_model(tx)?.filter(|searched| *searched != model) else {
            return Ok(TakeOver::Done);
        };
        let (mut after, mut lost) = (ImageId(Uuid::nil()), 0_i64);
        loop {
            let unseen = vectors::unseen_by(tx, &searched, &model, after, BATCH)?;
            let Some(last) = unseen.last() else { break };
            if unseen.iter().any(|image| !given_up.contains(&image.id())) {
                return Ok(TakeOver::NotYet);
            }
            lost = lost.saturating_add(i64::try_from(unseen.len()).unwrap_or(i64::MAX));
            after = last.id();
        }
        if are_too_many(lost, vectors::count(tx, &searched)?) {
            return Ok(TakeOver::TooManyLost(lost));
        }
        vectors::switch_index(tx, &model)?;
        Ok(TakeOver::Done)
    })
    .await
}

/// Once from the first picture to the last.
async fn look_at_all(
    state: &AppState,
    run: &Run,
    model: &Arc<Model>,
    given_up: &mut Vec<ImageId>,
) -> Result<(), JobError> {
    let tenant = run.claim().tenant();
    let mut after = ImageId(Uuid::nil());
    loop {
        let id = model.id().to_owned();
        let unseen: Vec<Unseen> = run
            .transaction(move |tx| match vectors::searched_model(tx)? {
                Some(searched) => vectors::unseen_by(tx, &searched, &id, after, BATCH),
                None => Ok(Vec::new()),
            })
            .await?;
        let Some(last) = unseen.last() else { return Ok(()) };
        after = last.id();
        for image in unseen {
            match run.away(look_at(state, tenant, &image, vec![Arc::clone(model)])).await {
                Ok(made) => run.transaction(move |tx| vectors::insert(tx, image.id(), &made)).await?,
                Err(error) if is_for_good(&error) => {
                    tracing::error!(%error, image = %image.id(), "a picture is left out of search from now on");
                    given_up.push(image.id());
                }
                Err(error) => return Err(JobError::Failed(error.into())),
            }
        }
    }
}

/// Whether it will not go better another time: one such picture must not keep all others back.
fn is_for_good(error: &ImageError) -> bool {
    matches!(
        error,
        ImageError::Files(FilesError::Missing(_))
            | ImageError::Picture(PictureError::Refused(_) | PictureError::Embed(_) | PictureError::Thread)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_picture_holds_up_nobody_and_all_of_them_do() {
        for (lost, all, too_many) in
            [(0, 0, false), (0, 9, false), (1, 2, false), (1, 1, true), (2, 9, true), (3, 30, false), (4, 39, true)]
        {
            assert_eq!(are_too_many(lost, all), too_many, "{lost} of {all}");
        }
    }
}
