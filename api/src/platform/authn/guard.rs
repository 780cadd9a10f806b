//! The door of every route: runs before the handler, and before a byte of the body is read.

use super::{AllowedOrigins, ApiKey, Credential, PlatformCtx, Principal, Subject, TenantCtx};
use crate::{
    app::AppState,
    platform::{
        db::DbError,
        http::{Access, ApiError, Repeats, once, problems},
        limits::{RateClass, take_stranger},
    },
};
use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::AUTHORIZATION,
    middleware::Next,
    web::Data,
};
use std::sync::Arc;

const API_KEY: &str = "x-api-key";

/// Lets a request through to its handler when it may do what the route declares.
pub async fn guard<B: MessageBody + 'static>(
    access: Access,
    rate: RateClass,
    takes_query: bool,
    repeats: Repeats,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let admitted = match admit(access, rate, &req).await {
        Ok(()) if !takes_query => refuse_query(&req),
        other => other,
    };
    match admitted {
        Ok(()) if repeats == Repeats::Replayed => Ok(once(req, next).await?.map_into_right_body()),
        Ok(()) => Ok(next.call(req).await?.map_into_left_body()),
        Err(error) => Ok(req.error_response(error).map_into_right_body()),
    }
}

async fn admit(access: Access, rate: RateClass, req: &ServiceRequest) -> Result<(), ApiError> {
    match access {
        Access::Public => return take_stranger(req.request(), rate).await,
        Access::Superadmin => return admit_superadmin(rate, req).await,
        Access::LoggedIn | Access::Known | Access::Needs(_) | Access::PersonNeeds(_) => {}
    }
    let (state, needed) = (state(req)?, access.permission());
    let credential = match presented(req, state) {
        Ok(Presented::Token(Subject::User { tenant, session, .. })) => Credential::Session { tenant, session },
        Ok(Presented::Key(key)) => Credential::of_key(&key),
        Ok(Presented::Token(Subject::Superadmin { .. })) => {
            let refused = problems::UNAUTHENTICATED.with("This token is not for a client's data.");
            return Err(turned_away(req, rate, refused).await);
        }
        Err(refused) => return Err(turned_away(req, rate, refused).await),
    };
    let holds = |principal: &Principal| needed.is_none_or(|permission| principal.permissions.holds(permission));
    let mut principal = match state.db.remembered(credential) {
        Some(principal) => principal,
        None => {
            // It may have ended long ago, or be a guess: looking it up is at the expense of the address.
            take_stranger(req.request(), rate).await?;
            state.db.principal_anew(credential).await?
        }
    };
    req.extensions_mut().insert(AllowedOrigins(Arc::clone(&principal.allowed_origins)));
    take_client(req, state, &principal, rate).await?;
    if principal.api_key_id().is_some() && !access.admits_keys() {
        return Err(problems::PEOPLE_ONLY.with("Log in as a user for this."));
    }
    let barred = |principal: &Principal| needed.is_some() && principal.must_change_password;
    if barred(&principal) || !holds(&principal) {
        // What is remembered may be from before the password was changed, or the role given more.
        principal = state.db.principal_anew(credential).await?;
    }
    if barred(&principal) {
        return Err(problems::PASSWORD_CHANGE_REQUIRED.with("Change it with POST /auth/password first."));
    }
    if let Some(permission) = needed.filter(|_| !holds(&principal)) {
        return Err(ApiError::permission_denied(permission));
    }
    req.extensions_mut().insert(TenantCtx::new(principal, needed, state.db.clone()));
    Ok(())
}

/// Who has no good token is counted by their address, and told so first when it is too much.
async fn turned_away(req: &ServiceRequest, rate: RateClass, refused: ApiError) -> ApiError {
    take_stranger(req.request(), rate).await.err().unwrap_or(refused)
}

/// All users of a client are counted together; who guesses at their own password or code, besides
/// that, alone.
async fn take_client(
    req: &ServiceRequest,
    state: &AppState,
    principal: &Principal,
    rate: RateClass,
) -> Result<(), ApiError> {
    let tenant = principal.tenant_id;
    let class = if rate == RateClass::LogIn { RateClass::Write } else { rate };
    let mut taken = state.limits.client(tenant, &principal.limits, class).await;
    if taken.refused.is_none() && rate == RateClass::LogIn {
        taken = state.limits.user(tenant, principal.user_id).await;
    }
    req.extensions_mut().insert(taken);
    Ok(taken.allowed()?)
}

/// Nothing is remembered of superadmins: they are few, and a dead session should reach nothing.
async fn admit_superadmin(rate: RateClass, req: &ServiceRequest) -> Result<(), ApiError> {
    let state = state(req)?;
    let (superadmin, session) = match presented(req, state) {
        Ok(Presented::Token(Subject::Superadmin { superadmin, session })) => (superadmin, session),
        Ok(_) => {
            let refused = problems::UNAUTHENTICATED.with("This is not a superadmin's token.");
            return Err(turned_away(req, rate, refused).await);
        }
        Err(refused) => return Err(turned_away(req, rate, refused).await),
    };
    let taken = state.limits.superadmin(superadmin, rate).await;
    req.extensions_mut().insert(taken);
    taken.allowed()?;
    let ctx = PlatformCtx { superadmin_id: superadmin, session_id: session };
    state.db.platform(&ctx, |_| Ok::<_, DbError>(())).await?;
    req.extensions_mut().insert(ctx);
    Ok(())
}

fn state(req: &ServiceRequest) -> Result<&AppState, ApiError> {
    req.app_data::<Data<AppState>>().map(|data| data.get_ref()).ok_or_else(|| ApiError::undeclared("AppState"))
}

/// What a request shows of itself: an access token, or an API key.
enum Presented {
    Token(Subject),
    Key(ApiKey),
}

fn presented(req: &ServiceRequest, state: &AppState) -> Result<Presented, ApiError> {
    let text = |name: &str| req.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    match (text(API_KEY), text(AUTHORIZATION.as_str())) {
        (Some(_), Some(_)) => {
            Err(problems::TWO_CREDENTIALS.with("Send either `Authorization` or `X-Api-Key`, not both."))
        }
        (Some(key), None) => {
            let key = ApiKey::parse(key.trim()).map(Presented::Key);
            key.ok_or_else(|| problems::UNAUTHENTICATED.with("This API key is not good here."))
        }
        (None, header) => subject(header, state).map(Presented::Token),
    }
}

fn subject(header: Option<&str>, state: &AppState) -> Result<Subject, ApiError> {
    let Some((scheme, token)) = header.and_then(|value| value.split_once(' ')) else {
        let how = "Log in and send `Authorization: Bearer <access token>`, or send `X-Api-Key`.";
        return Err(problems::UNAUTHENTICATED.with(how));
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(problems::UNAUTHENTICATED.with("The authorization scheme is `Bearer`."));
    }
    state.tokens.check(token.trim()).map_err(|error| {
        tracing::debug!(%error, "token refused");
        problems::UNAUTHENTICATED.with("The access token is not valid or has expired; log in again.")
    })
}

/// A route that takes no query string refuses one, as bodies refuse unknown fields.
fn refuse_query(req: &ServiceRequest) -> Result<(), ApiError> {
    if req.query_string().is_empty() {
        return Ok(());
    }
    let names = serde_urlencoded::from_str::<Vec<(String, String)>>(req.query_string()).unwrap_or_default();
    let mut invalid = crate::platform::http::Invalid::default();
    for (name, _) in names {
        invalid.add(&format!("/{name}"), "unknown_field", "This operation takes no such query parameter.");
    }
    Ok(invalid.finish()?)
}
