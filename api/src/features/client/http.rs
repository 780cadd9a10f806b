//! Routes under `/client`.

use super::{error::CURRENCY_IN_USE, model::Client, service};
use crate::platform::{
    authn::TenantCtx,
    authz::Permission,
    http::{Access, Answer, ApiError, Body, IfMatch, Route},
};
use countinghouse_contract::client::{Profile, ProfilePatch};

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/client", Access::Needs(Permission::ClientRead), show)
            .about("What the client says of itself, and how it sells."),
        Route::patch("/client", Access::Needs(Permission::ClientWrite), change)
            .about("Changes what the body names and leaves the rest; it acts on the next request.")
            .refuses(&[CURRENCY_IN_USE]),
    ]
}

async fn show(ctx: TenantCtx) -> Result<Answer<Profile>, ApiError> {
    Ok(answer(service::get(&ctx).await?))
}

async fn change(ctx: TenantCtx, if_match: IfMatch, body: Body<ProfilePatch>) -> Result<Answer<Profile>, ApiError> {
    Ok(answer(service::change(&ctx, if_match, body.0).await?))
}

fn answer(client: Client) -> Answer<Profile> {
    let version = client.version;
    Answer::ok(client.into_wire()).version(version)
}
