//! Pictures: read, cleaned and compared, on few threads with a bounded queue.
//!
//! What a picture is and what a model makes of it is the crate `countinghouse-pictures`; here is who may ask for
//! how much of it at a time. Requests take a place in the queue or are told at once that there is none; jobs wait
//! for one, and never hold more of them than there are threads, so that requests find places too.

mod memory;
mod models;
mod shares;

pub use countinghouse_pictures::{Embedding, Encoded, Format, Model, Refused};
pub use models::ModelState;
pub use shares::Place;

use super::{
    crypto::sha256,
    http::{ApiError, Invalid, problems},
    pool::{Pool, PoolError},
};
use crate::config::Images;
use countinghouse_contract::{TenantId, images::MAX_PICTURE};
use countinghouse_pictures::{EmbedError, EncodeError, Header, Picture};
use memory::Memory;
use models::Models;
use shares::Shares;
use std::{
    fs::File,
    io::{Read, Seek},
    sync::Arc,
};
use tokio::sync::Semaphore;

#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("too many pictures are being read")]
    Busy,
    #[error("the thread that read the picture ended early")]
    Thread,
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error(transparent)]
    Embed(#[from] EmbedError),
    #[error("the upload could not be read: {0}")]
    Io(#[from] std::io::Error),
}

impl From<PoolError> for PictureError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Busy => Self::Busy,
            PoolError::Thread => Self::Thread,
        }
    }
}

impl From<PictureError> for ApiError {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::Refused(refused) => refusal(&refused),
            PictureError::Busy => problems::UNAVAILABLE
                .with("Too many pictures are being looked at just now; try again shortly.")
                .with_header("Retry-After", "2"),
            other => Self::internal(other),
        }
    }
}

fn refusal(refused: &Refused) -> ApiError {
    let code = match refused {
        Refused::TooLarge { .. } => return problems::TOO_LARGE.with(format!("{}.", capital(&refused.to_string()))),
        Refused::Empty => "empty_file",
        Refused::TooManyPixels { .. } => "too_many_pixels",
        Refused::Damaged { .. } => "damaged_picture",
        Refused::Animated { .. } => "animated_picture",
        Refused::Unsupported { .. } => "unsupported_picture",
        _ => "not_a_picture",
    };
    let mut invalid = Invalid::default();
    invalid.add("/file", code, format!("{}.", capital(&refused.to_string())));
    invalid.into()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A picture that was taken in: what is kept of it, and what was learned of it.
#[derive(Debug)]
pub struct Prepared {
    pub width: u32,
    pub height: u32,
    /// Without metadata.
    pub original: Encoded,
    pub original_sha256: [u8; 32],
    pub display: Encoded,
    pub display_sha256: [u8; 32],
}

/// Reads, cleans and compares pictures; cheap to clone.
#[derive(Clone)]
pub struct Pictures {
    pool: Pool<()>,
    shares: Shares,
    memory: Arc<Memory>,
    models: Models,
    /// How many jobs may take places at a time.
    jobs: Arc<Semaphore>,
}

impl Pictures {
    /// No model is loaded yet: see [`Pictures::begin_loading`].
    pub fn new(config: &Images) -> std::io::Result<Self> {
        Ok(Self {
            pool: Pool::new("pictures", config.threads, config.queue)?,
            shares: Shares::of(config.threads.saturating_add(config.queue)),
            memory: Arc::new(Memory::new(u64::from(config.memory_mib) * 1024 * 1024)),
            models: Models::new(config.model.clone(), config.previous_model.clone()),
            jobs: Arc::new(Semaphore::new(config.threads)),
        })
    }

    /// Loads the models beside everything else: a service answers before they are there.
    pub fn begin_loading(&self) {
        self.models.begin_loading();
    }

    /// How the model is, without waiting for it.
    pub fn model_state(&self) -> ModelState {
        self.models.state()
    }

    /// The model in use, when it is loaded; none where there is none.
    pub async fn model(&self) -> Option<Arc<Model>> {
        self.models.current().await
    }

    /// The one of this id, of the two there may be, when both are loaded.
    pub async fn model_called(&self, id: &str) -> Option<Arc<Model>> {
        self.models.called(id).await
    }

    /// How many pictures are being read or wait for it, and how many may.
    pub fn places(&self) -> (usize, usize) {
        self.pool.places()
    }

    /// A place in the queue, of which each client has its share. Who uploads asks for it before anything else, so that
    /// whoever is too many costs nothing.
    pub fn place(&self, tenant: TenantId) -> Result<Place, PictureError> {
        let share = self.shares.take(tenant)?;
        Ok(Place { place: self.pool.place()?, share })
    }

    /// Makes of an upload what is kept of it.
    pub async fn prepare(&self, place: Place, file: File) -> Result<Prepared, PictureError> {
        let (memory, Place { place, share }) = (Arc::clone(&self.memory), place);
        let work = move |_: &mut ()| -> Result<Prepared, PictureError> {
            let _share = share;
            let picture = read(&memory, &whole(file)?)?;
            let (original, display) = (picture.original()?, picture.display()?);
            Ok(Prepared {
                width: picture.width(),
                height: picture.height(),
                original_sha256: sha256(&original.bytes),
                display_sha256: sha256(&display.bytes),
                original,
                display,
            })
        };
        self.pool.run(place, work).await?
    }

    /// What a picture that somebody sent looks like.
    pub async fn embed(&self, place: Place, file: File, model: Arc<Model>) -> Result<Embedding, PictureError> {
        let (memory, Place { place, share }) = (Arc::clone(&self.memory), place);
        let work = move |_: &mut ()| -> Result<Embedding, PictureError> {
            let _share = share;
            let picture = read(&memory, &whole(file)?)?;
            Ok(model.embed(&picture)?)
        };
        self.pool.run(place, work).await?
    }

    /// What a picture that is kept looks like to each of these; for jobs, which wait for their turn.
    pub async fn embed_kept(&self, bytes: Vec<u8>, models: Vec<Arc<Model>>) -> Result<Vec<Embedding>, PictureError> {
        let _turn = self.jobs.acquire().await.map_err(|_| PictureError::Thread)?;
        let (place, memory) = (self.pool.wait_for_place().await?, Arc::clone(&self.memory));
        let work = move |_: &mut ()| -> Result<Vec<Embedding>, PictureError> {
            let picture = read(&memory, &bytes)?;
            models.iter().map(|model| Ok(model.embed(&picture)?)).collect()
        };
        self.pool.run(place, work).await?
    }
}

/// From its beginning, for it may have been read before.
fn whole(mut file: File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(MAX_PICTURE.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A picture and the memory that it may take: given back together.
struct Admitted<'m> {
    picture: Picture,
    _share: memory::Share<'m>,
}

impl std::ops::Deref for Admitted<'_> {
    type Target = Picture;

    fn deref(&self) -> &Picture {
        &self.picture
    }
}

/// Decodes when there is memory for what the header speaks of.
fn read<'m>(memory: &'m Memory, bytes: &[u8]) -> Result<Admitted<'m>, PictureError> {
    let header = Header::read(bytes)?;
    let share = memory.share(header.memory);
    Ok(Admitted { picture: Picture::read(bytes)?, _share: share })
}
