//! Who is let in: the key, the signature over the raw body, and a body of JSON that is not too long.

use super::{Mock, refusal::Refusal};
use actix_web::{HttpRequest, http::StatusCode, web::Bytes};
use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use base64::{Engine, engine::general_purpose::STANDARD};

/// What the service sends is far below.
pub const MOST_BODY: usize = 1 << 20;
const MOST_OF_KEY: usize = 200;

type Read = Result<Bytes, actix_web::Error>;

/// A body of JSON: a page in a browser cannot send one to another server without asking first.
pub fn json_body(req: &HttpRequest, body: Read) -> Result<Bytes, Refusal> {
    let media_type = header(req, "content-type").unwrap_or_default().split(';').next().unwrap_or_default();
    if !media_type.trim().eq_ignore_ascii_case("application/json") {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Refusal::new(status, "NOT_JSON", "Content-Type is not application/json"));
    }
    body.map_err(|error| {
        let status = error.as_response_error().status_code();
        Refusal::new(status, "UNREADABLE_BODY", format!("the body cannot be read: {error}"))
    })
}

/// Says which of the two is wrong.
pub fn check(mock: &Mock, req: &HttpRequest, body: &[u8]) -> Result<(), Refusal> {
    let options = &mock.options;
    let key = header(req, "x-api-key")
        .ok_or_else(|| Refusal::unauthorized("API_KEY_MISSING", "the header X-API-KEY is missing"))?;
    verify_slices_are_equal(key.as_bytes(), options.api_key.expose().as_bytes())
        .map_err(|_| Refusal::unauthorized("WRONG_API_KEY", "X-API-KEY is not the key that this ERP knows"))?;
    let signature = header(req, "x-signature")
        .ok_or_else(|| Refusal::unauthorized("SIGNATURE_MISSING", "the header X-Signature is missing"))?;
    let tag = STANDARD
        .decode(signature)
        .map_err(|_| Refusal::unauthorized("WRONG_SIGNATURE", "X-Signature is not base64"))?;
    hmac::verify(&signing_key(mock), body, &tag).map_err(|_| {
        let told = "X-Signature is not HMAC-SHA256 of the raw body under the secret that this ERP knows";
        Refusal::unauthorized("WRONG_SIGNATURE", told)
    })
}

pub fn sign(mock: &Mock, body: &[u8]) -> String {
    STANDARD.encode(hmac::sign(&signing_key(mock), body))
}

fn signing_key(mock: &Mock) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, mock.options.hmac_secret.expose().as_bytes())
}

pub fn idempotency_key(req: &HttpRequest) -> Result<String, Refusal> {
    let key = header(req, "x-idempotency-key")
        .ok_or_else(|| Refusal::bad_request("KEY_MISSING", "the header X-Idempotency-Key is missing"))?;
    let plain = (1..=MOST_OF_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    if plain {
        Ok(key.to_owned())
    } else {
        Err(Refusal::bad_request("BAD_KEY", "X-Idempotency-Key is not 1 to 200 signs of ASCII"))
    }
}

fn header<'a>(req: &'a HttpRequest, name: &str) -> Option<&'a str> {
    req.headers().get(name)?.to_str().ok()
}
