//! The route `/auth/register`.

use super::service;
use crate::{
    app::AppState,
    features::tenants::SLUG_TAKEN,
    platform::{
        http::{Access, Answer, ApiError, Body, Kind, Route, Signature, Takes},
        limits::RateClass,
    },
};
use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use countinghouse_contract::auth::{Registered, Registration};
use std::future::{Ready, ready};

const REGISTRATION_CLOSED: Kind = Kind::new(
    403,
    "registration_closed",
    "Nobody registers here",
    "The operator of this service has not switched self-service on. Ask them for an account.",
);

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/auth/register", Access::Public, register)
            .about("Makes a client and its first owner, who then logs in; where the operator switched that on.")
            .rate(RateClass::LogIn)
            .creates()
            .refuses(&[SLUG_TAKEN]),
    ]
}

/// Registration is open. It is the first thing looked at: where it is closed, no body is read.
struct Open;

impl FromRequest for Open {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let open = req.app_data::<Data<AppState>>().is_some_and(|state| state.self_service);
        let closed = || REGISTRATION_CLOSED.with("Ask the operator of this service for an account.");
        ready(if open { Ok(Self) } else { Err(closed()) })
    }
}

impl Takes for Open {
    fn note(signature: &mut Signature) {
        signature.refusals.push(REGISTRATION_CLOSED);
    }
}

async fn register(_: Open, state: Data<AppState>, body: Body<Registration>) -> Result<Answer<Registered>, ApiError> {
    Ok(Answer::created(service::register(&state, body.0).await?).at("/api/v1/client".to_owned()))
}
