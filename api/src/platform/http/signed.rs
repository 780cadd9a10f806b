//! Messages of machines that sign what they send: the very bytes, for who verifies them before anything is read.

use super::{
    ApiError, body, problems,
    signature::{Header, Signature, Takes},
};
use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Bytes};
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use std::{future::Future, marker::PhantomData, pin::Pin};

/// The largest message, in bytes.
const MAX_SIGNED: usize = 64 * 1024;
const SIGNATURE: &str = "X-Signature";

/// A body of this type, whatever it is called and whatever stands in the query, with its signature; neither is
/// looked at yet.
pub struct SignedBody<T> {
    pub bytes: Bytes,
    /// Where it comes more than once there is none: nobody knows which is meant.
    pub signature: Option<String>,
    kind: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> SignedBody<T> {
    /// What the bytes say. Fields that nobody knows may be there; that is up to the type.
    pub fn parse(&self) -> Result<T, ApiError> {
        body::parse(&self.bytes)
    }
}

impl<T: 'static> FromRequest for SignedBody<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let mut given = req.headers().get_all(SIGNATURE).map(|value| value.to_str().unwrap_or_default().to_owned());
        let signature = given.next().filter(|_| given.next().is_none());
        let bytes = body::read(req.clone(), payload.take());
        Box::pin(async move {
            let bytes = bytes.await?;
            if bytes.len() > MAX_SIGNED {
                return Err(problems::TOO_LARGE.with(format!("At most {MAX_SIGNED} bytes.")));
            }
            Ok(Self { bytes, signature, kind: PhantomData })
        })
    }
}

impl<T: JsonSchema> Takes for SignedBody<T> {
    fn note(signature: &mut Signature) {
        signature.body = Some(SchemaGenerator::subschema_for::<T>);
        signature.any_query = true;
        let about = "`base64(hmac_sha256(body, secret))`, over the body's very bytes.";
        signature.headers.push(Header {
            name: SIGNATURE,
            about,
            example: "K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=",
        });
        signature.refusals.extend([problems::MALFORMED, problems::BODY_TOO_SLOW, problems::TOO_LARGE]);
        signature.refusals.push(problems::INVALID_SIGNATURE);
    }
}
