//! Bodies that are files. They go to the disk as they come, so that a hundred slow ones cost no memory.

use super::{ApiError, problems};
use crate::{
    app::AppState,
    platform::sheets::{CSV, XLSX},
};
use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    web::{self, Data},
};
use countinghouse_contract::exports::SheetFormat;
use futures_util::StreamExt;
use std::{
    fs::File,
    future::Future,
    io::{self, Seek, Write},
    pin::Pin,
    time::Duration,
};

/// The largest file, in bytes.
pub const MAX_UPLOAD: u64 = 32 * 1024 * 1024;
/// A file may take so many times as long to arrive as another body.
pub(super) const PATIENCE: u32 = 12;
/// Written to the disk at once.
const PIECE: usize = 256 * 1024;

/// Left on a path whose bodies are files.
#[derive(Clone, Copy)]
pub(super) enum TakesFile {
    /// The body itself.
    Body,
    /// A part of a form.
    Form,
}

/// A file with rows and columns; its media type says which form.
pub struct SheetUpload {
    pub format: SheetFormat,
    pub file: File,
}

impl FromRequest for SheetUpload {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let format = match req.content_type().to_ascii_lowercase().as_str() {
            CSV => SheetFormat::Csv,
            XLSX => SheetFormat::Xlsx,
            _ => {
                let rule = format!("Send the file as the body, with `Content-Type: {CSV}` or `{XLSX}`.");
                return Box::pin(std::future::ready(Err(problems::UNSUPPORTED_MEDIA_TYPE.with(rule))));
            }
        };
        // Where the request has a key, its body was read already, to know it again.
        let spooled = req.extensions_mut().remove::<Spooled>();
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let Spooled(file) = match spooled {
                Some(spooled) => spooled,
                None => spool(&req, payload).await?,
            };
            Ok(Self { format, file })
        })
    }
}

/// A body in a file without a name, to be read from its beginning.
pub(super) struct Spooled(pub File);

/// Reads a body to its end, within the limits of size and time.
pub(super) async fn spool(req: &HttpRequest, payload: Payload) -> Result<Spooled, ApiError> {
    let patience: Duration = req.app_data::<Data<AppState>>().map(|state| state.body_patience).unwrap_or_default();
    match tokio::time::timeout(patience * PATIENCE, receive(payload)).await {
        Ok(received) => received.map(Spooled),
        Err(_) => Err(problems::BODY_TOO_SLOW.with("Nothing was done; a slow line may need smaller files.")),
    }
}

async fn receive(mut payload: Payload) -> Result<File, ApiError> {
    let mut file = tempfile::tempfile().map_err(no_room)?;
    let (mut waiting, mut length) = (Vec::with_capacity(PIECE), 0_u64);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| problems::MALFORMED.with("The body could not be read to its end."))?;
        length = length.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if length > MAX_UPLOAD {
            return Err(problems::TOO_LARGE.with(format!("At most {MAX_UPLOAD} bytes.")));
        }
        waiting.extend_from_slice(&chunk);
        if waiting.len() >= PIECE {
            file = write(file, std::mem::take(&mut waiting)).await?;
        }
    }
    let mut file = write(file, waiting).await?;
    file.rewind().map_err(no_room)?;
    Ok(file)
}

pub(super) async fn write(mut file: File, bytes: Vec<u8>) -> Result<File, ApiError> {
    let written = web::block(move || file.write_all(&bytes).map(|()| file)).await;
    written.unwrap_or_else(|_| Err(io::Error::other("no thread"))).map_err(no_room)
}

pub(super) fn no_room(error: io::Error) -> ApiError {
    problems::UNAVAILABLE
        .with("The service can not write files just now; try again shortly.")
        .with_header("Retry-After", "30")
        .with_source(error)
}
