//! Routes under `/client`.

use super::{model::Client, service};
use crate::platform::{
    authn::TenantCtx,
    authz::Permission,
    http::{Access, Answer, ApiError, Body, IfMatch, Route},
};
use countinghouse_contract::client::{Profile, ProfilePatch};

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/client", Access::Needs(Permission::ClientRead), show),
        Route::patch("/client", Access::Needs(Permission::ClientWrite), change),
    ]
}

async fn show(ctx: TenantCtx) -> Result<Answer<Profile>, ApiError> {
    Ok(answer(service::get(&ctx).await?))
}

/// Policies act on the next request.
async fn change(ctx: TenantCtx, if_match: IfMatch, body: Body<ProfilePatch>) -> Result<Answer<Profile>, ApiError> {
    Ok(answer(service::change(&ctx, if_match, body.0).await?))
}

fn answer(client: Client) -> Answer<Profile> {
    let version = client.version;
    Answer::ok(client.into_wire()).version(version)
}
