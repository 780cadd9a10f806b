//! `Idempotency-Key`: a request that comes again gets the answer of the first time.
//!
//! The key is claimed in the round trip that begins the handler's transaction, so that a new one
//! costs no look-up. A key that was answered before makes that transaction fail; so the kept answer
//! is looked for when a request was refused, for whatever reason, and comes before that reason.
//! `platform/db/once.rs` keeps the answers.

use super::{
    answer::TellsOf,
    body::read,
    error::{ApiError, Kind},
    form,
    invalid::Invalid,
    problems,
    upload::{Spooled, TakesFile, spool},
};
use crate::{
    app::AppState,
    config::KeyRing,
    platform::{
        authn::{Credential, Principal, TenantCtx},
        crypto::derive_key,
        db::{Claim, DbError, Digest, KeptAnswer},
        metrics::Repeat,
    },
};
use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BoxBody, MessageBody, to_bytes},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, LOCATION},
    },
    middleware::Next,
    web::{self, Bytes, Data},
};
use aws_lc_rs::{
    digest::{Context, SHA256},
    hmac,
};
use futures_util::stream;
use std::{
    fs::File,
    io::{self, Read, Seek},
    sync::Arc,
};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
pub const REUSED: Kind = Kind::new(
    422,
    "idempotency_key_reused",
    "The key was used for another request",
    "This Idempotency-Key was used for another body, and a key stands for one request. Make a new key for \
     each new request, and keep it when the same one is sent again.",
);

/// Tells bodies apart without keeping them. A body may hold a password, and from its plain hash in
/// a dump anybody could guess at it: so it takes a key of the service. The first key makes what is
/// kept, and the others still recognise it.
#[derive(Clone)]
pub struct Fingerprints(Arc<[hmac::Key]>);

impl Fingerprints {
    pub fn new(ring: &KeyRing) -> Self {
        Self(ring.0.iter().map(|(_, key)| derive_key(key.expose(), "request bodies")).collect())
    }

    /// Of a body that was sent within this scope, by each key.
    fn of(&self, scope: &Digest, body: &[u8]) -> Vec<Digest> {
        let mut contexts = self.begin(scope);
        contexts.iter_mut().for_each(|context| context.update(body));
        end(contexts)
    }

    /// The same of a body that is a file, which is read from its beginning and left there.
    fn of_file(&self, scope: &Digest, file: &mut File) -> io::Result<Vec<Digest>> {
        let mut contexts = self.begin(scope);
        let mut piece = vec![0; 64 * 1024];
        loop {
            let count = file.read(&mut piece)?;
            let Some(read) = piece.get(..count).filter(|read| !read.is_empty()) else { break };
            contexts.iter_mut().for_each(|context| context.update(read));
        }
        file.rewind()?;
        Ok(end(contexts))
    }

    fn begin(&self, scope: &Digest) -> Vec<hmac::Context> {
        let of_scope = |key| {
            let mut context = hmac::Context::with_key(key);
            context.update(scope);
            context
        };
        self.0.iter().map(of_scope).collect()
    }
}

fn end(contexts: Vec<hmac::Context>) -> Vec<Digest> {
    contexts.into_iter().map(|context| context.sign().as_ref().try_into().unwrap_or_default()).collect()
}

/// Runs a handler once for each key of a caller; without a key, as always.
pub async fn once<B: MessageBody + 'static>(
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let claim = match claim(&mut req).await {
        Ok(Some(claim)) => Arc::new(claim),
        Ok(None) => return Ok(next.call(req).await?.map_into_boxed_body()),
        Err(error) => return Ok(req.error_response(error)),
    };
    let Some(ctx) = req.extensions().get::<TenantCtx>().cloned() else {
        return Ok(req.error_response(ApiError::undeclared("TenantCtx")));
    };
    let doors = req.app_data::<Data<AppState>>().map(|state| state.metrics.doors.clone());
    let count = |repeat| doors.iter().for_each(|doors| doors.came_again(repeat));
    req.extensions_mut().insert(ctx.with_claim(Arc::clone(&claim)));
    let response = next.call(req).await?.map_into_boxed_body();
    if response.status().is_success() {
        let answered = keep(&ctx, &claim, response).await?;
        if answered.status().is_success() {
            count(Repeat::First);
        }
        return Ok(answered);
    }
    // What was refused keeps what its transaction kept, as it does without a key; what went wrong is
    // undone, and may be tried again.
    if response.status().is_client_error() {
        if let Err(error) = claim.commit_unanswered().await {
            return Ok(response.error_response(ApiError::from(error)));
        }
    } else {
        claim.roll_back().await;
    }
    let kept = claim.kept_answer(&ctx).await;
    if !ctx.is_admitted() {
        return Ok(response);
    }
    match kept {
        Ok(Some((request, answer))) if claim.is_of(&request) => {
            count(Repeat::Replayed);
            Ok(response.into_response(replay(answer)))
        }
        Ok(Some(_)) => {
            count(Repeat::Reused);
            Ok(response.error_response(REUSED.with("Another body was sent with this key. Send a key of its own.")))
        }
        Ok(None) => Ok(response),
        // The refusal would say that nothing was done, and nobody knows that now.
        Err(error) => Ok(response.error_response(ApiError::from(error))),
    }
}

/// Puts the answer beside what was done, and sends it when both are committed.
async fn keep(
    ctx: &TenantCtx,
    claim: &Claim,
    response: ServiceResponse<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (req, response) = response.into_parts();
    let (head, body) = response.into_parts();
    let body = match to_bytes(body).await {
        Ok(body) => body,
        Err(error) => {
            claim.roll_back().await;
            return Err(error.into());
        }
    };
    let text = |name| head.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let answer = KeptAnswer {
        status: head.status().as_u16(),
        etag: text(ETAG),
        location: text(LOCATION),
        body: body.to_vec(),
        person: head.extensions().get::<TellsOf>().map(|of| of.0),
    };
    match claim.commit(ctx.tenant_id(), answer).await {
        Ok(()) => Ok(ServiceResponse::new(req, head.set_body(BoxBody::new(body)))),
        // It may have happened or not, and the key is good for finding out.
        Err(error @ DbError::OutcomeUnknown(_)) => {
            let unknown = problems::OUTCOME_UNKNOWN
                .with("The database was lost while this was saved. Send it again with the same key: it happens once.")
                .with_header("Retry-After", "2")
                .with_source(error);
            Ok(ServiceResponse::from_err(unknown, req))
        }
        Err(error) => Ok(ServiceResponse::from_err(ApiError::from(error), req)),
    }
}

fn replay(answer: KeptAnswer) -> HttpResponse {
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK));
    response.insert_header((REPLAYED, "true"));
    for (name, value) in [(ETAG, answer.etag), (LOCATION, answer.location)] {
        if let Some(value) = value {
            response.insert_header((name, value));
        }
    }
    if answer.body.is_empty() {
        return response.finish();
    }
    response.insert_header((CONTENT_TYPE, "application/json"));
    response.body(answer.body)
}

/// What the request claims: its key, for this caller, method and path, and its body. The body is
/// read here, and put back for the handler.
async fn claim(req: &mut ServiceRequest) -> Result<Option<Claim>, ApiError> {
    let Some(key) = key(req.headers())? else {
        return Ok(None);
    };
    let caller = req.extensions().get::<TenantCtx>().map(|ctx| caller(&ctx.principal()));
    let caller = caller.ok_or_else(|| ApiError::undeclared("TenantCtx"))?;
    let scope = digest(&[&caller, req.method().as_str(), req.path(), &key]);
    let state = req.app_data::<Data<AppState>>().ok_or_else(|| ApiError::undeclared("AppState"))?;
    let fingerprints = state.fingerprints.clone();
    let (request, body) = (req.request().clone(), req.take_payload());
    let request = match req.app_data::<TakesFile>() {
        Some(TakesFile::Body) => {
            let Spooled(mut file) = spool(&request, body).await?;
            let signed = web::block(move || Ok::<_, io::Error>((fingerprints.of_file(&scope, &mut file)?, file))).await;
            let signed = signed.unwrap_or_else(|_| Err(io::Error::other("no thread")));
            let (request, file) = signed.map_err(ApiError::internal)?;
            req.extensions_mut().insert(Spooled(file));
            request
        }
        Some(TakesFile::Form) => {
            let received = form::receive(&request, body).await?;
            let request = fingerprints.of(&scope, &received.digest());
            req.extensions_mut().insert(received);
            request
        }
        None => {
            let body = read(request, body).await?;
            let request = fingerprints.of(&scope, &body);
            req.set_payload(payload(body));
            request
        }
    };
    Ok(Some(Claim::new(scope, request)))
}

/// A user, in whichever session, or an API key.
fn caller(principal: &Principal) -> String {
    match principal.credential {
        Credential::Session { .. } => format!("user {}", principal.user_id),
        Credential::ApiKey { key, .. } => format!("api_key {key}"),
        // Jobs send no requests.
        Credential::Worker { tenant } => format!("worker {}", tenant.0),
        Credential::Superadmin { superadmin, .. } => format!("superadmin {}", superadmin.0),
    }
}

fn payload(body: Bytes) -> Payload {
    Payload::Stream { payload: Box::pin(stream::once(std::future::ready(Ok(body)))) }
}

/// The parts do not run into each other: none but the last may hold a line break.
fn digest(parts: &[&str]) -> Digest {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part.as_bytes());
        context.update(b"\n");
    }
    context.finish().as_ref().try_into().unwrap_or_default()
}

/// The key of a request, bare or in quotes.
fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut lines = headers.get_all(KEY);
    let (Some(first), None) = (lines.next(), lines.next()) else {
        return if headers.contains_key(KEY) { Err(bad_key()) } else { Ok(None) };
    };
    let text = first.to_str().map_err(|_| bad_key())?.trim();
    let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let visible = bare.chars().all(|c| c.is_ascii_graphic() || c == ' ') && !bare.contains('"');
    if visible && (1..=255).contains(&bare.len()) { Ok(Some(bare.to_owned())) } else { Err(bad_key()) }
}

fn bad_key() -> ApiError {
    let mut invalid = Invalid::default();
    let rule = "One header of 1 to 255 visible ASCII characters, bare or in quotes.";
    invalid.add("/Idempotency-Key", "invalid_idempotency_key", rule);
    invalid.into()
}

/// While another request with the key runs, or when it was answered in this very moment.
pub fn in_progress() -> ApiError {
    problems::IDEMPOTENCY_IN_PROGRESS
        .with("A request with this key is still running. Try again for its answer.")
        .with_header("Retry-After", "1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::crypto::{Secret, sha256};
    use actix_web::http::header::HeaderValue;

    fn read_key(values: &[&str]) -> Result<Option<String>, &'static str> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(KEY, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        key(&headers).map_err(|error| error.code())
    }

    #[test]
    fn a_key_is_bare_or_quoted_and_one() {
        assert_eq!(read_key(&[]), Ok(None));
        for form in ["8e03978e-40d5", "\"8e03978e-40d5\"", " 8e03978e-40d5 "] {
            assert_eq!(read_key(&[form]), Ok(Some("8e03978e-40d5".to_owned())), "{form}");
        }
        assert!(read_key(&[&"x".repeat(255)]).is_ok());
        let long = "x".repeat(256);
        for bad in [&[""][..], &["\"\""], &["\"a"], &["a\"b"], &["é"], &[&long], &["a", "a"]] {
            assert_eq!(read_key(bad), Err("invalid_request"), "{bad:?}");
        }
    }

    #[test]
    fn no_two_requests_have_one_scope() {
        let scopes =
            [["u", "POST", "/a", "k"], ["u", "POST", "/a/k", ""], ["u", "PATCH", "/a", "k"], ["v", "POST", "/a", "k"]];
        for (at, one) in scopes.iter().enumerate() {
            assert!(scopes.iter().skip(at + 1).all(|other| digest(one) != digest(other)));
        }
    }

    #[test]
    fn a_body_is_recognised_by_who_knows_the_key_and_by_nobody_else() {
        let ring = |letters: &[u8]| {
            Fingerprints::new(&KeyRing(letters.iter().map(|l| (l.to_string(), Secret::new([*l; 32]))).collect()))
        };
        let (scope, body) = ([7; 32], b"{\"password\": \"a guess\"}");
        let kept = ring(&[1]).of(&scope, body)[0];
        assert!(ring(&[2, 1]).of(&scope, body).contains(&kept));
        assert!(!ring(&[2]).of(&scope, body).contains(&kept));
        assert!(!ring(&[1]).of(&scope, b"{}").contains(&kept) && !ring(&[1]).of(&[8; 32], body).contains(&kept));
        assert!(kept != sha256(body) && kept != sha256(&[scope.as_slice(), body].concat()));
    }
}
