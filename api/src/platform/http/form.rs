//! Forms with a file: `multipart/form-data`, as browsers send them.
//!
//! The file goes to the disk as it comes, so that a hundred slow ones cost no memory, and its hash is taken on the
//! way. What a form is known by, when it comes again with the same `Idempotency-Key`, is what it says: how its
//! sender has put the parts together differs each time.

use super::{
    ApiError, Invalid, problems, query,
    upload::{PATIENCE, no_room, write},
};
use crate::app::AppState;
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header::{CONTENT_TYPE, HeaderMap},
    web::{Bytes, Data},
};
use aws_lc_rs::digest::{Context, SHA256};
use countinghouse_contract::images::MAX_PICTURE;
use futures_util::{Stream, StreamExt};
use serde::de::DeserializeOwned;
use std::{fs::File, future::Future, io::Seek, pin::Pin, time::Duration};

/// The part that is the file.
const FILE: &str = "file";
/// The largest form: a file, what stands around it, and a few short fields.
const MAX_FORM: usize = 10 * 1024 * 1024 + 64 * 1024;
/// The longest of the other fields.
const MAX_FIELD: usize = 1024;
/// How many there may be.
const MAX_FIELDS: usize = 16;
/// Written to the disk at once.
const PIECE: usize = 256 * 1024;

/// A file, and fields of this type beside it.
pub struct Form<T> {
    pub file: UploadedFile,
    pub fields: T,
}

/// A file that came with a form; its name and media type are its sender's words, and nobody reads them.
pub struct UploadedFile {
    /// It has no name; to be read from its beginning.
    pub file: File,
    pub bytes: u64,
    pub sha256: [u8; 32],
}

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // Where the request has a key, its form was read already, to know it again.
        let received = req.extensions_mut().remove::<Received>();
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let received = match received {
                Some(received) => received,
                None => receive(&req, payload).await?,
            };
            let fields = query::of_pairs(&received.fields)?;
            let file = received.file.ok_or_else(|| fault("missing_field", "The part `file` is the picture."))?;
            Ok(Self { file, fields })
        })
    }
}

/// A form that was read to its end.
pub(super) struct Received {
    file: Option<UploadedFile>,
    fields: Vec<(String, String)>,
}

impl Received {
    /// What it says, whatever it looked like.
    pub fn digest(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        if let Some(file) = &self.file {
            context.update(&file.sha256);
        }
        for text in self.fields.iter().flat_map(|(name, value)| [name, value]) {
            context.update(&text.len().to_be_bytes());
            context.update(text.as_bytes());
        }
        context.finish().as_ref().try_into().unwrap_or_default()
    }
}

/// Reads a form to its end, within the limits of size and time.
pub(super) async fn receive(req: &HttpRequest, payload: Payload) -> Result<Received, ApiError> {
    let patience: Duration = req.app_data::<Data<AppState>>().map(|state| state.body_patience).unwrap_or_default();
    match tokio::time::timeout(patience * PATIENCE, read(req.headers(), payload)).await {
        Ok(received) => received,
        Err(_) => Err(problems::BODY_TOO_SLOW.with("Nothing was done; a slow line may need smaller files.")),
    }
}

async fn read(headers: &HeaderMap, payload: Payload) -> Result<Received, ApiError> {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !media_type.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
        let rule = "Send a form: `Content-Type: multipart/form-data`, with the picture as its part `file`.";
        return Err(problems::UNSUPPORTED_MEDIA_TYPE.with(rule));
    }
    let mut form = Multipart::new(headers, bounded(payload));
    let mut received = Received { file: None, fields: Vec::new() };
    while let Some(part) = form.next().await {
        let mut part = part.map_err(unreadable)?;
        let name = part.name().unwrap_or_default().to_owned();
        if name == FILE {
            if received.file.is_some() {
                return Err(fault("duplicate_field", "One picture at a time."));
            }
            received.file = Some(keep(&mut part).await?);
        } else {
            let value = text(&mut part, &name).await?;
            received.fields.push((name, value));
        }
        if received.fields.len() > MAX_FIELDS {
            return Err(problems::MALFORMED.with(format!("At most {MAX_FIELDS} parts beside the file.")));
        }
    }
    Ok(received)
}

/// The body, up to where it is too much.
fn bounded(payload: Payload) -> impl Stream<Item = Result<Bytes, PayloadError>> + 'static {
    let mut left = MAX_FORM;
    payload.map(move |chunk| {
        let chunk = chunk?;
        left = left.checked_sub(chunk.len()).ok_or(PayloadError::Overflow)?;
        Ok(chunk)
    })
}

async fn keep(part: &mut Field) -> Result<UploadedFile, ApiError> {
    let mut file = tempfile::tempfile().map_err(no_room)?;
    let (mut waiting, mut bytes, mut hash) = (Vec::new(), 0_u64, Context::new(&SHA256));
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(unreadable)?;
        bytes = bytes.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if bytes > MAX_PICTURE {
            return Err(too_large());
        }
        hash.update(&chunk);
        waiting.extend_from_slice(&chunk);
        if waiting.len() >= PIECE {
            file = write(file, std::mem::take(&mut waiting)).await?;
        }
    }
    let mut file = write(file, waiting).await?;
    file.rewind().map_err(no_room)?;
    Ok(UploadedFile { file, bytes, sha256: hash.finish().as_ref().try_into().unwrap_or_default() })
}

async fn text(part: &mut Field, name: &str) -> Result<String, ApiError> {
    let said = match part.bytes(MAX_FIELD).await {
        Ok(said) => said.map_err(unreadable)?,
        Err(_) => {
            let mut invalid = Invalid::default();
            invalid.add(&format!("/{name}"), "too_long", format!("At most {MAX_FIELD} bytes."));
            return Err(invalid.into());
        }
    };
    String::from_utf8(said.into()).map_err(|_| problems::MALFORMED.with("A part beside the file is no UTF-8."))
}

fn unreadable(error: MultipartError) -> ApiError {
    match error {
        MultipartError::Payload(PayloadError::Overflow) => too_large(),
        MultipartError::BoundaryMissing => problems::MALFORMED.with("`Content-Type` names no boundary."),
        error => problems::MALFORMED.with(format!("The form could not be read to its end: {error}.")),
    }
}

fn too_large() -> ApiError {
    problems::TOO_LARGE.with(format!("A picture has at most {MAX_PICTURE} bytes."))
}

fn fault(code: &str, rule: &str) -> ApiError {
    let mut invalid = Invalid::default();
    invalid.add(&format!("/{FILE}"), code, rule);
    invalid.into()
}
