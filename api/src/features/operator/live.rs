//! The stream of what changed. An event names what it happened to by ids, and whoever wants more reads it where
//! looks are written down.

use crate::{
    app::AppState,
    platform::{
        authn::PlatformCtx,
        http::{Access, ApiError, Header, Route, Signature, Takes, problems},
        live::EventStream,
    },
};
use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use std::future::{Ready, ready};

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/admin/events", Access::Superadmin, listen).about(
            "What changes, at once, as server-sent events, until the session ends; goes on behind `Last-Event-ID`.",
        ),
    ]
}

/// The number of the last event that the caller has seen.
struct LastEventId(Option<i64>);

impl FromRequest for LastEventId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    /// What is no number of ours is further back than anything is kept: everything is to be read anew.
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = req.headers().get("Last-Event-ID").map(|value| value.to_str().unwrap_or_default());
        let number = header.map(|text| text.trim().parse().ok().filter(|number| *number >= 0).unwrap_or(-1));
        ready(Ok(Self(number)))
    }
}

impl Takes for LastEventId {
    fn note(signature: &mut Signature) {
        let about = "The `id` of the last event that the caller has seen: the stream goes on behind it.";
        signature.headers.push(Header { name: "Last-Event-ID", about, example: "42" });
    }
}

async fn listen(state: Data<AppState>, ctx: PlatformCtx, last: LastEventId) -> Result<EventStream, ApiError> {
    state.live.open(&ctx, last.0).map_err(|error| {
        problems::RATE_LIMITED
            .with("Too many streams of events are open here just now; try again shortly.")
            .with_header("Retry-After", "5")
            .with_source(error)
    })
}
