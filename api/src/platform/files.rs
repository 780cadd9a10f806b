//! Files that are kept for good: in a folder, or in a bucket of whatever speaks S3.
//!
//! What is put here never changes, for it is called after its content: whoever puts a file under a name that is
//! there puts the same bytes. Which files there are, and which are no longer needed, is known to the database alone.

use super::{
    crypto::{Secret, hex},
    http::{ApiError, problems},
};
use crate::config::{Bucket, Images};
use actix_web::web::Bytes;
use countinghouse_contract::TenantId;
use futures_util::Stream;
use object_store::{
    ClientOptions, GetOptions, GetRange, ObjectStore, ObjectStoreExt, RetryConfig, aws::AmazonS3Builder,
    local::LocalFileSystem, path::Path,
};
use std::{fmt, io, ops::Range, path::PathBuf, sync::Arc, time::Duration};
use tokio::{sync::OnceCell, task::spawn_blocking};

/// How long the store may say nothing, and how long all attempts at one request may take together. What it sends is
/// passed on as fast as somebody's line takes it, which has no limit.
const PATIENCE: Duration = Duration::from_secs(10);
const PATIENCE_OF_ALL: Duration = Duration::from_secs(20);

/// What went wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error("the folder of files can not be used: {0}")]
    Folder(#[from] io::Error),
    /// It was there: somebody else took it away.
    #[error("a file that ought to be there is not")]
    Missing(#[source] object_store::Error),
    #[error("the store of files: {0}")]
    Store(object_store::Error),
}

impl From<object_store::Error> for FilesError {
    fn from(error: object_store::Error) -> Self {
        match error {
            error @ object_store::Error::NotFound { .. } => Self::Missing(error),
            error => Self::Store(error),
        }
    }
}

impl From<FilesError> for ApiError {
    fn from(error: FilesError) -> Self {
        match error {
            FilesError::Missing(_) => Self::internal(error),
            FilesError::Folder(_) | FilesError::Store(_) => problems::UNAVAILABLE
                .with("The store of files can not be reached just now; try again shortly.")
                .with_header("Retry-After", "5")
                .with_source(error),
        }
    }
}

/// A file of a client, by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileKey {
    pub tenant: TenantId,
    pub sha256: [u8; 32],
    /// How many files of this content were taken away before it. None of them has its name.
    pub generation: i64,
}

impl FileKey {
    /// `{tenant}/ab/ab12…`: no folder has too many files. After it was taken away it is `ab12…-1` next time.
    fn path(&self) -> Path {
        let hash = hex(&self.sha256);
        let first: String = hash.chars().take(2).collect();
        let name = if self.generation == 0 { hash } else { format!("{hash}-{}", self.generation) };
        Path::from_iter([self.tenant.to_string(), first, name])
    }
}

/// Where files are kept; cheap to clone.
#[derive(Clone)]
pub struct Files {
    place: Arc<Place>,
    /// Made when it is first needed: a service starts while its store is away.
    store: Arc<OnceCell<Arc<dyn ObjectStore>>>,
    room: i64,
}

enum Place {
    Folder(PathBuf),
    Bucket(Bucket),
}

impl Files {
    pub fn new(config: &Images) -> Self {
        let place = match &config.bucket {
            Some(bucket) => Place::Bucket(bucket.clone()),
            None => Place::Folder(config.folder.clone()),
        };
        let room = i64::from(config.mib_per_client).saturating_mul(1024 * 1024);
        Self { place: Arc::new(place), store: Arc::default(), room }
    }

    /// How many bytes a client's files may take.
    pub fn room(&self) -> i64 {
        self.room
    }

    /// Puts a file there. It is whole, or not there at all.
    pub async fn put(&self, key: FileKey, bytes: Vec<u8>) -> Result<(), FilesError> {
        self.store().await?.put(&key.path(), bytes.into()).await?;
        Ok(())
    }

    /// All of a file.
    pub async fn get(&self, key: FileKey) -> Result<Vec<u8>, FilesError> {
        let found = self.store().await?.get(&key.path()).await?;
        Ok(found.bytes().await?.into())
    }

    /// A file, or a part of it, as it is read.
    pub async fn stream(
        &self,
        key: FileKey,
        part: Option<Range<u64>>,
    ) -> Result<impl Stream<Item = Result<Bytes, object_store::Error>> + use<>, FilesError> {
        let wanted = GetOptions { range: part.map(GetRange::Bounded), ..GetOptions::default() };
        Ok(self.store().await?.get_opts(&key.path(), wanted).await?.into_stream())
    }

    /// Takes a file away, with what a process that died while it put the file there has left of it. One that is
    /// not there is as good as taken.
    pub async fn delete(&self, key: FileKey) -> Result<(), FilesError> {
        match self.store().await?.delete(&key.path()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let Place::Folder(folder) = self.place.as_ref() else { return Ok(()) };
        let file = folder.join(key.path().to_string());
        let taken = spawn_blocking(move || take_pieces_away(&file)).await;
        Ok(taken.unwrap_or_else(|_| Err(io::Error::other("no thread")))?)
    }

    async fn store(&self) -> Result<&Arc<dyn ObjectStore>, FilesError> {
        self.store
            .get_or_try_init(|| async {
                let store: Arc<dyn ObjectStore> = match self.place.as_ref() {
                    Place::Folder(folder) => {
                        let there = folder.clone();
                        let made = spawn_blocking(move || std::fs::create_dir_all(there)).await;
                        made.unwrap_or_else(|_| Err(io::Error::other("no thread")))?;
                        // What was put is there after the machine lost its power, too.
                        Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true))
                    }
                    Place::Bucket(bucket) => Arc::new(in_bucket(bucket)?),
                };
                Ok::<_, FilesError>(store)
            })
            .await
    }
}

/// A file is written under its name with `#1`, `#2`, … behind it before it gets that name.
fn take_pieces_away(file: &std::path::Path) -> io::Result<()> {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name().and_then(|name| name.to_str())) else {
        return Ok(());
    };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let beginning = format!("{name}#");
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|there| there.starts_with(&beginning)) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn in_bucket(bucket: &Bucket) -> Result<object_store::aws::AmazonS3, object_store::Error> {
    let Bucket { name, endpoint, region, access_key_id, secret_access_key } = bucket;
    let retry = RetryConfig { max_retries: 3, retry_timeout: PATIENCE_OF_ALL, ..RetryConfig::default() };
    let plain = endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    let options = ClientOptions::new().with_timeout_disabled().with_read_timeout(PATIENCE).with_allow_http(plain);
    let mut store = AmazonS3Builder::new().with_bucket_name(name).with_region(region).with_retry(retry);
    // One file in one request is what all who speak S3 understand.
    store = store.with_client_options(options).with_disable_bulk_delete(true);
    if let Some(endpoint) = endpoint {
        store = store.with_endpoint(endpoint);
    }
    if let (Some(id), Some(secret)) = (access_key_id, secret_access_key.as_ref().map(Secret::expose)) {
        store = store.with_access_key_id(id).with_secret_access_key(secret);
    }
    store.build()
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Files")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::crypto::sha256;

    #[test]
    fn a_file_lies_with_its_client_under_its_hash() {
        let path = |generation| {
            let key = FileKey { tenant: TenantId(uuid::Uuid::nil()), sha256: sha256(b""), generation };
            key.path().to_string()
        };
        let first =
            "00000000-0000-0000-0000-000000000000/e3/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!((path(0), path(7)), (first.to_owned(), format!("{first}-7")));
    }
}
