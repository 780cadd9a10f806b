//! Making a picture searchable: the job that an upload stores.

use super::{
    error::ImageError,
    repo::vectors::{self, Unseen},
};
use crate::{
    app::AppState,
    platform::{
        db::DbError,
        jobs::{Finished, Job, JobError, Run},
        pictures::{Embedding, Model},
    },
};
use countinghouse_contract::{ImageId, TenantId};
use serde::{Deserialize, Serialize};
use std::{fmt::Write, sync::Arc};

/// Compares one picture with all others, by its vector.
#[derive(Debug, Serialize, Deserialize)]
pub struct EmbedImage {
    pub image_id: ImageId,
}

impl Job for EmbedImage {
    const KIND: &'static str = "embed_image";

    async fn run(self, state: AppState, run: Run) -> Result<Finished, JobError> {
        let Some(model) = state.pictures.model().await else {
            return Err(JobError::NotKnown("this worker has no image model".to_owned()));
        };
        let id = self.image_id;
        let looked =
            run.transaction(move |tx| Ok::<_, DbError>((vectors::unseen(tx, id)?, vectors::searched_model(tx)?)));
        let (Some(image), searched) = looked.await? else {
            return Ok(run.finish(|_| Ok::<_, DbError>(())).await?);
        };
        let mut models = vec![Arc::clone(&model)];
        // While another model still answers, it has to know this one too.
        if let Some(searched) = searched.filter(|searched| searched != model.id()) {
            models.extend(state.pictures.model_called(&searched).await);
        }
        let tenant = run.claim().tenant();
        let made =
            run.away(look_at(&state, tenant, &image, models)).await.map_err(|error| JobError::Failed(error.into()))?;
        run.finish(move |tx| {
            let searched = vectors::hold_searched_model(tx, model.id())?;
            // One replaces the other just now: whoever has the one that answers does it, or this one later.
            if !made.iter().any(|(id, _)| *id == searched) {
                return Err(JobError::NotKnown(format!("this worker has not the image model {searched}")));
            }
            Ok(vectors::insert(tx, id, &made)?)
        })
        .await
    }
}

/// What a picture looks like to these models: each one's id, and the vector as the database reads it.
pub async fn look_at(
    state: &AppState,
    tenant: TenantId,
    image: &Unseen,
    models: Vec<Arc<Model>>,
) -> Result<Vec<(String, String)>, ImageError> {
    let bytes = state.files.get(image.original(tenant)).await?;
    let ids: Vec<String> = models.iter().map(|model| model.id().to_owned()).collect();
    let made = state.pictures.embed_kept(bytes, models).await?;
    Ok(ids.into_iter().zip(made.iter().map(text)).collect())
}

/// As the database reads it.
pub fn text(embedding: &Embedding) -> String {
    let mut text = String::from("[");
    for (at, number) in embedding.as_slice().iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let _infallible = write!(text, "{comma}{number}");
    }
    text.push(']');
    text
}
